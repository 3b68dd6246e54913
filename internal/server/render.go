package server

import (
	"net/http"

	"signet/internal/hosted"
	"signet/internal/hosted/customui"
	"signet/internal/oidc/oidcapi"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// renderError tells a person of an error, and leads to the account.
func (p *parts) renderError(w http.ResponseWriter, r *http.Request, err error) {
	if e := web.Classify(r.Context(), err); e != nil {
		p.fail(w, r, e, hosted.Failed{RetryURL: tenant.From(r.Context()).Path("/account")})
	}
}

// renderRefusal tells a person of an error that is for an application which nobody
// has checked. It is named by where it is: names are what it says itself.
func (p *parts) renderRefusal(w http.ResponseWriter, r *http.Request, page oidcapi.RefusalPage) {
	p.fail(w, r, page.Refusal, hosted.Failed{AppURL: page.ReturnURL, App: placeOf(page.RedirectURI)})
}

// fail shows the page about an error.
func (p *parts) fail(w http.ResponseWriter, r *http.Request, e *errs.Error, page hosted.Failed) {
	page.ID, page.Code, page.Time = web.Info(r.Context()).ID, e.Code, p.options.Clock.Millis()
	if e.Status < http.StatusInternalServerError || e.Status == http.StatusServiceUnavailable {
		page.Message = hosted.SayError(e)
	}
	web.SetRetryAfter(w, e)
	p.show(w, r, e.Status, page)
}

// show renders a page that has no handler of its own to return an error to.
func (p *parts) show(w http.ResponseWriter, r *http.Request, status int, page hosted.Page) {
	if err := p.renderer.Render(w, r, status, page); err != nil {
		web.WriteError(w, r, err)
	}
}

// customUI are the pages that operators upload.
func (p *parts) customUI() *customui.Pages {
	admin := p.options.AdminEndpoint
	return &customui.Pages{
		Experience: p.experience, Disk: p.options.Assets, Apart: p.options.apart(),
		AdminOrigin: admin.Scheme + "://" + admin.Host, OnError: web.WriteError,
	}
}

// renderFor gives the provider's browser endpoints their pages.
func (p *parts) renderFor(b *oidcapi.Browser) {
	b.RenderError, b.RenderRefusal = p.renderError, p.renderRefusal
	b.RenderBrokenLink = func(w http.ResponseWriter, r *http.Request, err error) {
		if e := web.Classify(r.Context(), err); e != nil {
			p.fail(w, r, e, hosted.Failed{})
		}
	}
	b.RenderLogout = func(w http.ResponseWriter, r *http.Request, page oidcapi.LogoutPage) error {
		shown := hosted.SignOut{Form: hosted.Form{Action: page.Action}, XSRF: page.XSRF, Asks: page.Asks}
		if page.ReturnsTo != "" {
			shown.LeadsTo = []string{page.ReturnsTo}
		}
		if page.Asks {
			shown.Next = placeOf(page.ReturnsTo)
		}
		return p.renderer.Render(w, r, http.StatusOK, shown)
	}
	b.RenderConsent = func(w http.ResponseWriter, r *http.Request, status int, page oidcapi.ConsentPage) error {
		return p.renderer.Render(w, r, status, consentPage(page))
	}
	b.RenderDevice = func(w http.ResponseWriter, r *http.Request, page oidcapi.DevicePage) error {
		return p.renderer.Render(w, r, http.StatusOK, devicePage(page))
	}
	b.RenderDeviceDone = func(w http.ResponseWriter, r *http.Request) error {
		return p.renderer.Render(w, r, http.StatusOK, hosted.DeviceDone{})
	}
	b.RenderSignedOut = func(w http.ResponseWriter, r *http.Request) error {
		return p.renderer.Render(w, r, http.StatusOK, hosted.SignedOut{SignInURL: tenant.From(r.Context()).Path("/account")})
	}
	b.RenderUnknownSession = func(w http.ResponseWriter, r *http.Request) {
		if err := p.pages.NoSession(w, r); err != nil {
			p.renderError(w, r, err)
		}
	}
}
