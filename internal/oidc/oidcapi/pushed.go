package oidcapi

import (
	"net/http"

	"signet/internal/oidc/authorize"
	"signet/internal/oidc/client"
	"signet/internal/oidc/dpop"
	"signet/internal/oidc/proto"
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
	if err := a.bindPushed(w, r, c, params); err != nil {
		return err
	}
	uri, err := a.authorize.Push(r.Context(), tenant.From(r.Context()).DB, params)
	if err != nil {
		return err
	}
	noStore(w)
	return web.WriteJSON(w, r, http.StatusCreated, pushed{ExpiresIn: int64(authorize.PushedTTL.Seconds()), RequestURI: uri})
}

// bindPushed binds a request to the key that its client proves to hold, as the
// parameter dpop_jkt does (RFC 9449 section 10.1).
func (a *API) bindPushed(w http.ResponseWriter, r *http.Request, c *client.Authenticated, params proto.Params) error {
	if !dpop.IsSent(r) {
		return nil
	}
	key, err := a.proofs.KeyOf(w, r, c.RequiresDPoP)
	if err != nil || key == "" {
		return err
	}
	if params.Has(authorize.ParamKey) && params.Get(authorize.ParamKey) != key {
		return proto.ErrInvalidDPoPProof.Describe("dpop_jkt is not the key of the DPoP proof")
	}
	params[authorize.ParamKey] = []string{key}
	return nil
}
