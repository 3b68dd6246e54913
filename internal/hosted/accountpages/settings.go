package accountpages

import (
	"net/http"
	"net/url"

	"signet/internal/accountcenter"
	"signet/internal/hosted"
	"signet/internal/mfa"
	"signet/internal/signin"
)

// settings shows the account and everything that may be changed.
func (p *Pages) settings(v *visit) error {
	query := v.r.URL.Query()
	page := hosted.Settings{Menu: p.menu(v), Notice: notice(query.Get("done")), NoticeIn: sectionOf[query.Get("done")]}
	p.avatarRow(v, &page)
	p.personalRows(v, &page)
	if err := p.twoFactor(v, &page); err != nil {
		return err
	}
	if err := p.sessionRows(v, &page); err != nil {
		return err
	}
	if err := p.apps(v, &page); err != nil {
		return err
	}
	return p.render(v, http.StatusOK, page)
}

func (p *Pages) personalRows(v *visit, page *hosted.Settings) {
	// link returns the way to a page that changes the field, if it may be changed.
	link := func(field accountcenter.Field, path string) string {
		if !v.center.Editable(field) {
			return ""
		}
		return v.tenant.Path(path)
	}
	if v.center.Readable(accountcenter.Name) {
		page.Name = &hosted.NameRow{Value: text(v.user.Name), EditURL: link(accountcenter.Name, "/account/name")}
	}
	if v.center.Readable(accountcenter.Username) {
		page.Username = &hosted.UsernameRow{Value: text(v.user.Username), EditURL: link(accountcenter.Username, "/account/username")}
	}
	if v.center.Readable(accountcenter.Password) {
		page.Password = &hosted.PasswordRow{IsSet: v.user.HasPassword(), EditURL: link(accountcenter.Password, "/account/password")}
	}
}

func (p *Pages) twoFactor(v *visit, page *hosted.Settings) error {
	experience, err := p.Experience.Get(v.ctx(), v.tenant.DB)
	if err != nil {
		return err
	}
	if !offersPasskeys(experience) || !v.center.Readable(accountcenter.MFA) {
		return nil
	}
	credentials, err := p.Engine.Passkeys(v.ctx(), v.caller)
	if err != nil {
		return err
	}
	asked, err := signin.SecondFactors(v.ctx(), v.tenant.DB, experience, v.user)
	if err != nil {
		return err
	}
	section := &hosted.TwoFactor{On: len(asked) > 0}
	editable := v.center.Editable(accountcenter.Passkey)
	if editable {
		p.addition(v, page, section, len(credentials))
	}
	query := v.r.URL.Query()
	for i := range credentials {
		row := p.passkeyRow(v, &credentials[i], editable)
		section.Passkeys = append(section.Passkeys, row)
		if row.ID == query.Get("id") {
			page.Notice = noticeOf(query.Get("done"), row.Name, section.On)
		}
	}
	// A spare is recommended where it matters: when the first key was just added.
	section.AdviseSpare = len(credentials) == 1 && query.Get("done") == donePasskey
	if len(credentials) > 0 {
		page.LostKeyURL = v.tenant.Path("/account/passkey/lost")
	}
	page.TwoFactor = section
	return nil
}

// addition says how to add to the passkeys that there are, or why that cannot be.
func (p *Pages) addition(v *visit, page *hosted.Settings, section *hosted.TwoFactor, present int) {
	if _, nameable := v.tenant.RPID(); !nameable {
		section.Unavailable = hosted.FailIPAddress
		return
	}
	if present < mfa.MaxCredentials {
		section.AddURL = v.tenant.Path(pathAddPasskey)
		return
	}
	section.Full = mfa.MaxCredentials
	if v.r.URL.Query().Get("done") == doneFull {
		page.Notice = &hosted.Notice{
			Tone: hosted.ToneWarn, Title: hosted.Say("settings.passkeys.not_added"), Text: hosted.Say("settings.passkeys.not_added_text"),
		}
	}
}

func (p *Pages) passkeyRow(v *visit, c *mfa.Credential, editable bool) hosted.PasskeyRow {
	row := hosted.PasskeyRow{
		ID: c.ID, Name: p.nameOf(v, c), Kind: hosted.KindThisDevice, Model: c.Model(),
		Synced: c.Kind() == mfa.Synced, AddedAt: c.CreatedAt,
	}
	if c.Kind() == mfa.SecurityKey {
		row.Kind = hosted.KindSecurityKey
	}
	if c.LastUsedAt != nil {
		row.UsedAt = *c.LastUsedAt
	}
	if editable {
		row.RenameURL = v.tenant.Path("/account/passkey/" + url.PathEscape(c.ID) + "/rename")
		row.RemoveURL = v.tenant.Path("/account/passkey/" + url.PathEscape(c.ID) + "/remove")
	}
	return row
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// What has just happened, as the settings' query says it.
const (
	doneAvatar       = "avatar"
	doneNoAvatar     = "avatar-removed"
	doneName         = "name"
	doneNoName       = "name-removed"
	doneUsername     = "username"
	donePassword     = "password"
	donePasskey      = "passkey"
	doneRename       = "passkey-renamed"
	doneRemoval      = "passkey-removed"
	doneGone         = "passkey-gone"
	doneFull         = "passkeys-full"
	doneSessionEnded = "session-ended"
	doneAppRemoved   = "app-removed"
)

// sectionOf names the section of the settings that each of them changed.
var sectionOf = map[string]string{
	doneAvatar: "avatar", doneNoAvatar: "avatar", doneName: "name", doneNoName: "name", doneUsername: "username", donePassword: "password",
	donePasskey: "two-factor", doneRename: "two-factor", doneRemoval: "two-factor", doneGone: "two-factor", doneFull: "two-factor",
	doneSessionEnded: "sessions", doneAppRemoved: "apps",
}

func good(key string, args ...any) *hosted.Notice {
	return &hosted.Notice{Tone: hosted.ToneGood, Title: hosted.Say(key, args...)}
}

// notice says what has just happened. The query is anybody's to write, so it
// chooses among our own sentences.
func notice(done string) *hosted.Notice {
	switch done {
	case doneAvatar:
		return good("settings.avatar.saved")
	case doneNoAvatar:
		return good("settings.avatar.removed")
	case doneName:
		return good("settings.name.saved")
	case doneNoName:
		return good("settings.name.removed")
	case doneUsername:
		return good("settings.username.saved")
	case donePassword:
		return good("settings.password.saved")
	case doneRemoval:
		return good("settings.passkeys.removed")
	case doneGone:
		return &hosted.Notice{Tone: hosted.ToneWarn, Title: hosted.Say("settings.passkeys.gone")}
	case doneSessionEnded:
		return good("settings.sessions.ended")
	case doneAppRemoved:
		return good("settings.apps.removed")
	default:
		return nil
	}
}

// noticeOf says what has just happened to a passkey of the person. asked says that
// signing in asks for it.
func noticeOf(done, name string, asked bool) *hosted.Notice {
	switch done {
	case donePasskey:
		n := good("settings.passkeys.saved", "name", name)
		if asked {
			n.Text = hosted.Say("settings.passkeys.saved_text")
		}
		return n
	case doneRename:
		return good("settings.passkeys.renamed", "name", name)
	default:
		return nil
	}
}
