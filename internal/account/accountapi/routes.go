// Package accountapi is self-service over HTTP: the Account API, the
// Verification API that proves who asks, and the published account-center
// settings. It reads requests, hands them to package account, and has no rules
// of its own.
package accountapi

import (
	"signet/internal/account"
	"signet/internal/accountcenter"
	"signet/internal/platform/web"
)

// API serves the operations.
type API struct {
	Account *account.Engine
	Center  *accountcenter.Cache
}

// Tables returns the routes.
func (a *API) Tables() []web.Table {
	token := web.Guarded(a.guard())
	return []web.Table{
		{Document: "user", Tag: "My account", Routes: []web.Route{
			web.Get("/api/my-account", a.get, token,
				web.Doc("GetProfile", "Get the account"), web.Fails(401, 403)),
			web.Patch("/api/my-account", a.patch, token,
				web.Doc("UpdateProfile", "Change name, avatar, username or custom data"), web.Fails(400, 401, 403, 422)),
			web.Patch("/api/my-account/profile", a.patchProfile, token,
				web.Doc("UpdateOtherProfile", "Change standard claims"), web.Fails(400, 401, 403)),
			web.Post("/api/my-account/user-assets/avatar", a.uploadAvatar, token,
				web.Doc("UploadAccountAvatar", "Upload a picture of the user"), web.Fails(400, 401, 403, 429, 500),
				web.About("Answers with the URL of the picture: a JPEG, PNG, GIF, WebP or BMP. It is not the user's avatar until "+
					"the account is changed to it.")),
			web.Post("/api/my-account/password", a.setPassword, token,
				web.Doc("UpdatePassword", "Set the password"), web.Fails(400, 401, 403, 422)),

			web.Get("/api/my-account/mfa-verifications", a.factors, token,
				web.Doc("GetMfaVerifications", "List second factors"), web.Fails(400, 401, 403)),
			web.Post("/api/my-account/mfa-verifications", a.bindFactor, token,
				web.Doc("AddMfaVerification", "Add a second factor"), web.Fails(400, 401, 403, 422)),
			web.Patch("/api/my-account/mfa-verifications/{verificationId}/name", a.renameFactor, token, web.Status(200),
				web.Doc("UpdateMfaVerificationName", "Name a passkey"), web.Fails(400, 401, 403)),
			web.Delete("/api/my-account/mfa-verifications/{verificationId}", a.removeFactor, token,
				web.Doc("DeleteMfaVerification", "Remove a second factor"), web.Fails(400, 401, 403)),
			web.Get("/api/my-account/mfa-settings", a.mfaSettings, token,
				web.Doc("GetMfaSettings", "Get settings of second factors"), web.Fails(400, 401, 403)),
			web.Patch("/api/my-account/mfa-settings", a.changeMFASettings, token,
				web.Doc("UpdateMfaSettings", "Change settings of second factors"), web.Fails(400, 401, 403)),
			web.Get("/api/my-account/logto-configs", a.configs, token,
				web.Doc("GetLogtoConfig", "Get choices made while signing in"), web.Fails(400, 401, 403)),
			web.Patch("/api/my-account/logto-configs", a.changeConfigs, token,
				web.Doc("UpdateLogtoConfig", "Change choices made while signing in"), web.Fails(400, 401, 403)),

			web.Get("/api/my-account/sessions", a.sessions, token,
				web.Doc("GetSessions", "List sessions"), web.Fails(400, 401, 403, 500)),
			web.Delete("/api/my-account/sessions/{sessionId}", a.endSession, token,
				web.Doc("DeleteSessionById", "End a session"), web.Fails(400, 401, 403, 404, 500)),
			web.Get("/api/my-account/grants", a.grants, token,
				web.Doc("GetGrants", "List applications with access"), web.Fails(400, 401, 403, 500)),
			web.Delete("/api/my-account/grants/{grantId}", a.endGrant, token,
				web.Doc("DeleteGrantById", "Take access back from an application"), web.Fails(400, 401, 403, 404, 500)),
		}},
		{Document: "user", Tag: "Verifications", Routes: []web.Route{
			web.Post("/api/verifications/password", a.verifyPassword, token, web.Status(201),
				web.Doc("CreateVerificationByPassword", "Prove the password"), web.Fails(400, 401, 403, 422)),
			web.Post("/api/verifications/web-authn/registration", a.startRegistration, token,
				web.Doc("GenerateWebAuthnRegistrationOptions", "Begin to register a passkey"), web.Fails(400, 401, 403, 422)),
			web.Post("/api/verifications/web-authn/registration/verify", a.finishRegistration, token,
				web.Doc("VerifyWebAuthnRegistration", "Prove a new passkey"), web.Fails(400, 401, 403, 422)),
			web.Post("/api/verifications/web-authn/authentication", a.startProof, token,
				web.Doc("GenerateWebAuthnAuthenticationOptions", "Begin to prove a registered passkey"), web.Fails(400, 401, 403)),
			web.Post("/api/verifications/web-authn/authentication/verify", a.finishProof, token,
				web.Doc("VerifyWebAuthnAuthentication", "Prove a registered passkey, in place of the password"), web.Fails(400, 401, 403)),
		}},
		{Document: "management", Tag: "Well-known", Routes: []web.Route{
			web.Get("/api/.well-known/account-center", a.center,
				web.Doc("GetWellKnownAccountCenter", "Get what users may do with their accounts"),
				web.About("For pages on which people manage their own accounts, and open to everybody.")),
		}},
		{Document: "", Tag: "Account center", Routes: []web.Route{
			web.Get("/.well-known/webauthn", a.relatedOrigins,
				web.Doc("GetWebAuthnRelatedOrigins", "Get the origins that share passkeys")),
		}},
	}
}
