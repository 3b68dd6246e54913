package signin

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"signet/internal/mfa"
	"signet/internal/oidc/authorize"
	"signet/internal/user"
)

// View is the state of an interaction as its browser may see it: no secrets, no
// challenges, nothing about whose password was proved.
type View struct {
	Event   Event             `json:"interactionEvent"`
	UserID  string            `json:"userId,omitempty"`
	Profile ProfileView       `json:"profile"`
	Records []any             `json:"verificationRecords,omitempty"`
	MFA     BindingView       `json:"mfa"`
	Context map[string]string `json:"signInContext,omitempty"`
	Captcha Captcha           `json:"captcha"`
}

// ProfileView is the staged profile.
type ProfileView struct {
	Username     *string        `json:"username,omitempty"`
	PrimaryEmail *string        `json:"primaryEmail,omitempty"`
	PrimaryPhone *string        `json:"primaryPhone,omitempty"`
	Name         *string        `json:"name,omitempty"`
	Avatar       *string        `json:"avatar,omitempty"`
	Profile      *user.Profile  `json:"profile,omitempty"`
	CustomData   map[string]any `json:"customData,omitempty"`
}

// BindingView is what is staged about second factors.
type BindingView struct {
	Enabled           bool             `json:"mfaEnabled,omitempty"`
	Skipped           bool             `json:"mfaSkipped,omitempty"`
	SuggestionSkipped bool             `json:"additionalBindingSuggestionSkipped,omitempty"`
	PasskeySkipped    bool             `json:"passkeySkipped,omitempty"`
	WebAuthn          []CredentialView `json:"webAuthn,omitempty"`
}

// CredentialView is a staged credential; binary values are base64url.
type CredentialView struct {
	Type         string   `json:"type"`
	RPID         string   `json:"rpId"`
	CredentialID string   `json:"credentialId"`
	PublicKey    string   `json:"publicKey"`
	Counter      int64    `json:"counter"`
	Transports   []string `json:"transports"`
	Agent        string   `json:"agent"`
}

// View returns what may be shown of the state.
func (s *State) View() View {
	p, b := s.Profile, s.MFA
	v := View{
		Event: s.Event, UserID: s.UserID, Context: s.Context, Captcha: s.Captcha,
		Profile: ProfileView{
			Username: p.Username, PrimaryEmail: p.PrimaryEmail, PrimaryPhone: p.PrimaryPhone,
			Name: p.Name, Avatar: p.Avatar, Profile: p.Profile, CustomData: p.CustomData,
		},
		MFA: BindingView{
			Enabled: b.Enabled, Skipped: b.Skipped, SuggestionSkipped: b.SuggestionSkipped, PasskeySkipped: b.PasskeySkipped,
		},
	}
	for _, record := range s.Records {
		v.Records = append(v.Records, record.View())
	}
	for i := range b.WebAuthn {
		v.MFA.WebAuthn = append(v.MFA.WebAuthn, viewOf(&b.WebAuthn[i]))
	}
	return v
}

func viewOf(c *mfa.Credential) CredentialView {
	encode := base64.RawURLEncoding.EncodeToString
	transports := c.Transports.V
	if transports == nil {
		transports = []string{}
	}
	return CredentialView{
		Type: "WebAuthn", RPID: given(c.RPID), CredentialID: encode(c.CredentialID), PublicKey: encode(c.PublicKey),
		Counter: c.SignCount, Transports: transports, Agent: given(c.UserAgent),
	}
}

// submission is what the session remembers of the interaction, for scripts that
// write token claims.
func (s *State) submission() (json.RawMessage, error) { return json.Marshal(s.View()) }

// View returns the state of an interaction as its browser may see it.
func (e *Engine) View(ctx context.Context, in *authorize.Interaction) (*View, error) {
	v, err := e.look(ctx, in)
	if err != nil {
		return nil, err
	}
	view := v.state.View()
	return &view, nil
}
