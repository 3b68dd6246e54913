// Package demo is an application to try a new installation with: it signs in
// through the real flow, as the built-in client demo-app, and shows what the ID
// token said.
package demo

import (
	"bytes"
	"encoding/json"
	"net/http"

	"signet/internal/hosted"
	"signet/internal/platform/crypt"
	"signet/internal/platform/web"
	"signet/internal/rp"
	"signet/internal/tenant"
	"signet/internal/user"
)

// Pages are the handlers of the demo application.
type Pages struct {
	Party    *rp.Party
	Renderer *hosted.Renderer
}

// Table returns the routes of the demo application.
func (p *Pages) Table() web.Table {
	return web.Table{Routes: []web.Route{
		web.Raw("GET", "/demo-app", p.home),
		web.Raw("GET", "/demo-app/sign-in", p.signIn),
		web.Raw("POST", "/demo-app/sign-out", p.signOut),
	}}
}

// home is both the page and the redirect URI.
func (p *Pages) home(w http.ResponseWriter, r *http.Request) error {
	ctx, t := r.Context(), tenant.From(r.Context())
	query := r.URL.Query()
	if query.Has("code") {
		if _, err := p.Party.Complete(ctx, w, r); err != nil {
			return p.signedOut(w, r, err)
		}
		http.Redirect(w, r, t.Path("/demo-app"), http.StatusSeeOther)
		return nil
	}
	session, err := p.Party.Current(ctx, r)
	if err != nil {
		return err
	}
	if session == nil {
		return p.signedOut(w, r, nil)
	}
	u, err := user.ByID(ctx, t.DB, session.UserID)
	if err != nil {
		return err
	}
	claims, err := list(session.Claims)
	if err != nil {
		return err
	}
	return p.Renderer.Render(w, r, http.StatusOK, hosted.Demo{
		Menu: &hosted.Menu{
			Person: hosted.PersonOf(u), ProfileURL: t.Path("/account"),
			SignOut: hosted.Form{Action: t.Path("/demo-app/sign-out"), Token: p.Party.CSRF(session)},
		},
		Claims: claims,
	})
}

// signedOut shows the way in and, after a sign-in that did not work, why.
func (p *Pages) signedOut(w http.ResponseWriter, r *http.Request, failure error) error {
	page := hosted.Demo{SignInURL: tenant.From(r.Context()).Path("/demo-app/sign-in")}
	status := http.StatusOK
	if failure != nil {
		e := web.Classify(r.Context(), failure)
		if e == nil {
			return nil
		}
		status, page.Notice = e.Status, hosted.Trouble(e)
	}
	return p.Renderer.Render(w, r, status, page)
}

func (p *Pages) signIn(w http.ResponseWriter, r *http.Request) error {
	target, err := p.Party.Begin(r.Context(), w, p.Party.Home, nil)
	if err != nil {
		return err
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
	return nil
}

func (p *Pages) signOut(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	session, err := p.Party.Current(ctx, r)
	if err != nil {
		return err
	}
	if session == nil {
		http.Redirect(w, r, tenant.From(ctx).Path("/demo-app"), http.StatusSeeOther)
		return nil
	}
	if !crypt.Equal([]byte(r.PostFormValue("token")), []byte(p.Party.CSRF(session))) {
		return hosted.ErrStaleForm
	}
	if err := p.Party.End(ctx, w, session); err != nil {
		return err
	}
	http.Redirect(w, r, p.Party.SignOutHomeURL(ctx), http.StatusSeeOther)
	return nil
}

// list returns the claims in the order in which the token holds them; values
// that are no text are shown as JSON.
func list(payload json.RawMessage) ([]hosted.Claim, error) {
	decoder := json.NewDecoder(bytes.NewReader(payload))
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	var claims []hosted.Claim
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		text := string(value)
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		claims = append(claims, hosted.Claim{Name: name.(string), Value: text})
	}
	return claims, nil
}
