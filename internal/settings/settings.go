// Package settings holds the small documents that configure a tenant, each
// stored whole under a key of its own: the life of sessions, what ID tokens may
// carry.
package settings

import (
	"context"
	"errors"
	"slices"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/web"
)

// Family is the cache family of what the OpenID provider of a tenant is
// configured with: these documents and its keys.
const Family = "oidc"

// Keys of the documents.
const (
	keySession = "session"
	keyIDToken = "idToken"
	keyDPoP    = "dpop"
)

// Limits of a session's life.
const (
	DefaultSessionTTL = 14 * 24 * time.Hour
	MaxSessionTTL     = 365 * 24 * time.Hour
)

// Session configures browser sessions.
type Session struct {
	// TTL is the life of an unused session in seconds.
	TTL int64 `json:"ttl"`
}

// ExtendedClaims are the claims that ID tokens carry only where the tenant says
// so, because they can make a token large.
var ExtendedClaims = []string{
	"custom_data", "identities", "sso_identities", "roles", "organizations", "organization_data", "organization_roles",
}

// IDToken configures the content of ID tokens.
type IDToken struct {
	EnabledExtendedClaims []string `json:"enabledExtendedClaims"`
}

// DPoP configures proofs of possession (RFC 9449).
type DPoP struct {
	// Enabled binds tokens to the keys of clients that prove to hold one.
	Enabled bool `json:"enabled"`
	// NonceRequired demands in every proof a value that the provider has given out.
	NonceRequired bool `json:"nonceRequired"`
}

// OIDC is everything that the provider reads of the settings.
type OIDC struct {
	SessionTTL time.Duration
	// ExtendedClaims are the names that ID tokens may carry.
	ExtendedClaims []string
	// TakesDocuments says that clients may be known by an address; see CIMD.
	TakesDocuments bool
	DPoP           DPoP
	Registration   Registration
}

// Reader reads settings through a cache.
type Reader struct {
	cache *db.Cache[string, OIDC]
}

// NewReader returns a reader of the tenants in p.
func NewReader(p *db.Pool) *Reader {
	return &Reader{cache: db.NewCache[string, OIDC](p, Family, 1024)}
}

// OIDC returns the provider's settings of the tenant of q.
func (r *Reader) OIDC(ctx context.Context, q db.Q) (OIDC, error) {
	return r.cache.Get(ctx, q, "", readOIDC)
}

func readOIDC(ctx context.Context, q db.Q) (OIDC, error) {
	ttl, err := SessionTTL(ctx, q)
	if err != nil {
		return OIDC{}, err
	}
	tokens, err := GetIDToken(ctx, q)
	if err != nil {
		return OIDC{}, err
	}
	cimd, err := GetCIMD(ctx, q)
	if err != nil {
		return OIDC{}, err
	}
	proofs, err := GetDPoP(ctx, q)
	if err != nil {
		return OIDC{}, err
	}
	registration, err := GetRegistration(ctx, q)
	if err != nil {
		return OIDC{}, err
	}
	out := OIDC{SessionTTL: ttl, TakesDocuments: cimd.Enabled, DPoP: proofs, Registration: *registration}
	if tokens != nil {
		out.ExtendedClaims = tokens.EnabledExtendedClaims
	}
	return out, nil
}

// SessionTTL returns the life of sessions, the default where none is set.
func SessionTTL(ctx context.Context, q db.Q) (time.Duration, error) {
	session, err := get[Session](ctx, q, keySession)
	if err != nil || session == nil {
		return DefaultSessionTTL, err
	}
	return time.Duration(session.TTL) * time.Second, nil
}

// PutSession stores the life of sessions, at most MaxSessionTTL.
func PutSession(ctx context.Context, tx *db.Tx, now int64, s Session) error {
	if s.TTL < 1 || s.TTL > int64(MaxSessionTTL.Seconds()) {
		return web.Invalid("ttl", "must be 1 to 31536000 seconds")
	}
	return put(ctx, tx, now, keySession, s)
}

// GetDPoP returns how proofs of possession are handled, switched off where
// nothing is set.
func GetDPoP(ctx context.Context, q db.Q) (DPoP, error) {
	c, err := get[DPoP](ctx, q, keyDPoP)
	if err != nil || c == nil {
		return DPoP{}, err
	}
	return *c, nil
}

// PutDPoP stores how proofs of possession are handled.
func PutDPoP(ctx context.Context, tx *db.Tx, now int64, c DPoP) error {
	return put(ctx, tx, now, keyDPoP, c)
}

// GetIDToken returns what ID tokens carry; nil where nothing is set.
func GetIDToken(ctx context.Context, q db.Q) (*IDToken, error) {
	return get[IDToken](ctx, q, keyIDToken)
}

// PutIDToken stores what ID tokens carry, members of ExtendedClaims.
func PutIDToken(ctx context.Context, tx *db.Tx, now int64, c IDToken) error {
	for _, name := range c.EnabledExtendedClaims {
		if !slices.Contains(ExtendedClaims, name) {
			return web.Invalid("enabledExtendedClaims", "must be names of extended claims")
		}
	}
	if c.EnabledExtendedClaims == nil {
		c.EnabledExtendedClaims = []string{}
	}
	return put(ctx, tx, now, keyIDToken, c)
}

// Seed stores what a new tenant begins with.
func Seed(ctx context.Context, tx *db.Tx, now int64) error {
	return PutIDToken(ctx, tx, now, IDToken{EnabledExtendedClaims: []string{"roles", "organizations", "organization_roles"}})
}

// get returns the document of a key; nil if there is none.
func get[T any](ctx context.Context, q db.Q, key string) (*T, error) {
	value, err := db.One[db.JSON[T]](ctx, q, `SELECT value FROM tenant_settings WHERE tenant_id = $1 AND key = $2`, key)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &value.V, nil
}

func put(ctx context.Context, tx *db.Tx, now int64, key string, value any) error {
	_, err := tx.Exec(ctx, `INSERT INTO tenant_settings (tenant_id, key, value, updated_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (tenant_id, key) DO UPDATE SET value = excluded.value, version = tenant_settings.version + 1,
			updated_at = excluded.updated_at`, key, db.JSON[any]{V: value}, now)
	if err != nil {
		return err
	}
	return tx.Touch(ctx, Family)
}
