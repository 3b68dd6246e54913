package apptest

import (
	"context"
	"crypto/x509"
	"maps"
	"net/http"
	"net/url"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/application"
	"signet/internal/platform/crypt/jwttest"
	"signet/internal/platform/db"
	"signet/internal/resource"
	"signet/internal/role"
	"signet/internal/tenant"
)

// ManagementRole is the role of the default tenant that opens its Management
// API to machines.
const ManagementRole = "Logto Management API access"

// CreateMachine registers a machine-to-machine application that has the roles of
// the given names.
func (a *App) CreateMachine(t testing.TB, tenantID string, roles ...string) *Client {
	t.Helper()
	c := a.CreateAppIn(t, tenantID, application.Application{Name: "Robot", Type: application.MachineToMachine})
	a.Tx(t, tenantID, func(ctx context.Context, tx *db.Tx) error {
		for _, name := range roles {
			r, err := role.ByName(ctx, tx, name)
			if err != nil {
				return err
			}
			if err := role.AssignApplication(ctx, tx, c.ID, r.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return c
}

// MachineToken returns the access token that a machine gets for a resource.
func (b *Browser) MachineToken(c *Client, indicator, scope string) string {
	b.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "resource": {indicator}}
	if scope != "" {
		form.Set("scope", scope)
	}
	a := b.Token(c, form)
	if a.StatusCode != http.StatusOK {
		b.t.Fatalf("token: %d %s", a.StatusCode, a.Text)
	}
	return a.String("access_token")
}

// ManagementToken returns an access token of a new machine for the Management
// API of the default tenant.
func (a *App) ManagementToken(t testing.TB) string {
	t.Helper()
	c := a.CreateMachine(t, tenant.Default, ManagementRole)
	return a.Browser(t).MachineToken(c, resource.ManagementIndicator(tenant.Default), resource.ManagementScope)
}

// SignJWT signs claims with the tenant's current key, under an access token's
// header that header changes; a nil value takes a member out.
func (a *App) SignJWT(t testing.TB, tenantID string, header, claims map[string]any) string {
	t.Helper()
	type signingKey struct {
		ID        string `db:"id"`
		Algorithm string `db:"algorithm"`
		Sealed    []byte `db:"key_sealed"`
	}
	key, err := db.One[signingKey](t.Context(), a.Pool.For(tenantID), `SELECT id, algorithm, key_sealed FROM signing_keys
		WHERE tenant_id = $1 AND purpose = 'oidc' AND role = 'primary' AND status = 'Current'`)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := a.Keyring.Open(key.Sealed, "signing_keys", "key_sealed", tenantID, key.ID)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.ParsePKCS8PrivateKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	full := map[string]any{"typ": "at+jwt"}
	maps.Copy(full, header)
	return jwttest.Sign(t, key.Algorithm, jose.JSONWebKey{Key: private, KeyID: key.ID}, full, claims)
}

// ManagementClaims are what an access token of a tenant says that is good for a
// call of the Management API of the tenant at; change adjusts them, and a nil
// value takes a claim out.
func (a *App) ManagementClaims(tenantID, at, subject, clientID string, change map[string]any) map[string]any {
	now := a.Clock.Now().Unix()
	claims := map[string]any{
		"jti": "j", "iss": a.Tenant(tenantID).Issuer(), "sub": subject, "aud": resource.ManagementIndicator(at),
		"client_id": clientID, "scope": resource.ManagementScope, "iat": now, "exp": now + 3600,
	}
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}
