package accountpages

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"signet/internal/account"
	"signet/internal/accountcenter"
	"signet/internal/hosted"
	"signet/internal/mfa"
	"signet/internal/oidc/signedin"
	"signet/internal/platform/i18n"
)

// sessionRows lists where the person is signed in, once they have shown again
// that it is them.
func (p *Pages) sessionRows(v *visit, page *hosted.Settings) error {
	if !v.center.Readable(accountcenter.Session) {
		return nil
	}
	page.ShowSessions = true
	if !v.caller.SteppedUp {
		page.SessionsURL = v.tenant.Path("/account/verified-action") + "?" + url.Values{"next": {"/account#sessions"}}.Encode()
		return nil
	}
	sessions, err := p.Engine.Sessions(v.ctx(), v.caller)
	if err != nil {
		return err
	}
	editable := v.center.Editable(accountcenter.Session)
	for i := range sessions {
		row := p.sessionRow(v, &sessions[i])
		if editable && !row.Current {
			row.SignOutURL = v.tenant.Path("/account/sessions/" + url.PathEscape(sessions[i].Payload.UID) + "/end")
		}
		// The present session comes first.
		if row.Current {
			page.Sessions = append([]hosted.SessionRow{row}, page.Sessions...)
		} else {
			page.Sessions = append(page.Sessions, row)
		}
	}
	return nil
}

func (p *Pages) sessionRow(v *visit, s *account.Session) hosted.SessionRow {
	row := hosted.SessionRow{ID: s.Payload.UID, SignedInAt: s.Payload.LoginTS * 1000, Current: s.IsCurrent}
	if s.LastSubmission == nil {
		return row
	}
	seen := s.LastSubmission.SignInContext
	browser, system := mfa.Agent(seen["userAgent"])
	switch {
	case browser != "" && system != "":
		row.Device = i18n.T(p.Renderer.Lang(v.r), "settings.sessions.device", map[string]any{"browser": browser, "system": system})
	default:
		row.Device = browser + system
	}
	row.Phone = strings.Contains(seen["userAgent"], "Mobile")
	if row.Place = seen["city"]; row.Place == "" {
		row.Place = seen["ip"]
	}
	return row
}

// session returns the live session of the page's path, nil if it has ended.
func (p *Pages) session(v *visit) (*account.Session, error) {
	sessions, err := p.Engine.Sessions(v.ctx(), v.caller)
	if err != nil {
		return nil, err
	}
	for i := range sessions {
		if sessions[i].Payload.UID == v.r.PathValue("uid") {
			return &sessions[i], nil
		}
	}
	return nil, p.done(v, doneSessionEnded, "")
}

func (p *Pages) askEndSession(v *visit) error {
	s, err := p.session(v)
	if err != nil || s == nil {
		return err
	}
	row := p.sessionRow(v, s)
	return p.render(v, http.StatusOK, hosted.EndSession{
		Menu: p.menu(v), Form: p.form(v, nil), Device: row.Device, SignedInAt: row.SignedInAt,
		CancelURL: v.tenant.Path("/account") + "#sessions",
	})
}

// endSession signs another browser out of everything it was used for.
func (p *Pages) endSession(v *visit) error {
	err := p.Engine.EndSession(v.ctx(), v.caller, v.r.PathValue("uid"), signedin.RevokeAll)
	if err != nil && !errors.Is(err, account.ErrSessionNotFound) {
		return err
	}
	return p.done(v, doneSessionEnded, "")
}
