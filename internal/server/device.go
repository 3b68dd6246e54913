package server

import (
	"signet/internal/hosted"
	"signet/internal/oidc/authorize"
	"signet/internal/oidc/oidcapi"
)

// codeTroubles are the words for what is wrong with a user code.
var codeTroubles = map[authorize.CodeError]string{
	authorize.CodeMissing:     "device.error.missing",
	authorize.CodeUnknown:     "device.error.unknown",
	authorize.CodeExpired:     "device.error.expired",
	authorize.CodeAlreadyUsed: "device.error.used",
	authorize.CodeUnproven:    "device.error.unproven",
}

// devicePage asks for the code of a device or, once it is known whose it is, to
// confirm it.
func devicePage(page oidcapi.DevicePage) hosted.Page {
	form := hosted.Form{Action: page.Action}
	if page.Asking != nil {
		confirm := hosted.ConfirmDevice{Form: form, XSRF: page.XSRF, Code: page.UserCode, App: page.Asking.Title()}
		if branding := page.Asking.Branding; branding != nil && branding.LogoURL != nil {
			confirm.AppLogo = *branding.LogoURL
		}
		return confirm
	}
	shown := hosted.DeviceCode{Form: form, XSRF: page.XSRF, Code: hosted.Field{Value: page.UserCode}}
	if words, ok := codeTroubles[page.Trouble]; ok {
		shown.Code = hosted.Invalid(page.UserCode, hosted.Say(words))
	}
	if page.Trouble == authorize.CodeAborted {
		shown.Notice = &hosted.Notice{Title: hosted.Say("device.refused.title"), Text: hosted.Say("device.refused.text")}
	}
	return shown
}
