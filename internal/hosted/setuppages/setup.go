// Package setuppages is the way from the one-time link that the start prints to
// the first administrator. The link's page spends the token by POST, so that a
// preview or a prefetch cannot; a cookie stands for it until the account exists.
package setuppages

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"signet/internal/hosted"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/rp"
	"signet/internal/setup"
	"signet/internal/tenant"
)

const cookieName = "_setup"

// Pages are the handlers of setting up.
type Pages struct {
	Account  *rp.Party
	Renderer *hosted.Renderer
	Clock    clock.Clock
	// Limit refuses an address that does something too often: it looks at links, or
	// uses them.
	Limit func(ctx context.Context, what string) error
}

// Table returns the routes of setting up; they exist in the admin tenant only.
func (p *Pages) Table() web.Table {
	return web.Table{Routes: []web.Route{
		web.Raw("GET", "/setup", p.show),
		web.Raw("POST", "/setup", p.exchange),
	}}
}

// URL returns the link for a token.
func URL(t *tenant.Tenant, token string) string {
	return t.URL("/setup") + "?" + url.Values{"token": {token}}.Encode()
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request) error {
	t := tenant.From(r.Context())
	if done, err := p.finished(w, r); done || err != nil {
		return err
	}
	if err := p.Limit(r.Context(), "setup link"); err != nil {
		return err
	}
	token := r.URL.Query().Get("token")
	usable, err := setup.Usable(r.Context(), t.DB, p.Clock.Millis(), token)
	if err != nil {
		return err
	}
	if !usable {
		return p.expired(w, r)
	}
	return p.Renderer.Render(w, r, http.StatusOK, hosted.SetupStart{
		Form: hosted.Form{Action: t.Path("/setup")}, SetupToken: token,
	})
}

func (p *Pages) expired(w http.ResponseWriter, r *http.Request) error {
	return p.Renderer.Render(w, r, http.StatusForbidden, hosted.SetupStart{Expired: true})
}

// finished sends on to the account pages once there is an administrator, and
// hides the page from every other tenant.
func (p *Pages) finished(w http.ResponseWriter, r *http.Request) (bool, error) {
	t := tenant.From(r.Context())
	if t.ID != tenant.Admin {
		return true, p.Renderer.Render(w, r, http.StatusNotFound, hosted.NotFound{HomeURL: t.Path("/account")})
	}
	needed, err := setup.Needed(r.Context(), t.DB)
	if err != nil || needed {
		return false, err
	}
	http.Redirect(w, r, t.Path("/account"), http.StatusSeeOther)
	return true, nil
}

func (p *Pages) exchange(w http.ResponseWriter, r *http.Request) error {
	ctx, t := r.Context(), tenant.From(r.Context())
	if done, err := p.finished(w, r); done || err != nil {
		return err
	}
	if err := p.Limit(ctx, "setup"); err != nil {
		return err
	}
	var cookie string
	err := t.DB.Tx(ctx, func(tx *db.Tx) (err error) {
		cookie, err = setup.Exchange(ctx, tx, p.Clock.Millis(), r.PostFormValue("setup_token"))
		return err
	})
	if errors.Is(err, setup.ErrTokenInvalid) {
		return p.expired(w, r)
	}
	if err != nil {
		return err
	}
	c := t.NewCookie(cookieName, cookie, "/")
	c.MaxAge = int(setup.Lifetime.Seconds())
	http.SetCookie(w, c)
	target, err := p.Account.Begin(ctx, w, p.Account.Home, url.Values{"first_screen": {"register"}, "prompt": {"login"}})
	if err != nil {
		return err
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
	return nil
}

type cookieKey struct{}

// Remember makes the setup cookie of a request known to Cookie. Registering is
// far from HTTP, and only setting up ever asks for a cookie there.
func Remember(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie(tenant.From(r.Context()).Cookie(cookieName)); err == nil {
			r = r.WithContext(context.WithValue(r.Context(), cookieKey{}, c.Value))
		}
		next.ServeHTTP(w, r)
	})
}

// Cookie returns the setup cookie of the request of ctx, "" if there is none.
func Cookie(ctx context.Context) string {
	value, _ := ctx.Value(cookieKey{}).(string)
	return value
}
