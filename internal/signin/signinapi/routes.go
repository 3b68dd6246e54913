// Package signinapi is the Experience API: the steps of signing in for user
// interfaces that talk JSON. It translates between HTTP and the engine of
// package signin, and decides nothing.
package signinapi

import (
	"signet/internal/oidc/authorize"
	"signet/internal/platform/web"
)

const (
	core         = "/api/experience"
	verification = core + "/verification"
	profile      = core + "/profile"
)

// Routes is the table of this API.
func Routes(h *Handlers) web.Table {
	in := web.Guarded(h.interaction())
	return web.Table{Document: "experience", Tag: "Experience", Routes: []web.Route{
		web.Put(core, h.start, in, web.Doc("InitInteraction", "Begin, or begin anew"), web.Fails(400, 422)),
		web.Put(core+"/interaction-event", h.switchEvent, in, web.Doc("UpdateInteractionEvent", "Change between signing in and signing up"), web.Fails(400, 403)),
		web.Get(core+"/interaction", h.show, in, web.Doc("GetInteraction", "Get the public state of the interaction")),
		web.Post(core+"/identification", h.identify, in, web.Doc("IdentifyUser", "Identify the user, or create one"), web.Fails(201, 400, 401, 403, 404, 409, 422)),
		web.Post(core+"/submit", h.submit, in, web.Doc("SubmitInteraction", "Complete the interaction"), web.Fails(400, 401, 403, 404, 422)),
		web.Get(core+"/sso-connectors", h.ssoConnectors, in, web.Doc("GetEnabledSsoConnectors", "Find the enterprise connectors of an email address"), web.Fails(400)),

		web.Post(verification+"/password", h.verifyPassword, in, web.Doc("CreatePasswordVerification", "Verify a password"), web.Fails(400, 401, 409, 422)),
		web.Post(verification+"/new-password-identity", h.newPasswordIdentity, in, web.Doc("CreateNewPasswordIdentityVerification", "Check a username and a password for a new user"), web.Fails(400, 422)),
		web.Post(verification+"/web-authn/registration", h.startRegistration, in, web.Doc("CreateWebAuthnRegistrationVerification", "Begin to register a passkey"), web.Fails(400, 404, 422)),
		web.Post(verification+"/web-authn/registration/verify", h.finishRegistration, in, web.Doc("VerifyWebAuthnRegistrationVerification", "Verify the registration of a passkey"), web.Fails(400, 404)),
		web.Post(verification+"/web-authn/authentication", h.startAuthentication, in, web.Doc("CreateWebAuthnAuthenticationVerification", "Begin to ask for a passkey"), web.Fails(400, 404)),
		web.Post(verification+"/web-authn/authentication/verify", h.finishAuthentication, in, web.Doc("VerifyWebAuthnAuthenticationVerification", "Verify a passkey"), web.Fails(400, 404)),

		web.Post(profile, h.addProfile, in, web.Doc("AddUserProfile", "Add to the user's profile"), web.Fails(400, 403, 404, 422)),
		web.Post(core+"/user-assets/avatar", h.uploadAvatar, in, web.Doc("UploadExperienceAvatar", "Upload a picture of the new user"), web.Fails(400, 403, 404, 429, 500, 503)),
		web.Post(profile+"/mfa", h.bindFactor, in, web.Doc("BindMfaVerification", "Add a second factor"), web.Fails(400, 403, 404, 422)),
		web.Post(profile+"/mfa/passkey", h.bindPasskey, in, web.Doc("BindPasskey", "Add a passkey for signing in"), web.Fails(400, 404)),
		web.Post(profile+"/mfa/mfa-enabled", h.enableMFA, in, web.Doc("MarkMfaEnabled", "Choose to use a second factor"), web.Fails(400, 403, 404)),
		web.Post(profile+"/mfa/mfa-skipped", h.skipMFA, in, web.Doc("SkipMfaBindingFlow", "Decline a second factor"), web.Fails(400, 403, 404, 422)),
		web.Post(profile+"/mfa/mfa-suggestion-skipped", h.skipFurtherFactor, in, web.Doc("SkipMfaSuggestion", "Decline one more second factor"), web.Fails(400, 403, 404, 422)),
		web.Post(profile+"/mfa/passkey-skipped", h.skipPasskey, in, web.Doc("SkipPasskeyBinding", "Decline a passkey for signing in"), web.Fails(400, 404)),
	}}.OnError(authorize.WriteError)
}
