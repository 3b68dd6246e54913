package authorize

import (
	"encoding/json"
	"slices"
	"time"

	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
)

// TTL is the life of an interaction. It is fixed at creation; saving does not
// prolong it.
const TTL = time.Hour

// What an interaction is part of.
const (
	KindAuthorize = "authorize"
	KindDevice    = "device"
)

// What an interaction asks the person to do.
const (
	PromptLogin   = "login"
	PromptConsent = "consent"
	// PromptNone asks that the person is not bothered; no interaction has it.
	PromptNone = "none"
)

// The errors of finding and saving an interaction.
var (
	// ErrNotFound: this browser takes part in no live interaction.
	ErrNotFound = errs.New(400, "session.not_found")
	// ErrMismatch: the interaction belongs to another application than the one
	// named, or the browser's session is somebody else's by now.
	ErrMismatch = proto.ErrInvalidRequest
	// ErrConflict: another request changed the interaction first.
	ErrConflict = errs.New(409, "session.interaction_conflict")
)

// An Interaction is the part of an authorization that a person has to play: to
// sign in, or to consent. Its parameters never change; its state belongs to the
// sign-in engine until Finish replaces it by the result.
type Interaction struct {
	// UID is the secret that names the interaction in cookies and in the URL of
	// its continuation; the database knows only its hash.
	UID string
	// Kind is KindAuthorize or KindDevice, Prompt PromptLogin or PromptConsent.
	Kind, Prompt, ClientID string
	// SessionUID is the session that the browser had when the interaction
	// began; UserID is whom the interaction has identified.
	SessionUID, UserID *string
	Params             Params
	// State is nil until sign-in has begun; StateSealed is the part of it that
	// must not be readable at rest.
	State       json.RawMessage
	StateSealed []byte
	// Version counts saves.
	Version int
	// Times are milliseconds since 1970. FinishedAt is set once the person has
	// done what was asked.
	CreatedAt, ExpiresAt int64
	FinishedAt           *int64

	browser *token.Session // of the request that the interaction was found by; nil for none

	tx    *db.Tx // in which saved counts
	saved int    // saves that are not in Version yet
}

// Params are the parameters of an authorization request as they were checked
// when it arrived. Nothing that the browser sends later can change them.
type Params struct {
	ClientID     string `json:"client_id"`
	RedirectURI  string `json:"redirect_uri"`
	ResponseType string `json:"response_type"`
	// ResponseMode is "query", "fragment" or "form_post".
	ResponseMode string `json:"response_mode"`
	// Scope are the requested scopes that are left after the checks.
	Scope     string   `json:"scope,omitempty"`
	Resources []string `json:"resource,omitempty"`
	// ResourceScopes has, for each of Resources, the members of Scope that the
	// resource offers.
	ResourceScopes map[string]string `json:"resource_scopes,omitempty"`
	State          string            `json:"state,omitempty"`
	Nonce          string            `json:"nonce,omitempty"`
	CodeChallenge  string            `json:"code_challenge,omitempty"`
	// KeyThumbprint is the key that the code is bound to, "" for none.
	KeyThumbprint string `json:"dpop_jkt,omitempty"`
	// Prompts are the values of "prompt".
	Prompts []string `json:"prompt,omitempty"`
	// MaxAge is in seconds.
	MaxAge *int64 `json:"max_age,omitempty"`
	// Classes are the classes of authentication of which one is demanded, the
	// preferred first; none demands nothing.
	Classes []string `json:"acr_values,omitempty"`
	// HintedUser is the subject of a verified id_token_hint.
	HintedUser string `json:"hinted_user,omitempty"`
	LoginHint  string `json:"login_hint,omitempty"`
	UILocales  string `json:"ui_locales,omitempty"`
	// IsClientsOwn says that the client demands to send or sign the request itself:
	// the browser cannot repeat it.
	IsClientsOwn bool `json:"is_clients_own,omitempty"`
	// Device names the device that waits for the answer, as the database does;
	// it is nil if a browser does.
	Device []byte `json:"device,omitempty"`
	Extras
}

// kind is what an interaction about the request is part of.
func (p *Params) kind() string {
	if p.Device != nil {
		return KindDevice
	}
	return KindAuthorize
}

// HasPrompt reports whether the request's "prompt" contains value.
func (p *Params) HasPrompt(value string) bool { return slices.Contains(p.Prompts, value) }

// A Login says who signed in in an interaction, and how.
type Login struct {
	UserID string `json:"userId"`
	// AMR are the authentication methods (RFC 8176).
	AMR []string `json:"amr,omitempty"`
	// Submission is what the person did in the interaction; it is kept with the
	// session and shown to scripts that write token claims.
	Submission json.RawMessage `json:"submission,omitempty"`
}

// outcome replaces the state of an interaction that is finished, and is the
// state of a consent interaction from its beginning.
type outcome struct {
	Login *Login `json:"login,omitempty"`
	// Grant is the id of what the person has allowed for this request alone.
	Grant string `json:"grant,omitempty"`
	// Denied says that the person has refused.
	Denied bool `json:"denied,omitempty"`
}

func (in *Interaction) outcome() (outcome, error) {
	var o outcome
	if len(in.State) == 0 {
		return o, nil
	}
	err := json.Unmarshal(in.State, &o)
	return o, err
}
