package signinpages

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"signet/internal/hosted"
	"signet/internal/platform/crypt"
	"signet/internal/signin"
	"signet/internal/signin/verification"
	"signet/internal/signinexp"
)

// maxIdentifier bounds what is typed to name oneself, in bytes.
const maxIdentifier = 256

// showSignIn is always at hand, whatever the step: who goes back to it begins
// anew.
func (p *Pages) showSignIn(v *visit) error {
	if v.in.StepsUp() {
		if err := p.Engine.Start(v.ctx(), v.in, signin.EventSignIn, nil); err != nil {
			return err
		}
		return p.current(v)
	}
	if !v.settings.SignInMode.AllowsSignIn() && !v.preview {
		return v.redirect(v.instead(pathRegister))
	}
	return p.renderSignIn(v, http.StatusOK, hosted.SignIn{Identifier: hosted.Field{Value: hintOf(v)}})
}

// showSignInAgain tells that the page was out of date, and keeps what was typed.
func (p *Pages) showSignInAgain(v *visit) error {
	v.r.URL.Path = pathSignIn
	identifier := cmp.Or(v.r.PostForm.Get("identifier"), v.r.PostForm.Get("username"))
	return p.renderSignIn(v, http.StatusForbidden, hosted.SignIn{
		Identifier: hosted.Field{Value: clip(identifier)},
		Notice:     &hosted.Notice{Tone: hosted.ToneWarn, Title: hosted.Say("sign_in.expired"), Text: hosted.Say("sign_in.expired_text")},
	})
}

func (p *Pages) renderSignIn(v *visit, status int, page hosted.SignIn) error {
	page.Form, page.App = p.form(v), p.appName(v)
	page.Methods = identifiers(v.settings)
	if page.Password == nil && passwordOnSamePage(v.settings) {
		page.Password = &hosted.Field{}
	}
	if v.settings.SignInMode.AllowsRegister() {
		page.RegisterURL = v.withApp(pathRegister)
	}
	page.Terms = termsOnSignIn(v.settings)
	return p.render(v, status, page)
}

// identifiers are the kinds of identifier by which the tenant's people sign in.
func identifiers(s *signinexp.Settings) []string {
	var kinds []string
	for _, m := range s.SignIn.Methods {
		kinds = append(kinds, m.Identifier)
	}
	return kinds
}

// passwordOnSamePage: where a code could serve as well, the identifier decides
// what is asked for next.
func passwordOnSamePage(s *signinexp.Settings) bool {
	return !slices.ContainsFunc(s.SignIn.Methods, func(m signinexp.SignInMethod) bool { return m.VerificationCode })
}

func (p *Pages) signIn(v *visit) error {
	identifier := strings.TrimSpace(v.r.PostForm.Get("identifier"))
	page := hosted.SignIn{Identifier: hosted.Field{Value: clip(identifier)}}
	switch {
	case identifier == "":
		page.Identifier.Errors = []hosted.Phrase{hosted.Say("field.required")}
	case len(identifier) > maxIdentifier:
		page.Identifier.Errors = []hosted.Phrase{hosted.Say("field.too_long")}
	case !passwordOnSamePage(v.settings) && !v.r.PostForm.Has("password"):
		return v.redirect(v.withApp(pathSignInPassword, "login_hint", identifier))
	}
	if v.settings.AgreeToTermsPolicy == signinexp.TermsManual && !p.agreed(v) {
		page.Notice = needsAgreement()
	}
	if len(page.Identifier.Errors) > 0 || page.Notice != nil {
		return p.renderSignIn(v, http.StatusUnprocessableEntity, page)
	}
	password, problem := password(v)
	if problem != nil {
		page.Password = &hosted.Field{Errors: []hosted.Phrase{*problem}}
		return p.renderSignIn(v, http.StatusUnprocessableEntity, page)
	}
	err := p.prove(v, identifier, password)
	if e, ok := refusal(err); ok {
		page.Notice, page.Password = signInTrouble(err, hosted.Trouble(e)), &hosted.Field{Focus: true}
		return p.renderSignIn(v, statusOf(e.Status), page)
	}
	if err != nil {
		return err
	}
	return p.advance(v)
}

// showPassword asks for the password of the identifier that the page before
// passed on.
func (p *Pages) showPassword(v *visit) error {
	identifier := hintOf(v)
	if identifier == "" {
		return v.redirect(v.withApp(pathSignIn))
	}
	return p.renderPassword(v, http.StatusOK, identifier, hosted.Password{})
}

func (p *Pages) renderPassword(v *visit, status int, identifier string, page hosted.Password) error {
	page.Form = p.form(v)
	page.Action = v.withApp(pathSignInPassword, "login_hint", identifier)
	page.Identifier, page.BackURL = identifier, v.withApp(pathSignIn, "login_hint", identifier)
	return p.render(v, status, page)
}

func (p *Pages) signInByPassword(v *visit) error {
	identifier := hintOf(v)
	if identifier == "" {
		return v.redirect(v.withApp(pathSignIn))
	}
	password, problem := password(v)
	if problem != nil {
		return p.renderPassword(v, http.StatusUnprocessableEntity, identifier, hosted.Password{Password: hosted.Invalid("", *problem)})
	}
	err := p.prove(v, identifier, password)
	if e, ok := refusal(err); ok {
		return p.renderPassword(v, statusOf(e.Status), identifier, hosted.Password{
			Notice: signInTrouble(err, hosted.Trouble(e)), Password: hosted.Field{Focus: true},
		})
	}
	if err != nil {
		return err
	}
	return p.advance(v)
}

// prove signs in by password, from the beginning.
func (p *Pages) prove(v *visit, identifier, password string) error {
	if err := p.Engine.Start(v.ctx(), v.in, signin.EventSignIn, nil); err != nil {
		return err
	}
	id := verification.Identifier{Type: kindOf(identifier, v.settings), Value: identifier}
	record, err := p.Engine.VerifyPassword(v.ctx(), v.in, id, password)
	if err != nil {
		return err
	}
	_, err = p.Engine.Identify(v.ctx(), v.in, &record)
	return err
}

// kindOf tells what kind of identifier somebody typed, among those by which the
// tenant's people sign in.
func kindOf(identifier string, s *signinexp.Settings) string {
	kinds := identifiers(s)
	switch {
	case strings.Contains(identifier, "@") && slices.Contains(kinds, signinexp.Email):
		return signinexp.Email
	case strings.Trim(identifier, "+0123456789 -()") == "" && slices.Contains(kinds, signinexp.Phone):
		return signinexp.Phone
	}
	return signinexp.Username
}

// signInTrouble says what went wrong without telling which part was wrong.
func signInTrouble(err error, other *hosted.Notice) *hosted.Notice {
	if errors.Is(err, verification.ErrInvalidCredentials) || errors.Is(err, signin.ErrUserNotFound) {
		return &hosted.Notice{
			Tone: hosted.ToneError, Title: hosted.Say("sign_in.wrong_credentials"), Text: hosted.Say("sign_in.wrong_credentials_text"),
		}
	}
	return other
}

// password returns the posted password, or why it cannot be one.
func password(v *visit) (string, *hosted.Phrase) {
	password := v.r.PostForm.Get("password")
	var problem hosted.Phrase
	switch {
	case password == "":
		problem = hosted.Say("field.required")
	case len(password) > crypt.MaxPasswordBytes:
		problem = hosted.Say("field.too_long")
	default:
		return password, nil
	}
	return "", &problem
}

// hintOf returns the identifier that the URL or the application suggests.
func hintOf(v *visit) string {
	return clip(cmp.Or(v.r.URL.Query().Get("login_hint"), v.in.Params.LoginHint))
}

// clip passes on what may be an identifier.
func clip(identifier string) string {
	if len(identifier) > maxIdentifier || !legible(identifier) {
		return ""
	}
	return identifier
}
