// Package oidcapi is the provider's HTTP: API for clients (discovery, keys, tokens,
// userinfo, introspection, revocation, pushed requests, devices, registration),
// Browser for people (authorization, consent, user codes, sign-out). It decides
// nothing: the engines of oidc do.
package oidcapi

import (
	"net/http"

	"signet/internal/oidc/authorize"
	"signet/internal/oidc/client"
	"signet/internal/oidc/dpop"
	"signet/internal/oidc/grant"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/registration"
	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
	"signet/internal/settings"
	"signet/internal/tenant"
)

// API serves the endpoints.
type API struct {
	clock     clock.Clock
	clients   *client.Directory
	keys      *token.Keys
	tokens    *grant.Endpoint
	authorize *authorize.Engine
	settings  *settings.Reader
	proofs    *dpop.Verifier
	registrar *registration.Engine
	limiter   *sentinel.Limiter
	documents *db.Cache[string, *web.Fixed]
}

// New returns the endpoints of the tenants in p.
func New(p *db.Pool, engine *authorize.Engine, tokens *grant.Endpoint, proofs *dpop.Verifier, registrar *registration.Engine) *API {
	return &API{
		clock: engine.Clock, clients: engine.Clients, keys: engine.Keys, settings: engine.Settings,
		proofs: proofs, tokens: tokens, authorize: engine, registrar: registrar, limiter: engine.Limiter,
		documents: db.NewCache[string, *web.Fixed](p, settings.Family, 256),
	}
}

func (a *API) unknown(_ http.ResponseWriter, r *http.Request) error {
	return proto.UnknownRoute(r)
}

func (a *API) preflight(w http.ResponseWriter, r *http.Request) error {
	if !web.IsPreflight(r) {
		return a.unknown(w, r)
	}
	web.AllowOrigin(w, r)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// checkOrigin refuses scripts of an origin that is none of the client's, and
// keeps the answer from them.
func checkOrigin(w http.ResponseWriter, r *http.Request, c *client.Client) error {
	origin := r.Header.Get("Origin")
	if origin == "" || c.AllowsOrigin(origin, tenant.From(r.Context()).Origin()) {
		return nil
	}
	web.DisallowOrigin(w)
	return proto.ErrInvalidRequest.Describe("origin %s not allowed for client: %s", origin, c.ID)
}

// authenticate returns the client that sent a request, once it has proved to be
// itself and the browser, if it is one, may see the answer.
func (a *API) authenticate(w http.ResponseWriter, r *http.Request, p proto.Params) (*client.Authenticated, error) {
	t := tenant.From(r.Context())
	c, err := a.clients.Authenticate(r.Context(), t, t.DB, a.clock.Millis(), r, p)
	if c != nil {
		if originErr := checkOrigin(w, r, c.Client); originErr != nil {
			return c, originErr
		}
	}
	return c, err
}

// receive reads a POST of a client and has it prove to be itself.
func (a *API) receive(w http.ResponseWriter, r *http.Request) (proto.Params, *client.Authenticated, error) {
	web.AllowOrigin(w, r)
	params, err := proto.ReadBody(w, r)
	if err != nil {
		return nil, nil, err
	}
	c, err := a.authenticate(w, r, params)
	return params, c, err
}

// noStore keeps answers with tokens or personal data out of caches (RFC 6749
// section 5.1).
func noStore(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
}
