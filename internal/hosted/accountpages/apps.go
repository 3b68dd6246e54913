package accountpages

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"signet/internal/accountcenter"
	"signet/internal/hosted"
	"signet/internal/oidc/authorize"
	"signet/internal/oidc/signedin"
	"signet/internal/oidc/token"
)

// apps lists the applications of others that the person allowed to use their
// account, each once, when they have shown again that it is them.
func (p *Pages) apps(v *visit, page *hosted.Settings) error {
	if !v.center.Readable(accountcenter.Session) {
		return nil
	}
	page.Apps = &hosted.Apps{}
	if !v.caller.SteppedUp {
		page.Apps.ShowURL = v.tenant.Path("/account/verified-action") + "?" + url.Values{"next": {"/account#apps"}}.Encode()
		return nil
	}
	grants, err := p.Engine.Grants(v.ctx(), v.caller, signedin.ThirdParty)
	if err != nil {
		return err
	}
	editable := v.center.Editable(accountcenter.Session)
	seen := map[string]bool{}
	for _, g := range grants { // the oldest first
		if seen[g.Application.ID] {
			continue
		}
		seen[g.Application.ID] = true
		row := appRow(&g)
		if editable {
			row.RemoveURL = v.tenant.Path("/account/apps/" + url.PathEscape(g.ID) + "/remove")
		}
		page.Apps.Rows = append(page.Apps.Rows, row)
	}
	return nil
}

func appRow(g *signedin.Grant) hosted.AppRow {
	return hosted.AppRow{ID: g.ID, Name: g.Application.Name, AllowedAt: g.Payload.IAT * 1000}
}

// app returns the grant of the page's path, which stands for all of its
// application; nil if it is gone, and the answer is given.
func (p *Pages) app(v *visit) (*signedin.Grant, error) {
	grants, err := p.Engine.Grants(v.ctx(), v.caller, signedin.ThirdParty)
	if err != nil {
		return nil, err
	}
	for i := range grants {
		if grants[i].ID == v.r.PathValue("id") {
			return &grants[i], nil
		}
	}
	return nil, p.done(v, doneAppRemoved, "")
}

func (p *Pages) askRemoveApp(v *visit) error {
	g, err := p.app(v)
	if err != nil || g == nil {
		return err
	}
	row := appRow(g)
	return p.render(v, http.StatusOK, hosted.RemoveApp{
		Menu: p.menu(v), Form: p.form(v, nil), Name: row.Name, AllowedAt: row.AllowedAt,
		CancelURL: v.tenant.Path("/account") + "#apps",
	})
}

// removeApp takes back everything that the person allowed the application, in
// whichever browser. This one stays signed in: the application has to ask anew.
func (p *Pages) removeApp(v *visit) error {
	g, err := p.app(v)
	if err != nil || g == nil {
		return err
	}
	now := p.Clock.Millis()
	held, err := token.SessionByCookie(v.ctx(), v.tenant.DB, now, authorize.SessionCookie(v.r))
	if err != nil {
		return err
	}
	cookie, err := p.Engine.EndGrantsOf(v.ctx(), v.caller, g.Application.ID)
	if err != nil && !errors.Is(err, signedin.ErrGrantNotFound) {
		return err
	}
	// The cookie of the account pages alone must not open everything else.
	if cookie != "" && held != nil && held.UID == v.session.SessionUID {
		authorize.SetSessionCookie(v.ctx(), v.w, cookie, time.Duration(held.ExpiresAt-now)*time.Millisecond)
	}
	return p.done(v, doneAppRemoved, "")
}
