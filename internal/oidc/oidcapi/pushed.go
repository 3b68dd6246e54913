package oidcapi

import (
	"net/http"

	"signet/internal/oidc/authorize"
	"signet/internal/oidc/client"
	"signet/internal/oidc/dpop"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// pushed is the answer to a pushed authorization request (RFC 9126 section 2.2).
type pushed struct {
	ExpiresIn  int64  `json:"expires_in"` // seconds
	RequestURI string `json:"request_uri"`
}

// push takes an authorization request from the client itself, so that nothing of
// it passes through a browser.
func (a *API) push(w http.ResponseWriter, r *http.Request) error {
	params, c, err := a.receive(w, r)
	if err != nil {
		return err
	}
	params["client_id"] = []string{c.ID}
	key, err := a.keyOfPush(w, r, c)
	if err != nil {
		return err
	}
	uri, err := a.authorize.Push(r.Context(), tenant.From(r.Context()).DB, params, key)
	if err != nil {
		return err
	}
	noStore(w)
	return web.WriteJSON(w, r, http.StatusCreated, pushed{ExpiresIn: int64(authorize.PushedTTL.Seconds()), RequestURI: uri})
}

// keyOfPush returns the key that the client proves to hold, "" for none: the request
// is bound to it (RFC 9449 section 10.1).
func (a *API) keyOfPush(w http.ResponseWriter, r *http.Request, c *client.Authenticated) (string, error) {
	if !dpop.IsSent(r) {
		return "", nil
	}
	return a.proofs.KeyOf(w, r, dpop.Sender{MustProve: c.RequiresDPoP, IsAnybody: c.IsAnybody()})
}
