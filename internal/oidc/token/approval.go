package token

import "signet/internal/oidc/proto"

// Approval is what a person has let a client have, and so what tokens a code is
// good for.
type Approval struct {
	GrantID  string `json:"-"`
	ClientID string `json:"-"`
	// SessionUID is the session in which the person agreed.
	SessionUID *string  `json:"sessionUid,omitempty"`
	Nonce      *string  `json:"nonce,omitempty"`
	Scope      string   `json:"scope"` // granted, offline_access only where it counts
	Resources  []string `json:"resources,omitempty"`
	// AuthTime is when the person signed in, in milliseconds.
	AuthTime int64 `json:"authTime"`
	// IsAuthTimeRequested puts auth_time into the ID token.
	IsAuthTimeRequested bool `json:"isAuthTimeRequested,omitempty"`
	// Authentication is what tokens say about the sign-in, nil for nothing.
	Authentication *Authentication `json:"authentication,omitempty"`
}

// IsOffline reports whether the tokens outlive the session.
func (a *Approval) IsOffline() bool { return proto.HasScope(a.Scope, proto.ScopeOfflineAccess) }
