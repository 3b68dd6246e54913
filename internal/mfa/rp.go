package mfa

import (
	"crypto/rand"
	"encoding/base64"
	"slices"

	"signet/internal/tenant"
	"signet/internal/user"
)

// RP is the relying party of one request: who asks for a credential, and on
// which pages its answers may be made.
type RP struct {
	// ID is the host name of the tenant's endpoint, without port.
	ID string
	// Origin is the tenant's own origin.
	Origin string
	// RelatedOrigins may also register credentials (WebAuthn L3 section 5.11);
	// they are compared as they are written.
	RelatedOrigins []string
}

// RPOf returns the relying party of a tenant's endpoint; ErrUnavailable on a
// bare IP address.
func RPOf(t *tenant.Tenant, related []string) (RP, error) {
	id, ok := t.RPID()
	if !ok {
		return RP{}, ErrUnavailable
	}
	return RP{ID: id, Origin: t.Origin(), RelatedOrigins: related}, nil
}

// Owner is the user as an authenticator shows it.
type Owner struct {
	ID          string
	Name        string
	DisplayName string
}

// OwnerOf names a user by e-mail, phone or username; the display name prefers
// the user's own.
func OwnerOf(u *user.User) Owner {
	name := "Unnamed User"
	switch {
	case given(u.PrimaryEmail):
		name = *u.PrimaryEmail
	case given(u.PrimaryPhone):
		name = "+" + *u.PrimaryPhone
	case given(u.Username):
		name = *u.Username
	}
	display := name
	if given(u.Name) {
		display = *u.Name
	}
	return Owner{ID: u.ID, Name: name, DisplayName: display}
}

func given(s *string) bool { return s != nil && *s != "" }

// Kinds of ceremonies, as client data names them (WebAuthn L3 section 5.8.1).
const (
	kindCreate = "webauthn.create"
	kindGet    = "webauthn.get"
)

// Challenge is what the server remembers of a ceremony under way. It serialises
// to JSON, for the interaction or verification record that keeps it, with which
// it expires. Whoever keeps it forgets it once the ceremony has succeeded.
type Challenge struct {
	Kind string `json:"kind"`
	// Value is the challenge as base64url, as the client repeats it.
	Value string `json:"challenge"`
	// UserID is the user for whom the ceremony was begun; "" in a sign-in that
	// is to find out who the user is.
	UserID string `json:"userId,omitempty"`
	RPID   string `json:"rpId"`
}

func newChallenge(kind string, rp RP, userID string) Challenge {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // crypto/rand.Read never returns an error
	return Challenge{Kind: kind, Value: encode(raw[:]), UserID: userID, RPID: rp.ID}
}

// open reports whether ch is a challenge of this kind for this relying party.
func (ch Challenge) open(kind string, rp RP) bool {
	return ch.Kind == kind && ch.Value != "" && ch.RPID == rp.ID
}

// Descriptor points a browser to one credential (WebAuthn L3 section 5.8.3).
type Descriptor struct {
	ID         string   `json:"id"`
	Type       string   `json:"type"`
	Transports []string `json:"transports,omitempty"`
}

func descriptors(credentials []Credential) []Descriptor {
	list := make([]Descriptor, 0, len(credentials))
	for _, c := range credentials {
		list = append(list, Descriptor{
			ID: encode(c.CredentialID), Type: "public-key", Transports: slices.Clone(c.Transports.V),
		})
	}
	return list
}

// timeoutMillis is how long a browser waits for the user: one minute.
const timeoutMillis = 60_000

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// decode reads strict base64url without padding (RFC 7515 section 2).
func decode(text string) ([]byte, error) {
	return base64.RawURLEncoding.Strict().DecodeString(text)
}
