// Package passcodeapi is the Management API of one-time tokens.
package passcodeapi

import (
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/web"
)

// API serves the operations.
type API struct {
	Clock   clock.Clock
	Keyring *crypt.Keyring
	// Operator guards every operation.
	Operator web.Guard
}

// Table returns the routes.
func (a *API) Table() web.Table {
	operator := web.Guarded(a.Operator)
	return web.Table{Document: "management", Tag: "One-time tokens", Routes: []web.Route{
		web.Get("/api/one-time-tokens", a.list, operator, web.PagedIfAsked(),
			web.Doc("ListOneTimeTokens", "List one-time tokens"), web.Fails(400, 401, 403),
			web.About("The newest first, everything unless a page is asked for. A token whose time is over counts as expired.")),
		web.Post("/api/one-time-tokens", a.create, operator, web.Status(201),
			web.Doc("AddOneTimeTokens", "Create a one-time token"), web.Fails(400, 401, 403),
			web.About("Send the token to the address in a link. Who comes back with both has proven to read that mailbox. It lives 600 seconds unless expiresIn says otherwise.")),
		web.Post("/api/one-time-tokens/verify", a.verify, operator,
			web.Doc("VerifyOneTimeToken", "Verify a one-time token"), web.Fails(400, 401, 403, 404),
			web.About("Consumes the token. The address must be written exactly as when the token was made.")),
		web.Get("/api/one-time-tokens/{id}", a.get, operator,
			web.Doc("GetOneTimeToken", "Get a one-time token"), web.Fails(400, 401, 403, 404),
			web.About("Answers the value of the token too.")),
		web.Delete("/api/one-time-tokens/{id}", a.remove, operator,
			web.Doc("DeleteOneTimeToken", "Delete a one-time token"), web.Fails(400, 401, 403, 404),
			web.About("The link that carries it no longer works.")),
		web.Put("/api/one-time-tokens/{id}/status", a.setStatus, operator,
			web.Doc("ReplaceOneTimeTokenStatus", "End a one-time token"), web.Fails(400, 401, 403, 404),
			web.About("Marks the token as consumed, revoked or expired. None can be made active again.")),
	}}
}

// Table returns the routes.
func (c *Codes) Table() web.Table {
	operator := web.Guarded(c.Operator)
	return web.Table{Document: "management", Tag: "Verification codes", Routes: []web.Route{
		web.Post("/api/verification-codes", c.send, operator,
			web.Doc("CreateVerificationCode", "Send a verification code"), web.Fails(400, 401, 403, 429, 501),
			web.About("To an email address or a phone number, with country code and without plus sign. Answers 501 while no "+
				"connector is set up that could send it.")),
		web.Post("/api/verification-codes/verify", c.verify, operator,
			web.Doc("VerifyVerificationCode", "Verify a verification code"), web.Fails(400, 401, 403),
			web.About("Consumes the code. The address or number must be the one to which it was sent.")),
	}}
}
