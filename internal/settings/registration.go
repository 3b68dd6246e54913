package settings

import (
	"context"
	"slices"

	"signet/internal/platform/db"
	"signet/internal/platform/web"
)

const keyRegistration = "clientRegistration"

// RegistrationGrants are the grant types that clients may register for, where the
// tenant lets them: those at whose beginning a person says yes.
var RegistrationGrants = []string{"authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"}

// MaxUnusedDays bounds how long clients are kept that nobody uses.
const MaxUnusedDays = 365

// Registration says whether clients may register themselves (RFC 7591), and as
// what.
type Registration struct {
	Enabled bool `json:"enabled"`
	// RequiresToken demands an initial access token; else anybody may register.
	RequiresToken bool `json:"initialAccessTokenRequired"`
	// GrantTypes are those of RegistrationGrants that a client may have.
	GrantTypes []string `json:"grantTypes"`
	// AllowsLoopback and AllowsCustomSchemes say where people may be sent back to
	// beside https addresses: to programs on their own device (RFC 8252).
	AllowsLoopback      bool `json:"loopbackRedirectUrisAllowed"`
	AllowsCustomSchemes bool `json:"customSchemeRedirectUrisAllowed"`
	// UnusedDays is after how many days a client goes that no user has allowed
	// anything, nil for never.
	UnusedDays *int64 `json:"unusedClientDays" check:"nullable" example:"30"`
}

// GetRegistration returns whether clients may register themselves; at first they
// may not.
func GetRegistration(ctx context.Context, q db.Q) (*Registration, error) {
	c, err := get[Registration](ctx, q, keyRegistration)
	if err == nil && c == nil {
		c = &Registration{RequiresToken: true, AllowsLoopback: true, GrantTypes: slices.Clone(RegistrationGrants[:2])}
	}
	return c, err
}

// PutRegistration stores whether clients may register themselves.
func PutRegistration(ctx context.Context, tx *db.Tx, now int64, c Registration) error {
	isOther := func(grant string) bool { return !slices.Contains(RegistrationGrants, grant) }
	if len(c.GrantTypes) == 0 || slices.ContainsFunc(c.GrantTypes, isOther) {
		return web.Invalid("grantTypes", "must be grant types that clients may register for")
	}
	if c.UnusedDays != nil && (*c.UnusedDays < 1 || *c.UnusedDays > MaxUnusedDays) {
		return web.Invalid("unusedClientDays", "must be 1 to 365")
	}
	return put(ctx, tx, now, keyRegistration, c)
}
