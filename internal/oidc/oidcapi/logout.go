package oidcapi

import (
	"net/http"

	"signet/internal/oidc/authorize"
	"signet/internal/oidc/proto"
	"signet/internal/tenant"
)

const (
	pathConfirm   = proto.PathEndSession + "/confirm"
	pathSignedOut = proto.PathEndSession + "/success"
)

// LogoutPage is the content of the page that confirms a sign-out: a form with
// id "op.logoutForm" that posts XSRF, as "xsrf", and "logout" = "yes" to Action.
// A script may send it at once, unless the page Asks.
type LogoutPage struct {
	Action string
	XSRF   string
	// ReturnsTo is the application's URI that the answer to the form redirects
	// to, "" if it stays here: a page's policy has to allow it.
	ReturnsTo string
	// Asks leaves it to the person whether the form is sent.
	Asks bool
}

// endSession answers a request to sign out with a form; only its post ends
// anything (OpenID Connect RP-Initiated Logout section 2).
func (b *Browser) endSession(w http.ResponseWriter, r *http.Request) error {
	if leftBehind(r) {
		return repeatAsGet(w, r)
	}
	sent, err := proto.Read(w, r)
	if err != nil {
		return err
	}
	ctx, t := r.Context(), tenant.From(r.Context())
	rq, err := b.Logout.Check(ctx, t.DB, sent)
	if err != nil {
		return err
	}
	secret := authorize.SessionCookie(r)
	xsrf, err := b.Logout.Seal(ctx, t.DB, rq, secret)
	if err != nil {
		return err
	}
	asks, err := b.Logout.Asks(ctx, t.DB, rq, secret)
	if err != nil {
		return err
	}
	noStore(w)
	return b.RenderLogout(w, r, LogoutPage{Action: t.Path(pathConfirm), XSRF: xsrf, ReturnsTo: rq.RedirectURI, Asks: asks})
}

// confirmLogout ends the session if the form says so.
func (b *Browser) confirmLogout(w http.ResponseWriter, r *http.Request) error {
	sent, err := proto.ReadBody(w, r)
	if err != nil {
		return err
	}
	ctx, t := r.Context(), tenant.From(r.Context())
	secret := authorize.SessionCookie(r)
	rq, err := b.Logout.Open(ctx, t.DB, sent.Get("xsrf"), secret)
	if err != nil {
		return err
	}
	if sent.Has("logout") {
		if err := b.Logout.End(ctx, t.DB, rq, secret); err != nil {
			return err
		}
		authorize.ClearSessionCookie(ctx, w)
	}
	target := rq.Target()
	if target == "" {
		target = t.Path(pathSignedOut)
	}
	goOn(w, http.StatusSeeOther, target)
	return nil
}

func (b *Browser) signedOut(w http.ResponseWriter, r *http.Request) error {
	noStore(w)
	return b.RenderSignedOut(w, r)
}
