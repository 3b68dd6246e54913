package signinpages

import (
	"errors"
	"net/http"
	"strings"

	"signet/internal/hosted"
	"signet/internal/platform/errs"
	"signet/internal/signin"
	"signet/internal/signinexp"
	"signet/internal/user"
)

func (p *Pages) showRegister(v *visit) error {
	if !v.settings.SignInMode.AllowsRegister() && !v.preview {
		return v.redirect(v.instead(pathSignIn))
	}
	return p.renderRegister(v, http.StatusOK, hosted.CreateAccount{})
}

func (p *Pages) renderRegister(v *visit, status int, page hosted.CreateAccount) (err error) {
	if page.Administrator, err = p.MakesAdministrator(v.ctx()); err != nil {
		return err
	}
	page.Form, page.App, page.MinLength = p.form(v), p.appName(v), minLength(v.settings)
	if page.Password == nil && v.settings.SignUp.Password {
		page.Password = &hosted.Field{}
	}
	page.Terms = termsOnRegister(v.settings)
	if v.settings.SignInMode.AllowsSignIn() {
		page.SignInURL = v.withApp(pathSignIn)
	}
	return p.render(v, status, page)
}

func minLength(s *signinexp.Settings) int { return s.PasswordPolicy.MinLength() }

// register creates an account from a username and, if the page has it, a
// password. What is wrong with either is told at once.
func (p *Pages) register(v *visit) error {
	username := strings.TrimSpace(v.r.PostForm.Get("username"))
	if done, err := p.registeredBefore(v, username); done || err != nil {
		return err
	}
	page := hosted.CreateAccount{Username: hosted.Field{Value: clip(username)}}
	if !p.agreed(v) && termsOnRegister(v.settings) == hosted.TermsCheck {
		page.Notice = needsAgreement()
		return p.renderRegister(v, http.StatusUnprocessableEntity, page)
	}
	if err := p.Engine.Start(v.ctx(), v.in, signin.EventRegister, nil); err != nil {
		return err
	}
	status := http.StatusOK
	err := p.Engine.SetUsername(v.ctx(), v.in, username)
	if e, ok := refusal(err); ok {
		page.Username.Errors, status = []hosted.Phrase{hosted.SayError(e)}, e.Status
	} else if err != nil {
		return err
	}
	if v.r.PostForm.Has("password") {
		reasons, err := p.stagePassword(v)
		if err != nil {
			return err
		}
		if len(reasons) > 0 {
			page.Password, status = &hosted.Field{Errors: reasons}, http.StatusUnprocessableEntity
		}
	}
	if status != http.StatusOK {
		return p.renderRegister(v, statusOf(status), page)
	}
	err = p.advance(v)
	if e, ok := refusal(err); ok {
		page.Notice = hosted.Trouble(e)
		return p.renderRegister(v, statusOf(e.Status), page)
	}
	return err
}

// registeredBefore goes on with the account that an earlier click on the same
// button has made.
func (p *Pages) registeredBefore(v *visit, username string) (bool, error) {
	state, _, err := p.Engine.Look(v.ctx(), v.in)
	if errors.Is(err, signin.ErrNotStarted) {
		return false, nil
	}
	if err != nil || !state.Created {
		return false, err
	}
	u, err := user.ByID(v.ctx(), v.tenant.DB, state.UserID)
	if err != nil || u.Username == nil || *u.Username != username {
		return false, err
	}
	return true, p.advance(v)
}

// stagePassword stages the posted password and returns why it was rejected.
func (p *Pages) stagePassword(v *visit) ([]hosted.Phrase, error) {
	password, problem := password(v)
	if problem != nil {
		return []hosted.Phrase{*problem}, nil
	}
	err := p.Engine.SetPassword(v.ctx(), v.in, password)
	if e, ok := errs.As(err); ok && errors.Is(err, user.ErrPasswordRejected) {
		return hosted.SayPassword(e), nil
	}
	if errors.Is(err, signin.ErrPasswordInProfile) {
		// The earlier of two clicks has set it.
		return nil, nil
	}
	return nil, err
}

// showNewPassword asks a new account, or one that has none, for a password.
func (p *Pages) showNewPassword(v *visit) error {
	username, ok, err := p.needsPassword(v)
	if err != nil || !ok {
		return err
	}
	return p.renderNewPassword(v, http.StatusOK, username, nil)
}

// needsPassword reports whether a password is what is missing now, and for
// which username. If not, the browser has been sent on.
func (p *Pages) needsPassword(v *visit) (username string, ok bool, err error) {
	if v.preview {
		return "", true, nil
	}
	state, step, err := p.Engine.Look(v.ctx(), v.in)
	if err != nil {
		return "", false, err
	}
	if state.Event == signin.EventRegister && state.UserID == "" && state.Profile.Username != nil {
		return *state.Profile.Username, true, nil
	}
	if step.Need == signin.NeedProfile && step.Missing[0] == "password" {
		u, err := user.ByID(v.ctx(), v.tenant.DB, state.UserID)
		if err != nil {
			return "", false, err
		}
		return u.DisplayName(), true, nil
	}
	return "", false, p.current(v)
}

func (p *Pages) renderNewPassword(v *visit, status int, username string, reasons []hosted.Phrase) error {
	page := hosted.ChoosePassword{
		Form: p.form(v), Username: username, Password: hosted.Field{Errors: reasons}, MinLength: minLength(v.settings),
	}
	if v.r.URL.Path == pathRegisterPass {
		page.BackURL = v.withApp(pathRegister)
	}
	return p.render(v, status, page)
}

func (p *Pages) setPassword(v *visit) error {
	username, ok, err := p.needsPassword(v)
	if err != nil || !ok {
		return err
	}
	reasons, err := p.stagePassword(v)
	if err != nil {
		return err
	}
	if len(reasons) > 0 {
		return p.renderNewPassword(v, http.StatusUnprocessableEntity, username, reasons)
	}
	return p.advance(v)
}

// showUsername asks an account without a username for one, or for another if
// somebody else was quicker.
func (p *Pages) showUsername(v *visit) error {
	_, step, err := p.due(v, signin.NeedProfile, signin.NeedFreeIdentifier)
	if err != nil || step == nil {
		return err
	}
	return p.renderUsername(v, http.StatusOK, hosted.Field{})
}

func (p *Pages) renderUsername(v *visit, status int, field hosted.Field) error {
	return p.render(v, status, hosted.ChooseUsername{Form: p.form(v), Username: field})
}

func (p *Pages) setUsername(v *visit) error {
	username := strings.TrimSpace(v.r.PostForm.Get("username"))
	err := p.Engine.SetUsername(v.ctx(), v.in, username)
	if e, ok := refusal(err); ok && !errors.Is(err, signin.ErrUsernameInProfile) {
		return p.renderUsername(v, statusOf(e.Status), hosted.Invalid(clip(username), hosted.SayError(e)))
	} else if err != nil && !ok {
		return err
	}
	return p.advance(v)
}
