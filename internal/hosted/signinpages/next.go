package signinpages

import (
	"errors"
	"net/http"

	"signet/internal/hosted"
	"signet/internal/oidc/authorize"
	"signet/internal/platform/web"
	"signet/internal/signin"
	"signet/internal/signinexp"
)

// advance goes on after a step was taken: to the page of the next one or, when
// nothing is missing, back to the authorization.
func (p *Pages) advance(v *visit) error {
	state, step, err := p.Engine.Look(v.ctx(), v.in)
	if err != nil {
		return err
	}
	if state.Event == signin.EventRegister && state.UserID == "" {
		return p.createUser(v)
	}
	if step.Need != signin.Done {
		return p.goTo(v, state, step)
	}
	target, err := p.Engine.Submit(v.ctx(), v.in)
	if errors.Is(err, authorize.ErrConflict) {
		// Another request was first; what it left decides.
		return v.redirect(v.withApp("/"))
	}
	if err != nil {
		return err
	}
	return v.redirect(target)
}

// createUser completes a sign-up, or asks for what it still lacks.
func (p *Pages) createUser(v *visit) error {
	_, err := p.Engine.Identify(v.ctx(), v.in, nil)
	if errors.Is(err, signin.ErrMissingProfile) {
		return p.fillIn(v)
	}
	if err != nil {
		return err
	}
	return p.advance(v)
}

// fillIn leads to the page for the first thing that a sign-up lacks.
func (p *Pages) fillIn(v *visit) error {
	state, _, err := p.Engine.Look(v.ctx(), v.in)
	if err != nil {
		return err
	}
	if state.Profile.Username == nil {
		return v.redirect(v.withApp(pathRegister))
	}
	return v.redirect(v.withApp(pathRegisterPass))
}

// current leads to the page of the step that is due.
func (p *Pages) current(v *visit) error {
	if v.preview {
		return v.redirect(v.tenant.Path(pathSignIn) + "?preview")
	}
	state, step, err := p.Engine.Look(v.ctx(), v.in)
	if err != nil {
		return err
	}
	if step.Need == signin.Done {
		return p.advance(v)
	}
	return p.goTo(v, state, step)
}

// goTo redirects to the page of a step, if there is one.
func (p *Pages) goTo(v *visit, state *signin.State, step signin.Step) error {
	path := pathOf(state, step)
	if path == "" {
		return p.showBeyond(v, step.Err)
	}
	return v.redirect(v.instead(path))
}

// showBeyond says that the operator asks for what no page here can do. Starting
// again would lead to the same.
func (p *Pages) showBeyond(v *visit, refusal error) error {
	e := web.Classify(v.ctx(), refusal)
	if e == nil {
		return nil
	}
	return p.render(v, statusOf(e.Status), hosted.Failed{
		Message: hosted.Say("failed.beyond"), Lasting: true,
		ID: web.Info(v.ctx()).ID, Code: e.Code, Time: p.Engine.Clock.Millis(),
	})
}

// pathOf returns the path of the page for a step, "" if there is none.
func pathOf(state *signin.State, step signin.Step) string {
	switch step.Need {
	case signin.NeedIdentification:
		if state.Event == signin.EventRegister {
			return pathRegister
		}
		return pathSignIn
	case signin.NeedNewPassword:
		return pathSignIn
	case signin.NeedVerification:
		return pageFor(step.Factors, pathVerify, pathVerifyPasskey)
	case signin.NeedFreeIdentifier:
		return pathUsername
	case signin.NeedProfile:
		switch step.Missing[0] {
		case signinexp.Username:
			return pathUsername
		case "password":
			return pathPassword
		}
	case signin.NeedPasskeyChoice:
		return pathCreatePasskey
	case signin.NeedMFAChoice:
		return pathOnboarding
	case signin.NeedFactor, signin.NeedFurtherFactor:
		return pageFor(step.Factors, pathBind, pathBindPasskey)
	}
	return ""
}

// pageFor returns the page of the only factor that has one, or the list if
// there are several; "" if there is none.
func pageFor(factors []signinexp.Factor, list, passkey string) string {
	switch ways := withPages(factors); len(ways) {
	case 0:
		return ""
	case 1:
		return passkey
	}
	return list
}

// withPages are the factors that the pages can verify and bind.
func withPages(factors []signinexp.Factor) []signinexp.Factor {
	var known []signinexp.Factor
	for _, f := range factors {
		if f == signinexp.FactorWebAuthn {
			known = append(known, f)
		}
	}
	return known
}

// due makes sure that the page fits the step that is due; if not, the browser
// is sent to the one that does. A page serves one or more needs.
func (p *Pages) due(v *visit, needs ...signin.Need) (*signin.State, *signin.Step, error) {
	if v.preview {
		return &signin.State{}, &signin.Step{}, nil
	}
	state, step, err := p.Engine.Look(v.ctx(), v.in)
	if err != nil {
		return nil, nil, err
	}
	for _, need := range needs {
		if step.Need == need {
			return state, &step, nil
		}
	}
	return nil, nil, p.current(v)
}

// statusOf is the status of a page that shows a refusal.
func statusOf(status int) int {
	if status == http.StatusUnauthorized {
		// A browser answers 401 with a dialog of its own for want of a challenge.
		return http.StatusForbidden
	}
	return status
}
