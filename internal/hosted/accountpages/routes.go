package accountpages

import "signet/internal/platform/web"

// Table returns the routes of the account center.
func (p *Pages) Table() web.Table {
	return web.Table{Routes: []web.Route{
		web.Raw("GET", "/account", p.home),
		web.Raw("GET", "/account/profile", p.signedIn(p.settings)),
		web.Raw("GET", "/account/security", p.signedIn(p.settings)),
		web.Raw("GET", "/account/sessions", p.signedIn(p.settings)),
		web.Raw("POST", "/account/sign-out", p.signOut),

		web.Raw("GET", "/account/verified-action", p.signedIn(p.askStepUp)),
		web.Raw("POST", "/account/verified-action", p.signedIn(p.stepUp)),

		web.Raw("GET", "/account/name", p.signedIn(p.editName)),
		web.Raw("POST", "/account/name", p.signedIn(p.saveName)),
		web.Raw("GET", "/account/avatar", p.signedIn(p.editAvatar)),
		web.Raw("POST", "/account/avatar", p.sent(p.saveAvatar), web.MaxBody(web.MaxUpload)),
		web.Raw("POST", "/account/avatar/remove", p.signedIn(p.removeAvatar)),
		web.Raw("GET", "/account/username", p.signedIn(p.editUsername)),
		web.Raw("POST", "/account/username", p.signedIn(p.saveUsername)),
		web.Raw("GET", "/account/password", p.signedIn(p.editPassword)),
		web.Raw("POST", "/account/password", p.signedIn(p.savePassword)),

		web.Raw("GET", "/account/avatar/success", p.signedIn(p.succeeded("task_done.avatar"))),
		web.Raw("GET", "/account/name/success", p.signedIn(p.succeeded("settings.name.saved"))),
		web.Raw("GET", "/account/username/success", p.signedIn(p.succeeded("settings.username.saved"))),
		web.Raw("GET", "/account/password/success", p.signedIn(p.succeeded("settings.password.saved"))),
		web.Raw("GET", "/account/passkey/success", p.signedIn(p.succeeded("task_done.passkey"))),

		web.Raw("GET", pathAddPasskey, p.signedIn(p.createPasskey)),
		web.Raw("POST", pathAddPasskey, p.signedIn(p.passkeyCreated)),
		web.Raw("GET", "/account/passkey/name", p.signedIn(p.namePasskey)),
		web.Raw("POST", "/account/passkey/name", p.signedIn(p.savePasskey)),
		web.Raw("GET", "/account/passkey/manage", p.signedIn(p.settings)),
		web.Raw("GET", "/account/passkey/lost", p.signedIn(p.lostKey)),
		web.Raw("GET", "/account/passkey/{id}/rename", p.signedIn(p.renamePasskey)),
		web.Raw("POST", "/account/passkey/{id}/rename", p.signedIn(p.saveRename)),
		web.Raw("GET", "/account/passkey/{id}/remove", p.signedIn(p.removePasskey)),
		web.Raw("POST", "/account/passkey/{id}/remove", p.signedIn(p.saveRemoval)),

		web.Raw("GET", "/account/sessions/{uid}/end", p.signedIn(p.askEndSession)),
		web.Raw("POST", "/account/sessions/{uid}/end", p.signedIn(p.endSession)),
		web.Raw("GET", "/account/apps", p.signedIn(p.settings)),
		web.Raw("GET", "/account/apps/{id}/remove", p.signedIn(p.askRemoveApp)),
		web.Raw("POST", "/account/apps/{id}/remove", p.signedIn(p.removeApp)),
	}}
}
