package signinpages

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"signet/internal/hosted"
	"signet/internal/mfa"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
	"signet/internal/signin"
	"signet/internal/signin/verification"
	"signet/internal/signinexp"
	"signet/internal/user"
)

// showVerification lists the ways to prove a second factor.
func (p *Pages) showVerification(v *visit) error {
	_, step, err := p.due(v, signin.NeedVerification)
	if err != nil || step == nil {
		return err
	}
	page := hosted.OtherWays{BackURL: v.withApp(pathSignIn)}
	for _, f := range withPages(step.Factors) {
		page.Ways = append(page.Ways, hosted.Way{Kind: string(f), URL: v.withApp(pathVerify + "/" + string(f))})
	}
	return p.render(v, http.StatusOK, page)
}

// showVerifyPasskey asks for a passkey. The options come with the page, since
// browsers open their dialog only straight from a click.
func (p *Pages) showVerifyPasskey(v *visit) error { return p.askForPasskey(v, http.StatusOK, "") }

func (p *Pages) askForPasskey(v *visit, status int, failure string) error {
	state, step, err := p.due(v, signin.NeedVerification)
	if err != nil || step == nil {
		return err
	}
	page := hosted.VerifyPasskey{
		Form: p.form(v), Ceremony: hosted.Ceremony{Failure: failure}, SwitchURL: v.withApp(pathSignIn),
	}
	if v.in.StepsUp() {
		// Signing in anew within this request leads back here.
		page.StepsUp, page.SwitchURL = true, ""
		if again := v.in.Params.Again(); again != "" {
			page.SwitchURL = v.tenant.Path(again)
		}
	}
	if len(withPages(step.Factors)) > 1 {
		page.OtherURL = v.withApp(pathVerify)
	}
	if v.preview {
		return p.render(v, status, page)
	}
	u, err := user.ByID(v.ctx(), v.tenant.DB, state.UserID)
	if err != nil {
		return err
	}
	page.Person = hosted.PersonOf(u)
	record, options, err := p.Engine.StartAuthentication(v.ctx(), v.in)
	if err := begin(&page.Ceremony, record, options, err); err != nil {
		return err
	}
	return p.render(v, status, page)
}

func (p *Pages) verifyPasskey(v *visit) error {
	var payload mfa.AuthenticationPayload
	if err := web.Decode([]byte(v.r.PostForm.Get("credential")), &payload); err != nil {
		return p.askForPasskey(v, http.StatusBadRequest, hosted.FailRefused)
	}
	err := p.Engine.FinishAuthentication(v.ctx(), v.in, v.r.PostForm.Get("record"), &payload)
	if err == nil {
		return p.advance(v)
	}
	e, ok := refusal(err)
	if !ok {
		return err
	}
	failure := failureOf(err)
	if failure == hosted.FailRefused && !p.knows(v, &payload) {
		failure = hosted.FailWrongKey
	}
	return p.askForPasskey(v, statusOf(e.Status), failure)
}

// knows reports whether the person has the credential that answered. A key may
// have been removed while its page was open.
func (p *Pages) knows(v *visit, payload *mfa.AuthenticationPayload) bool {
	state, _, err := p.Engine.Look(v.ctx(), v.in)
	if err != nil {
		return true
	}
	credentials, err := mfa.CredentialsOf(v.ctx(), v.tenant.DB, state.UserID)
	if err != nil {
		return true
	}
	return slices.ContainsFunc(credentials, func(c mfa.Credential) bool {
		return base64.RawURLEncoding.EncodeToString(c.CredentialID) == payload.ID
	})
}

// failureOf names the failure of a ceremony for its page.
func failureOf(err error) string {
	switch {
	case errors.Is(err, mfa.ErrUnavailable):
		return hosted.FailIPAddress
	case errors.Is(err, sentinel.ErrBlocked):
		return hosted.FailBlocked
	case errors.Is(err, verification.ErrNotFound), errors.Is(err, mfa.ErrNoPending), errors.Is(err, verification.ErrIdentityConflict):
		return hosted.FailExpired
	}
	return hosted.FailRefused
}

// showOnboarding offers two-factor authentication.
func (p *Pages) showOnboarding(v *visit) error {
	_, step, err := p.due(v, signin.NeedMFAChoice)
	if err != nil || step == nil {
		return err
	}
	return p.render(v, http.StatusOK, hosted.Onboarding{Form: p.form(v)})
}

func (p *Pages) chooseMFA(v *visit) error {
	act := p.Engine.EnableMFA
	if v.r.PostForm.Get("choice") == "skip" {
		act = p.Engine.SkipMFA
	}
	err := act(v.ctx(), v.in)
	if e, ok := refusal(err); ok {
		return p.render(v, statusOf(e.Status), hosted.Onboarding{Form: p.form(v), Notice: hosted.Trouble(e)})
	}
	if err != nil {
		return err
	}
	return p.advance(v)
}

// showBinding lists the factors that may be added.
func (p *Pages) showBinding(v *visit) error {
	_, step, err := p.due(v, signin.NeedFactor, signin.NeedFurtherFactor)
	if err != nil || step == nil {
		return err
	}
	page := hosted.OtherWays{Bind: true}
	for _, f := range withPages(step.Factors) {
		page.Ways = append(page.Ways, hosted.Way{Kind: string(f), URL: v.withApp(pathBind + "/" + string(f))})
	}
	if step.Skippable {
		form := p.form(v)
		page.Skip = &form
	}
	return p.render(v, http.StatusOK, page)
}

// skipBinding declines what the due step offers.
func (p *Pages) skipBinding(v *visit) error {
	_, step, err := p.Engine.Look(v.ctx(), v.in)
	if err != nil {
		return err
	}
	switch step.Need {
	case signin.NeedPasskeyChoice:
		err = p.Engine.SkipPasskey(v.ctx(), v.in)
	case signin.NeedFurtherFactor:
		err = p.Engine.SkipFurtherFactor(v.ctx(), v.in)
	case signin.NeedFactor, signin.NeedMFAChoice:
		err = p.Engine.SkipMFA(v.ctx(), v.in)
	}
	if err != nil {
		return err
	}
	return p.advance(v)
}

// showBindPasskey starts to make a passkey: as second factor, or to sign in.
func (p *Pages) showBindPasskey(v *visit) error { return p.offerPasskey(v, http.StatusOK, "") }

func (p *Pages) offerPasskey(v *visit, status int, failure string) error {
	_, step, err := p.due(v, signin.NeedFactor, signin.NeedFurtherFactor, signin.NeedPasskeyChoice)
	if err != nil || step == nil {
		return err
	}
	page := hosted.CreatePasskey{
		Form: p.form(v), Ceremony: hosted.Ceremony{Failure: failure},
		Skippable: step.Skippable || step.Need == signin.NeedPasskeyChoice,
	}
	if len(withPages(step.Factors)) > 1 {
		page.OtherURL = v.withApp(pathBind)
	}
	if v.preview {
		return p.render(v, status, page)
	}
	record, options, err := p.Engine.StartRegistration(v.ctx(), v.in)
	if err := begin(&page.Ceremony, record, options, err); err != nil {
		return err
	}
	return p.render(v, status, page)
}

// begin fills a ceremony with its options. Where the address allows no
// passkeys, the page says so in their place.
func begin(c *hosted.Ceremony, record string, options any, err error) error {
	if errors.Is(err, mfa.ErrUnavailable) {
		c.Failure = hosted.FailIPAddress
		return nil
	}
	if err != nil {
		return err
	}
	raw, err := json.Marshal(options)
	c.Record, c.Options = record, string(raw)
	return err
}

func (p *Pages) bindPasskey(v *visit) error {
	if v.r.PostForm.Has("skip") {
		return p.skipBinding(v)
	}
	var payload mfa.RegistrationPayload
	if err := web.Decode([]byte(v.r.PostForm.Get("credential")), &payload); err != nil {
		return p.offerPasskey(v, http.StatusBadRequest, hosted.FailRefused)
	}
	err := p.bind(v, v.r.PostForm.Get("record"), &payload)
	if err == nil {
		return p.advance(v)
	}
	e, ok := refusal(err)
	if !ok {
		return err
	}
	failure := failureOf(err)
	if errors.Is(err, mfa.ErrRegistered) {
		failure = hosted.FailAlreadyRegistered
	}
	return p.offerPasskey(v, statusOf(e.Status), failure)
}

// bind checks a new passkey and stages it for what the step asks.
func (p *Pages) bind(v *visit, record string, payload *mfa.RegistrationPayload) error {
	_, step, err := p.Engine.Look(v.ctx(), v.in)
	if err != nil {
		return err
	}
	if err := p.Engine.FinishRegistration(v.ctx(), v.in, record, payload); err != nil {
		return err
	}
	if step.Need == signin.NeedPasskeyChoice {
		return p.Engine.BindPasskey(v.ctx(), v.in, record)
	}
	return p.Engine.BindFactor(v.ctx(), v.in, signinexp.FactorWebAuthn, record)
}
