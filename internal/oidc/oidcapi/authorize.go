package oidcapi

import (
	"net/http"
	"net/url"
	"strings"

	"signet/internal/oidc/authorize"
	"signet/internal/oidc/logout"
	"signet/internal/oidc/proto"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// Browser serves the endpoints to which applications send browsers. Everything
// but a refused authorization request is answered by a redirect or a page; the
// pages belong to the composition root. It must run behind
// authorize.SignedCookies.
type Browser struct {
	Authorize *authorize.Engine
	Logout    *logout.Engine
	// RenderLogout shows the page whose form confirms a sign-out.
	RenderLogout func(w http.ResponseWriter, r *http.Request, page LogoutPage) error
	// RenderSignedOut shows that the person is signed out.
	RenderSignedOut func(w http.ResponseWriter, r *http.Request) error
	// RenderConsent asks a person what an application may have.
	RenderConsent func(w http.ResponseWriter, r *http.Request, status int, page ConsentPage) error
	// RenderDevice asks a person for the code that a device shows, or to confirm
	// it.
	RenderDevice func(w http.ResponseWriter, r *http.Request, page DevicePage) error
	// RenderDeviceDone sends a person back to the device.
	RenderDeviceDone func(w http.ResponseWriter, r *http.Request) error
	// RenderUnknownSession tells a person that no sign-in is open here.
	RenderUnknownSession func(w http.ResponseWriter, r *http.Request)
	// RenderError tells a person of an error.
	RenderError func(w http.ResponseWriter, r *http.Request, err error)
	// RenderBrokenLink tells a person that an application's link is not in order. It
	// repeats nothing of the link, and offers no way on: there is none from here.
	RenderBrokenLink func(w http.ResponseWriter, r *http.Request, err error)
	// RenderRefusal tells a person of an error that is for an application.
	RenderRefusal func(w http.ResponseWriter, r *http.Request, page RefusalPage)
}

// RefusalPage is the content of the page about a refused request of an application
// that nobody has checked.
type RefusalPage struct {
	Refusal *errs.Error
	// RedirectURI is where the application wants its answer, ReturnURL takes it there;
	// "" if that needs more than a link.
	RedirectURI, ReturnURL string
}

// notForHEAD keeps HEAD, which the router takes for a GET, from what a GET uses up
// or agrees to: programs that check links send it, and it is to change nothing (RFC
// 9110 section 9.2.1).
func notForHEAD(h func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.Method == http.MethodHead {
			proto.WriteError(w, r, proto.UnknownRoute(r))
			return nil
		}
		return h(w, r)
	}
}

// page makes errors of h pages for people and JSON for programs.
func (b *Browser) page(method, pattern string, h func(http.ResponseWriter, *http.Request) error) web.Route {
	return web.Raw(method, pattern, func(w http.ResponseWriter, r *http.Request) error {
		err := h(w, r)
		switch {
		case err == nil:
		case strings.Contains(r.Header.Get("Accept"), "text/html"):
			b.RenderError(w, r, err)
		default:
			proto.WriteError(w, r, err)
		}
		return nil
	})
}

// authorize begins an authorization, or answers it at once. A request whose
// client or redirect URI is not in order gets JSON, whatever it accepts; only
// where a browser would show that to a person there is a page.
func (b *Browser) authorize(w http.ResponseWriter, r *http.Request) error {
	if leftBehind(r) {
		return repeatAsGet(w, r)
	}
	outcome, err := b.begin(w, r)
	switch {
	case err == nil && outcome.IsHeld:
		b.hold(w, r, outcome)
	case err == nil:
		return outcome.Write(w, r)
	case isShown(r):
		b.RenderBrokenLink(w, r, err)
	default:
		proto.WriteError(w, r, err)
	}
	return nil
}

// isShown reports whether a browser says that it will show the answer in a tab
// (W3C Fetch Metadata Request Headers). Scripts cannot say so.
func isShown(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

// hold tells whoever is here of a refusal, and leaves it to them to take it to the
// client.
func (b *Browser) hold(w http.ResponseWriter, r *http.Request, o *authorize.Outcome) {
	t := tenant.From(r.Context())
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		noStore(w)
		b.RenderRefusal(w, r, RefusalPage{Refusal: o.Refusal, RedirectURI: o.Params.RedirectURI, ReturnURL: o.ReturnURL(t)})
		return
	}
	proto.WriteError(w, r, o.Refusal.With(proto.Context{State: o.Params.State, Issuer: t.Issuer()}))
}

func (b *Browser) begin(w http.ResponseWriter, r *http.Request) (*authorize.Outcome, error) {
	sent, err := proto.Read(w, r)
	if err != nil {
		return nil, err
	}
	ctx, t := r.Context(), tenant.From(r.Context())
	rq, told, err := b.Authorize.Check(ctx, t.DB, sent)
	if err == nil {
		return b.Authorize.Start(ctx, t.DB, rq, authorize.SessionCookie(r))
	}
	e, ok := errs.As(err)
	switch {
	case !ok || e.Status >= http.StatusInternalServerError:
		return nil, err
	case told:
		return b.Authorize.Refuse(ctx, t.DB, rq, e, authorize.SessionCookie(r))
	}
	return nil, e.With(proto.Context{State: rq.Params.State, Issuer: t.Issuer()})
}

// resume goes on where the person has done what was asked.
func (b *Browser) resume(w http.ResponseWriter, r *http.Request) error {
	ctx, t := r.Context(), tenant.From(r.Context())
	in, err := authorize.ResumedInteraction(ctx, t.DB, b.Authorize.Clock.Millis(), r, r.PathValue("uid"))
	if err != nil {
		return err
	}
	outcome, err := b.Authorize.Resume(ctx, t.DB, in, authorize.SessionCookie(r))
	if err != nil {
		return err
	}
	return outcome.Write(w, r)
}

// leftBehind reports whether a browser came with a POST from another site,
// which it sends without its SameSite=Lax cookies.
func leftBehind(r *http.Request) bool {
	return r.Method == http.MethodPost && r.Header.Get("Sec-Fetch-Site") == "cross-site" &&
		authorize.SessionCookie(r) == ""
}

// repeatAsGet sends the browser here again with a GET, which has its cookies:
// else a POST could never use a session.
func repeatAsGet(w http.ResponseWriter, r *http.Request) error {
	sent, err := proto.ReadBody(w, r)
	if err != nil {
		proto.WriteError(w, r, err)
		return nil
	}
	goOn(w, http.StatusSeeOther, tenant.From(r.Context()).Path(r.URL.Path)+"?"+url.Values(sent).Encode())
	return nil
}

// goOn sends the browser to where its way leads.
func goOn(w http.ResponseWriter, status int, target string) {
	noStore(w)
	w.Header().Set("Location", target)
	w.WriteHeader(status)
}
