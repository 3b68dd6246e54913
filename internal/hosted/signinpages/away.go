package signinpages

import (
	"net/http"
	"net/url"
	"strings"

	"signet/internal/hosted"
	"signet/internal/oidc/client"
	"signet/internal/tenant"
)

// NoSession sends a browser that takes part in no interaction to the page that
// says so.
func (p *Pages) NoSession(w http.ResponseWriter, r *http.Request) error {
	t := tenant.From(r.Context())
	settings, err := p.Engine.Experience.Get(r.Context(), t.DB)
	if err != nil {
		return err
	}
	return p.sendAway(&visit{w: w, r: r, tenant: t, settings: settings})
}

// unknownSession says that no sign-in is open in this browser and leads back to
// the application, if it is known, and to the account pages.
func (p *Pages) unknownSession(w http.ResponseWriter, r *http.Request) error {
	t := tenant.From(r.Context())
	var page hosted.UnknownSession
	if id := r.URL.Query().Get("app_id"); id != "" {
		if c, err := p.Clients.ByID(r.Context(), t, t.DB, id); err == nil {
			page.RestartURL, page.App = startOf(t, c), c.Title()
		}
	}
	center, err := p.Center.Get(r.Context(), t.DB)
	if err != nil {
		return err
	}
	if account := t.Path("/account"); center.Enabled && account != page.RestartURL {
		page.AccountURL = account
	}
	return p.Renderer.Render(w, r, http.StatusOK, page)
}

// suspended says that the account is suspended.
func (p *Pages) suspended(w http.ResponseWriter, r *http.Request) error {
	t := tenant.From(r.Context())
	target := t.Path(pathSignIn)
	if id := r.URL.Query().Get("app_id"); id != "" {
		target += "?" + url.Values{"app_id": {id}}.Encode()
	}
	return p.Renderer.Render(w, r, http.StatusForbidden, hosted.Suspended{SwitchURL: target})
}

// startOf returns where a client begins to sign people in: the pages of a
// built-in one, else the root of the site to which people are sent back. A
// native application has none.
func startOf(t *tenant.Tenant, c *client.Client) string {
	switch c.ID {
	case client.AccountCenter:
		return t.Path("/account")
	case client.DemoApp:
		return t.Path("/demo-app")
	}
	for _, uri := range c.RedirectURIs {
		u, err := url.Parse(uri)
		if err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && !strings.Contains(u.Host, "*") {
			return u.Scheme + "://" + u.Host + "/"
		}
	}
	return ""
}

// appName is the name of the application to continue to. Our own pages are no
// application in people's eyes.
func (p *Pages) appName(v *visit) string {
	if v.in.ClientID == "" || v.in.ClientID == client.AccountCenter {
		return ""
	}
	c, err := p.Clients.ByID(v.ctx(), v.tenant, v.tenant.DB, v.in.ClientID)
	if err != nil {
		return "" // the name is an ornament
	}
	return c.Title()
}
