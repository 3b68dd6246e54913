package authorize

import (
	"net/http"
	"net/url"
	"time"

	"signet/internal/oidc/token"
	"signet/internal/platform/errs"
	"signet/internal/tenant"
)

// Outcome is what one request did to an authorization, and so where its browser
// goes next: to the page of an interaction, or back to the client.
type Outcome struct {
	Params *Params
	// Begun is the interaction that the person has to play now, Ended the one
	// that is over.
	Begun, Ended *Interaction
	// Session and SessionSecret are set if the browser's session cookie has to
	// change.
	Session       *token.Session
	SessionSecret string
	// Code, or else Refusal, goes to the client if nothing has begun.
	Code    string
	Refusal *errs.Error
	// IsHeld says that the browser is not sent to the client with the refusal:
	// whoever is here decides.
	IsHeld bool
	// Trouble is why the device does not get what it waits for, "" if it does.
	Trouble CodeError
}

// Write sends the browser on its way.
func (o *Outcome) Write(w http.ResponseWriter, r *http.Request) error {
	t := tenant.From(r.Context())
	if o.SessionSecret != "" {
		life := time.Duration(o.Session.ExpiresAt-o.Session.RenewedAt) * time.Millisecond
		SetSessionCookie(r.Context(), w, o.SessionSecret, life)
	}
	writeFlows(w, r, o.Begun, o.Ended)
	if o.Begun != nil {
		seeOther(w, t.Path(o.Begun.page()))
		return nil
	}
	if o.Params.Device != nil {
		seeOther(w, t.Path(o.devicePage()))
		return nil
	}
	response := codeAnswer(t, o.Params, o.Code)
	if o.Refusal != nil {
		response = errorAnswer(t, o.Params, o.Refusal)
	}
	return response.send(w, r, o.Params)
}

// ReturnURL is where the refusal takes a browser that goes there of its own accord; ""
// where no link can take it, or none should be made.
func (o *Outcome) ReturnURL(t *tenant.Tenant) string {
	if u, err := url.Parse(o.Params.RedirectURI); err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return errorAnswer(t, o.Params, o.Refusal).target(o.Params)
}

// page returns the page on which the person plays the interaction.
func (in *Interaction) page() string {
	if in.Prompt == PromptConsent {
		return in.Params.consentPage()
	}
	if in.StepsUp() {
		return in.Params.stepUpPage()
	}
	return in.Params.signInPage()
}
