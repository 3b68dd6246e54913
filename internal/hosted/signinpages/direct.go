package signinpages

import (
	"cmp"
	"errors"

	"signet/internal/signin"
)

// fallbacks are the pages that the query of a direct sign-in may name for a target
// that is unknown, as the authorization request names them.
var fallbacks = map[string]string{
	"sign-in":             pathSignIn,
	"register":            pathRegister,
	"reset-password":      "/reset-password",
	"identifier-sign-in":  "/identifier-sign-in",
	"identifier-register": "/identifier-register",
	"single-sign-on":      "/single-sign-on",
}

// passedOn is what the page that comes instead has to know of the request.
var passedOn = []string{"organization_id", "ui_locales", "one_time_token", "login_hint", "identifier"}

// direct begins a sign-in at one provider. There are no providers yet, so each
// target is unknown.
func (p *Pages) direct(v *visit) error {
	if v.preview {
		return p.current(v)
	}
	_, step, err := p.Engine.Look(v.ctx(), v.in)
	switch {
	case err == nil && step.Need != signin.NeedIdentification:
		return p.current(v)
	case err != nil && !errors.Is(err, signin.ErrNotStarted):
		return err
	}
	query := v.r.URL.Query()
	var kept []string
	for _, name := range passedOn {
		if value := query.Get(name); value != "" {
			kept = append(kept, name, value)
		}
	}
	return v.redirect(v.withApp(cmp.Or(fallbacks[query.Get("fallback")], pathSignIn), kept...))
}
