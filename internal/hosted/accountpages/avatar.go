package accountpages

import (
	"net/http"

	"signet/internal/account"
	"signet/internal/accountcenter"
	"signet/internal/asset"
	"signet/internal/hosted"
	"signet/internal/platform/web"
)

// avatarRow shows the picture. There is no way to change it where nothing can be
// uploaded.
func (p *Pages) avatarRow(v *visit, page *hosted.Settings) {
	if !v.center.Readable(accountcenter.Avatar) {
		return
	}
	page.Avatar = &hosted.AvatarRow{IsSet: v.user.Avatar != nil}
	if v.center.Editable(accountcenter.Avatar) && p.Engine.Assets.Ready() {
		page.Avatar.EditURL = v.tenant.Path("/account/avatar")
	}
}

func (p *Pages) editAvatar(v *visit) error {
	if err := editable(v, accountcenter.Avatar); err != nil {
		return err
	}
	if !p.Engine.Assets.Ready() {
		return asset.ErrNotConfigured
	}
	return p.showAvatar(v, http.StatusOK, hosted.Field{})
}

func (p *Pages) showAvatar(v *visit, status int, field hosted.Field) error {
	page := hosted.EditAvatar{
		Menu: p.menu(v), Form: p.taskForm(v, "/account/avatar", nil), Picture: field, CancelURL: v.tenant.Path("/account"),
	}
	if v.user.Avatar != nil {
		page.Remove = p.taskForm(v, "/account/avatar/remove", nil)
	}
	return p.render(v, status, page)
}

// saveAvatar makes an uploaded picture the avatar at once.
func (p *Pages) saveAvatar(v *visit, file *web.File) error {
	url, err := p.Engine.UploadAvatar(v.ctx(), v.caller, file)
	if err == nil {
		_, err = p.Engine.ChangeBasics(v.ctx(), v.caller, account.Basics{Avatar: &url})
	}
	if err != nil {
		e, err := trouble(err)
		if err != nil {
			return err
		}
		return p.showAvatar(v, e.Status, hosted.Invalid("", hosted.SayError(e)))
	}
	return p.finish(v, doneAvatar, "")
}

func (p *Pages) removeAvatar(v *visit) error {
	if err := p.Engine.RemoveAvatar(v.ctx(), v.caller); err != nil {
		return err
	}
	return p.finish(v, doneNoAvatar, "")
}
