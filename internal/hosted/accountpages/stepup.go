package accountpages

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"signet/internal/account"
	"signet/internal/hosted"
	"signet/internal/mfa"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/rp"
	"signet/internal/sentinel"
)

// The two ways to step up.
const (
	byPassword = "password"
	byPasskey  = "passkey"
)

// detour asks for a step-up and then leads to path.
func (p *Pages) detour(v *visit, path, rawQuery string) {
	if rawQuery != "" {
		path += "?" + rawQuery
	}
	query := url.Values{"next": {path}}
	if locales := v.r.URL.Query().Get("ui_locales"); locales != "" {
		query.Set("ui_locales", locales)
	}
	target := v.tenant.Path("/account/verified-action") + "?" + query.Encode()
	http.Redirect(v.w, v.r, target, http.StatusSeeOther)
}

// next is where a finished step-up leads: another page of the account.
func (v *visit) next() string {
	path := v.r.URL.Query().Get("next")
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/account") ||
		strings.Contains(u.Path, "//") || strings.ContainsAny(path, "\\\r\n\t") || strings.Contains(u.Path, "..") {
		return "/account"
	}
	return path
}

// isSettings reports whether a path is that of the settings, which show more to
// who has stepped up.
func isSettings(next string) bool {
	path, _, _ := strings.Cut(next, "#")
	path, _, _ = strings.Cut(path, "?")
	return slices.Contains([]string{"/account", "/account/profile", "/account/security", "/account/sessions", "/account/apps", "/account/passkey/manage"}, path)
}

func (p *Pages) askStepUp(v *visit) error {
	return p.showStepUp(v, http.StatusOK, hosted.StepUp{})
}

// showStepUp renders the page for the way that the query names, or the only one
// that the person has.
func (p *Pages) showStepUp(v *visit, status int, page hosted.StepUp) error {
	credentials, err := mfa.CredentialsOf(v.ctx(), v.tenant.DB, v.user.ID)
	if err != nil {
		return err
	}
	_, nameable := v.tenant.RPID()
	canUsePasskey := len(credentials) > 0 && nameable
	by := v.r.URL.Query().Get("by")
	if !v.user.HasPassword() && canUsePasskey {
		by = byPasskey
	}
	query := url.Values{"next": {v.next()}}
	page.Menu, page.CancelURL, page.Shows = p.menu(v), v.tenant.Path("/account"), isSettings(v.next())
	if v.user.Username != nil {
		page.Username = *v.user.Username
	}
	if by == byPasskey && canUsePasskey {
		return p.showPasskeyProof(v, status, page, query)
	}
	page.Form = p.form(v, query)
	if canUsePasskey {
		page.UsePasskeyURL = v.tenant.Path(v.r.URL.EscapedPath()) + "?" + url.Values{"next": {v.next()}, "by": {byPasskey}}.Encode()
	}
	return p.render(v, status, page)
}

func (p *Pages) showPasskeyProof(v *visit, status int, page hosted.StepUp, query url.Values) error {
	record, options, err := p.Engine.StartProof(v.ctx(), v.caller)
	if err != nil {
		return err
	}
	if page.Options, err = encode(options); err != nil {
		return err
	}
	if v.user.HasPassword() {
		page.UsePasswordURL = v.tenant.Path(v.r.URL.EscapedPath()) + "?" + query.Encode()
		page.OtherURL = page.UsePasswordURL
	}
	query = url.Values{"next": {v.next()}, "by": {byPasskey}, "record": {record.ID}}
	page.Form = p.form(v, query)
	return p.render(v, status, page)
}

func (p *Pages) stepUp(v *visit) error {
	var record *account.Record
	var err error
	if v.r.URL.Query().Get("by") == byPasskey {
		record, err = p.provePasskey(v)
	} else {
		record, err = p.Engine.VerifyPassword(v.ctx(), v.caller, v.r.PostFormValue("password"))
	}
	if err != nil {
		return p.stepUpFailed(v, err)
	}
	if err := rp.SaveStepUp(v.ctx(), v.tenant.DB, p.Clock.Millis(), v.session, record.ID); err != nil {
		return err
	}
	http.Redirect(v.w, v.r, v.tenant.Path(v.next()), http.StatusSeeOther)
	return nil
}

func (p *Pages) provePasskey(v *visit) (*account.Record, error) {
	var payload mfa.AuthenticationPayload
	if err := web.Decode([]byte(v.r.PostFormValue("credential")), &payload); err != nil {
		return nil, mfa.ErrFailed.Wrap(err)
	}
	return p.Engine.FinishProof(v.ctx(), v.caller, v.r.URL.Query().Get("record"), &payload)
}

func (p *Pages) stepUpFailed(v *visit, err error) error {
	e, ok := errs.As(err)
	if !ok || e.Status >= http.StatusInternalServerError {
		return err
	}
	page := hosted.StepUp{}
	switch {
	case v.r.URL.Query().Get("by") == byPasskey:
		page.Failure = failure(err)
	case errors.Is(err, sentinel.ErrBlocked):
		page.Notice = hosted.Trouble(e)
	default:
		page.Password = hosted.Invalid("", hosted.Say("step_up.wrong_password"))
	}
	return p.showStepUp(v, e.Status, page)
}

// failure names, for the pages, why a ceremony was refused.
func failure(err error) string {
	switch {
	case errors.Is(err, mfa.ErrNoPending), errors.Is(err, account.ErrRecordNotFound):
		return hosted.FailExpired
	case errors.Is(err, mfa.ErrRegistered):
		return hosted.FailAlreadyRegistered
	case errors.Is(err, mfa.ErrUnavailable):
		return hosted.FailIPAddress
	case errors.Is(err, sentinel.ErrBlocked):
		return hosted.FailBlocked
	default:
		return hosted.FailRefused
	}
}

// encode writes ceremony options for the page's script.
func encode(options any) (string, error) {
	raw, err := json.Marshal(options)
	return string(raw), err
}

// trouble returns the notice for an error of a form, or the error itself if no
// page can do anything about it.
func trouble(err error) (*errs.Error, error) {
	e, ok := errs.As(err)
	if !ok || e.Status >= http.StatusInternalServerError || errors.Is(err, account.ErrStepUpRequired) {
		return nil, err
	}
	return e, nil
}
