package accountcenter

import (
	"context"
	"errors"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
)

// ErrNotSeeded means that a tenant has no account-center settings: it was never
// seeded. No client can cause it.
var ErrNotSeeded = errors.New("accountcenter: the tenant has no account center")

// ErrConflict: the settings were changed by somebody else meanwhile.
var ErrConflict = errs.New(409, "request.conflict")

// family is the cache family of the settings.
const family = "account_center"

type row struct {
	Enabled          bool                      `db:"is_enabled"`
	Fields           db.JSON[map[Field]Access] `db:"fields"`
	RelatedOrigins   db.JSON[[]string]         `db:"webauthn_related_origins"`
	ProfileFields    *db.JSON[[]ProfileField]  `db:"profile_fields"`
	DeleteAccountURL *string                   `db:"delete_account_url"`
	CustomCSS        *string                   `db:"custom_css"`
	Version          int                       `db:"version"`
}

const columns = `is_enabled, fields, webauthn_related_origins, profile_fields, delete_account_url, custom_css, version`

// Get returns the settings of the tenant.
func Get(ctx context.Context, q db.Q) (*Settings, error) {
	r, err := db.One[row](ctx, q, `SELECT `+columns+` FROM account_centers WHERE tenant_id = $1`)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrNotSeeded
	}
	if err != nil {
		return nil, err
	}
	s := &Settings{
		TenantID: q.TenantID(), ID: "default", Enabled: r.Enabled, Fields: r.Fields.V,
		WebAuthnRelatedOrigins: r.RelatedOrigins.V, DeleteAccountURL: r.DeleteAccountURL,
		CustomCSS: r.CustomCSS, Version: r.Version,
	}
	if r.ProfileFields != nil {
		s.ProfileFields = r.ProfileFields.V
	}
	if s.Fields == nil {
		s.Fields = map[Field]Access{}
	}
	if s.WebAuthnRelatedOrigins == nil {
		s.WebAuthnRelatedOrigins = []string{}
	}
	return s, nil
}

// Insert stores the settings with which a tenant begins.
func Insert(ctx context.Context, tx *db.Tx, now int64, s *Settings) error {
	_, err := tx.Exec(ctx, `INSERT INTO account_centers (tenant_id, `+columns+`, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		s.Enabled, db.JSON[map[Field]Access]{V: s.Fields}, db.JSON[[]string]{V: s.WebAuthnRelatedOrigins},
		s.profileFields(), s.DeleteAccountURL, s.CustomCSS, s.Version, now)
	if err != nil {
		return err
	}
	return tx.Touch(ctx, family)
}

// Save stores changed settings; ErrConflict if s.Version is no longer the
// present one.
func Save(ctx context.Context, tx *db.Tx, now int64, s *Settings) error {
	n, err := tx.Exec(ctx, `UPDATE account_centers SET is_enabled = $2, fields = $3, webauthn_related_origins = $4,
			profile_fields = $5, delete_account_url = $6, custom_css = $7, version = version + 1, updated_at = $9
		WHERE tenant_id = $1 AND version = $8`,
		s.Enabled, db.JSON[map[Field]Access]{V: s.Fields}, db.JSON[[]string]{V: s.WebAuthnRelatedOrigins},
		s.profileFields(), s.DeleteAccountURL, s.CustomCSS, s.Version, now)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrConflict
	}
	return tx.Touch(ctx, family)
}

func (s *Settings) profileFields() *db.JSON[[]ProfileField] {
	if s.ProfileFields == nil {
		return nil
	}
	return &db.JSON[[]ProfileField]{V: s.ProfileFields}
}

// Cache reads settings that every self-service request needs.
type Cache struct {
	entries *db.Cache[struct{}, *Settings]
}

// NewCache returns a cache over a database; make one at start.
func NewCache(p *db.Pool) *Cache {
	return &Cache{entries: db.NewCache[struct{}, *Settings](p, family, 1024)}
}

// Get returns the settings of q's tenant. They are shared: callers must not
// change them, see Settings.Clone.
func (c *Cache) Get(ctx context.Context, q db.Q) (*Settings, error) {
	return c.entries.Get(ctx, q, struct{}{}, Get)
}
