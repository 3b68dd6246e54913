// Package protectedresource describes API resources to clients that know no more
// than their address (RFC 9728): whose tokens they take, and with which scopes.
package protectedresource

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"signet/internal/oidc/dpop"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/resource"
	"signet/internal/settings"
	"signet/internal/tenant"
)

// ErrNoAddress: clients cannot find metadata of what is no web address.
var ErrNoAddress = errs.New(422, "resource.indicator_is_no_address")

// Metadata are protected resource metadata (RFC 9728 section 2).
type Metadata struct {
	Resource             string   `json:"resource" example:"https://api.example.com"`
	AuthorizationServers []string `json:"authorization_servers"`
	Scopes               []string `json:"scopes_supported,omitempty"`
	BearerMethods        []string `json:"bearer_methods_supported"`
	Name                 string   `json:"resource_name" example:"Orders"`
	DPoPAlgorithms       []string `json:"dpop_signing_alg_values_supported,omitempty"`
}

// Of returns the metadata of a resource of the tenant, or ErrNoAddress.
func Of(ctx context.Context, q db.Q, t *tenant.Tenant, r *resource.Resource) (*Metadata, error) {
	u, err := url.Parse(r.Indicator)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.Fragment != "" {
		return nil, ErrNoAddress
	}
	m := &Metadata{Resource: r.Indicator, AuthorizationServers: []string{t.Issuer()}, BearerMethods: []string{"header"}, Name: r.Name}
	scopes, err := resource.Scopes(ctx, q, r.ID)
	if err != nil {
		return nil, err
	}
	for _, s := range scopes {
		m.Scopes = append(m.Scopes, s.Name)
	}
	proofs, err := settings.GetDPoP(ctx, q)
	if err == nil && proofs.Enabled {
		m.DPoPAlgorithms = dpop.Algorithms
	}
	return m, err
}

// Below returns the metadata of the resource that lies at a path below the
// tenant's endpoint, as it is escaped there, or resource.ErrNotFound. A path of
// none and "/" are the same (RFC 9728 section 3.1).
func Below(ctx context.Context, q db.Q, t *tenant.Tenant, path string) (*Metadata, error) {
	indicators := []string{t.URL(path)}
	if strings.Trim(path, "/") == "" {
		indicators = []string{t.URL(""), t.URL("/")}
	}
	for _, indicator := range indicators {
		r, err := resource.ByIndicator(ctx, q, indicator)
		if err == nil {
			return Of(ctx, q, t, r)
		}
		if !errors.Is(err, resource.ErrNotFound) {
			return nil, err
		}
	}
	return nil, resource.ErrNotFound
}
