package signinpages

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"signet/internal/hosted"
	"signet/internal/oidc/authorize"
	"signet/internal/platform/crypt"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/signin"
	"signet/internal/signinexp"
	"signet/internal/tenant"
	"signet/internal/user"
)

// visit is one request of a browser that takes part in an interaction.
type visit struct {
	w        http.ResponseWriter
	r        *http.Request
	tenant   *tenant.Tenant
	settings *signinexp.Settings
	in       *authorize.Interaction
	// preview says that there is no interaction: an operator looks at the page.
	preview bool
}

func (v *visit) ctx() context.Context { return v.r.Context() }

// redirect sends the browser on after a POST; it never repeats the POST.
func (v *visit) redirect(target string) error {
	http.Redirect(v.w, v.r, target, http.StatusSeeOther)
	return nil
}

// visited finds the interaction of a request. Without one there is nobody to
// sign in, and the browser is sent to the page that says so.
func (p *Pages) visited(handle func(v *visit) error) func(w http.ResponseWriter, r *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		ctx, t := r.Context(), tenant.From(r.Context())
		settings, err := p.Engine.Experience.Get(ctx, t.DB)
		if err != nil {
			return err
		}
		v := &visit{w: w, r: r, tenant: t, settings: settings}
		v.in, err = authorize.InteractionFromRequest(ctx, t.DB, p.Engine.Clock.Millis(), r)
		switch {
		case err == nil && v.in.Prompt == authorize.PromptConsent:
			return v.redirect(v.withApp("/consent"))
		case err == nil && r.Method == http.MethodPost:
			err = p.checkForm(v)
		case lost(err) && r.Method == http.MethodGet && r.URL.Query().Has("preview"):
			v.in, v.preview, err = &authorize.Interaction{}, true, nil
		}
		if err == nil {
			err = handle(v)
		}
		return p.outcome(v, err)
	}
}

// lost reports whether err says that this browser takes part in no interaction
// with the application.
func lost(err error) bool {
	return errors.Is(err, authorize.ErrNotFound) || errors.Is(err, authorize.ErrMismatch)
}

// outcome turns the errors that have a page of their own into redirects to it.
func (p *Pages) outcome(v *visit, err error) error {
	switch {
	case lost(err):
		return p.sendAway(v)
	case errors.Is(err, signin.ErrNotStarted):
		return v.redirect(v.instead(pathSignIn))
	case errors.Is(err, user.ErrSuspended):
		return v.redirect(v.withApp(pathSuspended))
	case errors.Is(err, hosted.ErrStaleForm):
		// The page was made for an interaction that another tab has replaced.
		return p.showSignInAgain(v)
	}
	return err
}

// sendAway answers a browser without an interaction. One whose interaction was
// finished a moment ago, by the first of two clicks, goes on with it.
func (p *Pages) sendAway(v *visit) error {
	if target, ok := authorize.Continuation(v.ctx(), v.tenant.DB, p.Engine.Clock.Millis(), v.r); ok {
		return v.redirect(target)
	}
	if target := hosted.WebURL(v.settings.UnknownSessionRedirectURL); target != "" {
		return v.redirect(target)
	}
	target := v.tenant.Path(pathUnknownSession)
	if app := v.r.URL.Query().Get("app_id"); app != "" {
		target += "?" + url.Values{"app_id": {app}}.Encode()
	}
	return v.redirect(target)
}

// token binds a form to its interaction.
func (p *Pages) token(v *visit) string {
	mac := p.Engine.Keyring.MAC("sign-in form", v.tenant.ID, v.in.UID)
	return base64.RawURLEncoding.EncodeToString(mac)
}

// checkForm reads a posted form and makes sure that a page of this interaction
// sent it.
func (p *Pages) checkForm(v *visit) error {
	if err := v.r.ParseForm(); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return err
		}
		return web.Invalid("", "Malformed form")
	}
	for name, values := range v.r.PostForm {
		if len(values) > 1 || !legible(values[0]) {
			return web.Invalid(name, "Invalid")
		}
	}
	if !crypt.Equal([]byte(v.r.PostForm.Get("token")), []byte(p.token(v))) {
		return hosted.ErrStaleForm
	}
	return nil
}

// legible reports whether a text can be stored at all.
func legible(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// form is that of a page whose POST goes to the page itself.
func (p *Pages) form(v *visit) hosted.Form {
	if v.preview {
		return hosted.Form{}
	}
	// The query may hold values that were right once only: app_id stays.
	return hosted.Form{
		Action: v.withApp(v.r.URL.Path), Token: p.token(v), LeadsTo: []string{v.in.Params.RedirectURI},
	}
}

func (p *Pages) render(v *visit, status int, page hosted.Page) error {
	return p.Renderer.Render(v.w, v.r, status, page)
}

// refusal returns the declared error within err if it is the person's to mend:
// a page shows it. Others are for visited and for the error page.
func refusal(err error) (*errs.Error, bool) {
	e, ok := errs.As(err)
	if !ok || e.Status >= http.StatusInternalServerError || lost(err) ||
		errors.Is(err, signin.ErrNotStarted) || errors.Is(err, user.ErrSuspended) {
		return nil, false
	}
	return e, true
}
