// Package settingsapi is the Management API of a tenant's small settings: what
// the console remembers, the life of sessions, what ID tokens carry, and the
// keys of the OpenID provider.
package settingsapi

import (
	"time"

	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/web"
)

// API serves the operations.
type API struct {
	Clock   clock.Clock
	Keyring *crypt.Keyring
	// KeyGrace is how long a new signing key is published before it signs, where a
	// rotation does not say; zero rotates at once.
	KeyGrace time.Duration
	// Unguarded says that outbound requests may reach private networks.
	Unguarded bool
	// Operator guards every operation.
	Operator web.Guard
}

// Table returns the routes.
func (a *API) Table() web.Table {
	operator := web.Guarded(a.Operator)
	return web.Table{Document: "management", Tag: "Configs", Routes: []web.Route{
		web.Get("/api/configs/client-registration", a.registration, operator,
			web.Doc("GetClientRegistrationConfig", "Get whether clients may register themselves"), web.Fails(401, 403),
			web.About("And as what (RFC 7591). They are third-party applications: their users are always asked, within what "+
				"/api/cimd/user-consent-scopes and their own user-consent-scopes allow.")),
		web.Patch("/api/configs/client-registration", a.patchRegistration, operator,
			web.Doc("UpdateClientRegistrationConfig", "Change whether clients may register themselves"), web.Fails(400, 401, 403, 422),
			web.About("Without initialAccessTokenRequired anybody can register a client. Clients that are registered already stay as "+
				"they are. Every unusedClientDays after it was registered, a client goes that no user allows anything. Refused where "+
				"outbound requests are not kept from private networks.")),
		web.Get("/api/configs/admin-console", a.console, operator,
			web.Doc("GetAdminConsoleConfig", "Get what the console remembers"), web.Fails(401, 403, 404),
			web.About("Which steps of getting started were taken.")),
		web.Patch("/api/configs/admin-console", a.patchConsole, operator,
			web.Doc("UpdateAdminConsoleConfig", "Change what the console remembers"), web.Fails(400, 401, 403, 404),
			web.About("Properties that are not given stay as they are.")),
		web.Get("/api/configs/oidc/session", a.session, operator,
			web.Doc("GetOidcSessionConfig", "Get the life of sessions"), web.Fails(401, 403),
			web.About("In seconds, counted from the last use of a session.")),
		web.Patch("/api/configs/oidc/session", a.patchSession, operator,
			web.Doc("UpdateOidcSessionConfig", "Change the life of sessions"), web.Fails(400, 401, 403),
			web.About("Holds for sessions that begin or are renewed from now on.")),
		web.Get("/api/configs/oidc/additional-keys", a.additionalKeys, operator,
			web.Doc("ListAdditionalSigningKeys", "List additional signing keys"), web.Fails(401, 403),
			web.About("Keys beside the primary one, for applications that choose another algorithm for their ID tokens. They are "+
				"published after the private keys.")),
		web.Post("/api/configs/oidc/additional-keys", a.addKey, operator,
			web.Doc("AddSigningKey", "Add a signing key"), web.Fails(400, 401, 403),
			web.About("Applications can choose its algorithm at once. An additional key with the same algorithm signs no more, but "+
				"stays published so that its tokens still verify.")),
		web.Delete("/api/configs/oidc/additional-keys/{keyId}", a.deleteAdditionalKey, operator,
			web.Doc("DeleteAdditionalSigningKey", "Delete an additional signing key"), web.Fails(401, 403, 404, 422),
			web.About("What it signed no longer verifies. Refused while applications have chosen its algorithm and no other key "+
				"would sign for them.")),
		web.Get("/api/configs/oidc/dpop", a.dpop, operator,
			web.Doc("GetOidcDpopConfig", "Get how proofs of possession are handled"), web.Fails(401, 403),
			web.About("Whether tokens are bound to the keys of clients that send DPoP proofs (RFC 9449).")),
		web.Patch("/api/configs/oidc/dpop", a.patchDPoP, operator,
			web.Doc("UpdateOidcDpopConfig", "Change how proofs of possession are handled"), web.Fails(400, 401, 403),
			web.About("Switched on, tokens of clients that send a DPoP proof are bound to its key. Switched off, no proof is looked "+
				"at when tokens are issued, unless the application requires one; bound access tokens keep needing theirs. With "+
				"nonceRequired every proof must hold a nonce of the provider.")),
		web.Get("/api/configs/oidc/{keyType}", a.keys, operator,
			web.Doc("GetOidcKeys", "List keys"), web.Fails(400, 401, 403),
			web.About("private-keys sign tokens, cookie-keys sign cookies. The keys themselves are never shown. Creation is in "+
				"seconds, the moment at which a next key takes over in milliseconds.")),
		web.Delete("/api/configs/oidc/{keyType}/{keyId}", a.deleteKey, operator,
			web.Doc("DeleteOidcKey", "Delete a key"), web.Fails(400, 401, 403, 404, 422),
			web.About("Of private keys only a previous one: what it signed no longer verifies. Of cookie keys any but the last.")),
		web.Post("/api/configs/oidc/{keyType}/rotate", a.rotate, operator,
			web.Doc("RotateOidcKeys", "Rotate keys"), web.Fails(400, 401, 403, 422),
			web.About("The old key stays published so that its tokens still verify. With a grace period, in seconds, the new key "+
				"is published first and signs only after it, so that caches of the key set can follow. Without one, that of the "+
				"environment variable PRIVATE_KEY_ROTATION_GRACE_PERIOD holds for private keys.")),
		web.Get("/api/configs/cimd", a.cimd, operator,
			web.Doc("GetCimdConfig", "Get whether unregistered clients are served"), web.Fails(401, 403),
			web.About("Such a client is known by the address of a client ID metadata document, in which it describes itself.")),
		web.Patch("/api/configs/cimd", a.patchCIMD, operator,
			web.Doc("UpdateCimdConfig", "Change whether unregistered clients are served"), web.Fails(400, 401, 403, 422),
			web.About("Their users are always asked, within what /api/cimd/user-consent-scopes allows. Refused where outbound "+
				"requests are not kept from private networks.")),
		web.Get("/api/configs/id-token", a.idToken, operator,
			web.Doc("GetIdTokenConfig", "Get what ID tokens carry"), web.Fails(401, 403, 404),
			web.About("The claims that can make an ID token large, and that it carries all the same.")),
		web.Put("/api/configs/id-token", a.putIDToken, operator,
			web.Doc("UpsertIdTokenConfig", "Set what ID tokens carry"), web.Fails(400, 401, 403),
			web.About("Replaces the list of claims.")),
	}}
}
