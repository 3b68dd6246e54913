package oidcapi

import (
	"errors"
	"net/http"
	"net/url"

	"signet/internal/oidc/authorize"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/crypt"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// deviceAuthorization is the answer to the request of a device (RFC 8628 section
// 3.2). Without an interval devices ask every five seconds.
type deviceAuthorization struct {
	DeviceCode              string `json:"device_code"`
	UserCode                string `json:"user_code"`
	VerificationURI         string `json:"verification_uri"`
	VerificationURIComplete string `json:"verification_uri_complete"`
	ExpiresIn               int64  `json:"expires_in"` // seconds
}

// deviceAuthorization lets a device wait for a person.
func (a *API) deviceAuthorization(w http.ResponseWriter, r *http.Request) error {
	params, c, err := a.receive(w, r)
	if err != nil {
		return err
	}
	t := tenant.From(r.Context())
	params["client_id"] = []string{c.ID}
	codes, err := a.authorize.AuthorizeDevice(r.Context(), t.DB, params)
	if err != nil {
		return err
	}
	page, spelled := t.URL(authorize.PathDevicePage), token.SpellUserCode(codes.User)
	noStore(w)
	return web.WriteJSON(w, r, http.StatusOK, deviceAuthorization{
		DeviceCode: codes.Device, UserCode: spelled, ExpiresIn: int64(token.DeviceTTL.Seconds()),
		VerificationURI: page, VerificationURIComplete: page + "?" + url.Values{"user_code": {spelled}}.Encode(),
	})
}

// DevicePage is the content of the page for a user code: a form that posts XSRF,
// as "xsrf", and "user_code" to Action. Asking is nil while there is no code to
// confirm; then the person types it. Else the form posts UserCode, and "confirm"
// or "abort" = "yes".
type DevicePage struct {
	Action, XSRF string
	// UserCode is spelled as the device shows it, or what was typed in vain.
	UserCode string
	Asking   *authorize.AskingApplication
	// Trouble is what is wrong with the code, "" if nothing is known to be.
	Trouble authorize.CodeError
}

// device gives the browser the cookies of the page for a user code and sends it
// there; the code, if there is one, is looked at first.
func (b *Browser) device(w http.ResponseWriter, r *http.Request) error {
	sent, err := proto.ReadQuery(r)
	if err != nil {
		return err
	}
	typed := sent.Get("user_code")
	if typed == "" {
		authorize.SetDeviceCookies(w, r, nil)
		return b.toDevicePage(w, r, authorize.PathDevicePage)
	}
	return b.showDevice(w, r, typed)
}

// answerDevice does what a form about a user code says: looks at the code, goes
// on to sign the person in for it, or ends the device's wait.
func (b *Browser) answerDevice(w http.ResponseWriter, r *http.Request) error {
	sent, err := proto.ReadBody(w, r)
	if err != nil {
		return err
	}
	typed, xsrf := sent.Get("user_code"), authorize.DeviceXSRF(r)
	switch {
	case xsrf == "" || !crypt.Equal([]byte(sent.Get("xsrf")), []byte(xsrf)):
		return b.toCodeError(w, r, typed, authorize.CodeUnproven)
	case sent.Get("confirm") != "yes" && sent.Get("abort") != "yes":
		return b.showDevice(w, r, typed)
	}
	ctx, t := r.Context(), tenant.From(r.Context())
	rq, err := b.Authorize.WaitingDevice(ctx, t.DB, typed)
	if trouble, ok := errors.AsType[authorize.CodeError](err); ok {
		return b.toCodeError(w, r, typed, trouble)
	}
	if err != nil {
		return err
	}
	if sent.Get("abort") == "yes" {
		if err := b.Authorize.DenyDevice(ctx, t.DB, rq); err != nil {
			return err
		}
		return b.toCodeError(w, r, "", authorize.CodeAborted)
	}
	outcome, err := b.Authorize.Start(ctx, t.DB, rq, authorize.SessionCookie(r))
	if err != nil {
		return err
	}
	return outcome.Write(w, r)
}

// showDevice sends the browser to the page that confirms a user code, or to the
// one that says what is wrong with it.
func (b *Browser) showDevice(w http.ResponseWriter, r *http.Request, typed string) error {
	rq, err := b.Authorize.WaitingDevice(r.Context(), tenant.From(r.Context()).DB, typed)
	if trouble, ok := errors.AsType[authorize.CodeError](err); ok {
		return b.toCodeError(w, r, typed, trouble)
	}
	if err != nil {
		return err
	}
	authorize.SetDeviceCookies(w, r, &rq.Params)
	return b.toDevicePage(w, r, rq.Params.DevicePage(token.SpellUserCode(token.UserCode(typed))))
}

func (b *Browser) toCodeError(w http.ResponseWriter, r *http.Request, typed string, trouble authorize.CodeError) error {
	authorize.SetDeviceCookies(w, r, nil)
	return b.toDevicePage(w, r, authorize.CodeErrorPage(typed, trouble))
}

func (b *Browser) toDevicePage(w http.ResponseWriter, r *http.Request, page string) error {
	goOn(w, http.StatusSeeOther, tenant.From(r.Context()).Path(page))
	return nil
}

// devicePage shows the page for a user code to a browser that has its cookie, and
// else fetches that first.
func (b *Browser) devicePage(w http.ResponseWriter, r *http.Request) error {
	sent, err := proto.ReadQuery(r)
	if err != nil {
		return err
	}
	ctx, t := r.Context(), tenant.From(r.Context())
	page := DevicePage{
		Action: t.Path(proto.PathDevice), XSRF: authorize.DeviceXSRF(r),
		UserCode: sent.Get("input_code"), Trouble: authorize.CodeError(sent.Get("error")),
	}
	typed := sent.Get("user_code")
	if page.XSRF == "" {
		target := t.Path(proto.PathDevice)
		if typed != "" {
			target += "?" + url.Values{"user_code": {typed}}.Encode()
		}
		goOn(w, http.StatusFound, target)
		return nil
	}
	if typed != "" {
		rq, err := b.Authorize.WaitingDevice(ctx, t.DB, typed)
		if trouble, ok := errors.AsType[authorize.CodeError](err); ok {
			return b.toCodeError(w, r, typed, trouble)
		}
		if err != nil {
			return err
		}
		asking, err := rq.Application(ctx, t.DB)
		if err != nil {
			return err
		}
		page.Asking, page.UserCode = &asking, token.SpellUserCode(token.UserCode(typed))
	}
	noStore(w)
	return b.RenderDevice(w, r, page)
}

func (b *Browser) deviceDone(w http.ResponseWriter, r *http.Request) error {
	noStore(w)
	return b.RenderDeviceDone(w, r)
}
