// Package accountpages is the account center: settings, and the pages on which
// people change their picture, name, username, password and passkeys, end their
// sessions and take back what they allowed applications. It signs people in as
// the relying party "account-center", asks for a step-up before whatever protects
// the account changes, and leaves every rule to package account.
package accountpages

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"

	"signet/internal/account"
	"signet/internal/accountcenter"
	"signet/internal/hosted"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/rp"
	"signet/internal/signinexp"
	"signet/internal/tenant"
	"signet/internal/user"
)

// Pages are the handlers of the account center.
type Pages struct {
	Party    *rp.Party
	Renderer *hosted.Renderer
	Engine   *account.Engine
	Center   *accountcenter.Cache
	// Experience says what a password must look like and which factors count.
	Experience *signinexp.Cache
	Clock      clock.Clock
}

// visit is one request of a person who is signed in to the account pages.
type visit struct {
	w       http.ResponseWriter
	r       *http.Request
	tenant  *tenant.Tenant
	session *rp.Session
	user    *user.User
	caller  *account.Caller
	center  *accountcenter.Settings
}

func (v *visit) ctx() context.Context { return v.r.Context() }

// home is both the first page and the redirect URI.
func (p *Pages) home(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	switch {
	case query.Has("code"):
		path, err := p.Party.Complete(r.Context(), w, r)
		if errors.Is(err, rp.ErrForeignState) {
			// Whoever follows an old or foreign link simply signs in again.
			path, err = p.Party.Home, nil
		}
		if err != nil {
			return err
		}
		http.Redirect(w, r, tenant.From(r.Context()).Path(path), http.StatusSeeOther)
		return nil
	case query.Has("error"):
		return p.failed(w, r, errSignInFailed.Describe("%s", query.Get("error")))
	default:
		return p.signedIn(p.settings)(w, r)
	}
}

var errSignInFailed = errs.New(400, "session.verification_failed")

// signedIn runs a handler for a person who is signed in; anybody else signs in
// first and comes back to the page they asked for.
func (p *Pages) signedIn(handle func(v *visit) error) func(w http.ResponseWriter, r *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := p.enter(w, r)
		if v == nil || err != nil {
			return err
		}
		if r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
			if !p.isOurs(v, r.PostFormValue("token")) {
				return p.failed(w, r, hosted.ErrStaleForm)
			}
		}
		return p.answer(v, handle(v))
	}
}

const maxForm = 64 << 10

// sent is signedIn for a form that brings a file. Its token stands before the
// file, of which nothing is read without it.
func (p *Pages) sent(handle func(v *visit, file *web.File) error) func(w http.ResponseWriter, r *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := p.enter(w, r)
		if v == nil || err != nil {
			return err
		}
		fields, file, err := web.ReadFile(r, "file")
		if err != nil {
			return p.answer(v, err)
		}
		if !p.isOurs(v, fields.Get("token")) {
			return p.failed(w, r, hosted.ErrStaleForm)
		}
		return p.answer(v, handle(v, file))
	}
}

// isOurs reports whether a form has the token of the visitor's session.
func (p *Pages) isOurs(v *visit, formToken string) bool {
	return crypt.Equal([]byte(formToken), []byte(p.Party.CSRF(v.session)))
}

// enter returns the visit of a person who is signed in, nil if anybody else has
// been answered.
func (p *Pages) enter(w http.ResponseWriter, r *http.Request) (*visit, error) {
	ctx, t := r.Context(), tenant.From(r.Context())
	center, err := p.Center.Get(ctx, t.DB)
	if err != nil {
		return nil, err
	}
	if !center.Enabled {
		return nil, p.Renderer.Render(w, r, http.StatusOK, hosted.AccountClosed{})
	}
	session, err := p.Party.Current(ctx, r)
	if err != nil {
		return nil, err
	}
	if session == nil {
		return nil, p.beginSignIn(w, r)
	}
	v := &visit{w: w, r: r, tenant: t, session: session, center: center}
	if err := p.identify(v); err != nil {
		return nil, err
	}
	return v, nil
}

// pageOf has the pages of forms that post elsewhere: there is nothing to come back
// to where they post to.
var pageOf = map[string]string{"/account/avatar/remove": "/account/avatar"}

func (p *Pages) beginSignIn(w http.ResponseWriter, r *http.Request) error {
	returnTo := r.URL.EscapedPath()
	returnTo = cmp.Or(pageOf[returnTo], returnTo)
	if r.URL.RawQuery != "" {
		returnTo += "?" + r.URL.RawQuery
	}
	extra := url.Values{}
	if locales := r.URL.Query().Get("ui_locales"); locales != "" {
		extra.Set("ui_locales", locales)
	}
	target, err := p.Party.Begin(r.Context(), w, returnTo, extra)
	if err != nil {
		return err
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
	return nil
}

func (p *Pages) identify(v *visit) error {
	u, err := user.ByID(v.ctx(), v.tenant.DB, v.session.UserID)
	if err != nil {
		return err
	}
	stepUp := ""
	if v.session.VerificationID != nil {
		stepUp = *v.session.VerificationID
	}
	v.user = u
	v.caller, err = p.Engine.PageCaller(v.ctx(), u.ID, v.session.SessionUID, stepUp)
	return err
}

// answer turns what a handler could not deal with into the page that can: a
// missing step-up is asked for, anything else is said.
func (p *Pages) answer(v *visit, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, account.ErrStepUpRequired):
		p.detour(v, v.r.URL.EscapedPath(), v.r.URL.RawQuery)
		return nil
	default:
		return p.failed(v.w, v.r, err)
	}
}

// failed shows an error with what an operator needs to find it.
func (p *Pages) failed(w http.ResponseWriter, r *http.Request, err error) error {
	e := web.Classify(r.Context(), err)
	if e == nil {
		return nil
	}
	page := hosted.Failed{
		ID: web.Info(r.Context()).ID, Code: e.Code, Time: p.Clock.Millis(),
		RetryURL: tenant.From(r.Context()).Path(p.Party.Home),
	}
	if e.Status < http.StatusInternalServerError {
		page.Message = hosted.SayError(e)
	}
	return p.Renderer.Render(w, r, e.Status, page)
}

// menu is the account menu of the page.
func (p *Pages) menu(v *visit) *hosted.Menu {
	return &hosted.Menu{
		Person:     hosted.PersonOf(v.user),
		ProfileURL: v.tenant.Path("/account"),
		SignOut:    hosted.Form{Action: v.tenant.Path("/account/sign-out"), Token: p.Party.CSRF(v.session)},
	}
}

// form posts to the page's own path with query.
func (p *Pages) form(v *visit, query url.Values) hosted.Form {
	return p.formTo(v, v.r.URL.EscapedPath(), query)
}

func (p *Pages) formTo(v *visit, path string, query url.Values) hosted.Form {
	return hosted.Form{Action: v.link(path, query), Token: p.Party.CSRF(v.session)}
}

// link leads to a path below the endpoint, with query.
func (v *visit) link(path string, query url.Values) string {
	if len(query) == 0 {
		return v.tenant.Path(path)
	}
	return v.tenant.Path(path) + "?" + query.Encode()
}

func (p *Pages) render(v *visit, status int, page hosted.Page) error {
	return p.Renderer.Render(v.w, v.r, status, page)
}

// done leads back to the settings, to the section that changed, which then says
// what has happened; id is that of the passkey it happened to, if there still is one.
func (p *Pages) done(v *visit, what, id string) error {
	query := url.Values{"done": {what}}
	if id != "" {
		query.Set("id", id)
	}
	http.Redirect(v.w, v.r, v.tenant.Path("/account")+"?"+query.Encode()+"#"+sectionOf[what], http.StatusSeeOther)
	return nil
}

// signOut ends both sessions, the one of these pages and the one in which the person
// signed in; the latter too where the former has gone already.
func (p *Pages) signOut(w http.ResponseWriter, r *http.Request) error {
	session, err := p.Party.Current(r.Context(), r)
	if err != nil {
		return err
	}
	if session != nil {
		return p.signedIn(p.endSessionHere)(w, r)
	}
	http.Redirect(w, r, p.Party.SignOutURL(r.Context()), http.StatusSeeOther)
	return nil
}

func (p *Pages) endSessionHere(v *visit) error {
	if err := p.Party.End(v.ctx(), v.w, v.session); err != nil {
		return err
	}
	http.Redirect(v.w, v.r, p.Party.SignOutURL(v.ctx()), http.StatusSeeOther)
	return nil
}
