// Package signinpages is the sign-in engine made visible: GET shows the step
// that signin.Next names, POST performs it and redirects to the next. The pages
// and the Experience API call the same engine; neither calls the other.
package signinpages

import (
	"context"
	"net/http"
	"net/url"

	"signet/internal/accountcenter"
	"signet/internal/hosted"
	"signet/internal/oidc/client"
	"signet/internal/platform/web"
	"signet/internal/signin"
)

// Paths of the pages, below the tenant's endpoint.
const (
	pathSignIn         = "/sign-in"
	pathSignInPassword = "/sign-in/password"
	pathRegister       = "/register"
	pathRegisterPass   = "/register/password"
	pathUsername       = "/continue/username"
	pathPassword       = "/continue/password"
	pathOnboarding     = "/mfa-onboarding"
	pathVerify         = "/mfa-verification"
	pathVerifyPasskey  = "/mfa-verification/WebAuthn"
	pathBind           = "/mfa-binding"
	pathBindPasskey    = "/mfa-binding/WebAuthn"
	pathCreatePasskey  = "/create-passkey"
	pathUnknownSession = "/unknown-session"
	pathSuspended      = "/account-suspended"
)

// maxForm bounds a posted form in bytes; the largest holds an attestation.
const maxForm = 256 << 10

// Pages are the handlers of signing in and signing up.
type Pages struct {
	Engine   *signin.Engine
	Clients  *client.Directory
	Center   *accountcenter.Cache
	Renderer *hosted.Renderer
	// MakesAdministrator reports whether an account that is created now will
	// administer Signet.
	MakesAdministrator func(ctx context.Context) (bool, error)
}

// Table returns the routes of the pages.
func (p *Pages) Table() web.Table {
	var routes []web.Route
	page := func(path string, show, act func(v *visit) error) {
		routes = append(routes,
			web.Raw(http.MethodGet, path, p.visited(show)),
			web.Raw(http.MethodPost, path, p.visited(act), web.MaxBody(maxForm)))
	}
	page(pathSignIn, p.showSignIn, p.signIn)
	page("/identifier-sign-in", p.showSignIn, p.signIn)
	page(pathSignInPassword, p.showPassword, p.signInByPassword)
	page(pathRegister, p.showRegister, p.register)
	page("/identifier-register", p.showRegister, p.register)
	page(pathRegisterPass, p.showNewPassword, p.setPassword)
	page(pathUsername, p.showUsername, p.setUsername)
	page(pathPassword, p.showNewPassword, p.setPassword)
	page(pathOnboarding, p.showOnboarding, p.chooseMFA)
	page(pathVerifyPasskey, p.showVerifyPasskey, p.verifyPasskey)
	page(pathBind, p.showBinding, p.skipBinding)
	page(pathBindPasskey, p.showBindPasskey, p.bindPasskey)
	page(pathCreatePasskey, p.showBindPasskey, p.bindPasskey)

	// Pages of ways to sign in that do not exist yet lead to those that do, and
	// without an interaction to the page that explains.
	elsewhere := p.visited(p.current)
	for _, path := range []string{"/{$}", "/sign-in/{rest...}", "/register/{rest...}", "/single-sign-on", "/single-sign-on/{rest...}",
		"/social/register", "/social/register/{rest...}", "/forgot-password", "/forgot-password/{rest...}", "/reset-password",
		"/continue/{field}", "/mfa-verification/{factor}", "/mfa-binding/{factor}"} {
		routes = append(routes, web.Raw(http.MethodGet, path, elsewhere))
	}
	routes = append(routes,
		web.Raw(http.MethodGet, "/direct/{method}", p.visited(p.direct)),
		web.Raw(http.MethodGet, "/direct/{method}/{target}", p.visited(p.direct)),
		web.Raw(http.MethodGet, pathVerify, p.visited(p.showVerification)),
		web.Raw(http.MethodGet, pathUnknownSession, p.unknownSession),
		web.Raw(http.MethodGet, pathSuspended, p.suspended),
	)
	return web.Table{Routes: routes}
}

// withApp returns a page's path as the browser must request it, for the
// application of the visit, with further query parameters (name, value, …).
func (v *visit) withApp(path string, more ...string) string {
	query := url.Values{}
	if id := v.in.ClientID; id != "" {
		query.Set("app_id", id)
	}
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	full := v.tenant.Path(path)
	if len(query) > 0 {
		full += "?" + query.Encode()
	}
	return full
}

// instead is withApp for a page that is shown in place of the one that was asked
// for: in the language that its URL asks for, which nobody has remembered yet.
func (v *visit) instead(path string) string {
	if locales := v.r.URL.Query().Get("ui_locales"); locales != "" {
		return v.withApp(path, "ui_locales", locales)
	}
	return v.withApp(path)
}
