package user

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"signet/internal/platform/db"
)

// Identity is a user's account at a social provider.
type Identity struct {
	// UserID is the user's id there.
	UserID string `json:"userId" check:"max=128" example:"1234567890"`
	// Details is what the provider told of the user, if anything.
	Details map[string]any `json:"details,omitempty"`
}

type identityRow struct {
	UserID     string                   `db:"user_id"`
	Target     string                   `db:"target"`
	IdentityID string                   `db:"identity_id"`
	Details    *db.JSON[map[string]any] `db:"details"`
}

func (r identityRow) identity() Identity {
	i := Identity{UserID: r.IdentityID}
	if r.Details != nil {
		i.Details = r.Details.V
	}
	return i
}

// Identities returns the social identities of a user by the target, the name of
// the provider; never nil.
func Identities(ctx context.Context, q db.Q, id string) (map[string]Identity, error) {
	all, err := identitiesOf(ctx, q, id)
	if err != nil {
		return nil, err
	}
	return orEmpty(all[id]), nil
}

// identitiesOf returns the identities of several users; who has none is left
// out.
func identitiesOf(ctx context.Context, q db.Q, ids ...string) (map[string]map[string]Identity, error) {
	all := map[string]map[string]Identity{}
	if len(ids) == 0 {
		return all, nil
	}
	rows, err := db.All[identityRow](ctx, q, `SELECT user_id, target, identity_id, details FROM user_identities
		WHERE tenant_id = $1 AND user_id IN (`+db.Placeholders(2, len(ids))+`)`, db.Args(ids)...)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if all[r.UserID] == nil {
			all[r.UserID] = map[string]Identity{}
		}
		all[r.UserID][r.Target] = r.identity()
	}
	return all, nil
}

func orEmpty(identities map[string]Identity) map[string]Identity {
	if identities == nil {
		return map[string]Identity{}
	}
	return identities
}

// IdentityAt returns the identity of a user at a target, or ErrNoIdentity.
func IdentityAt(ctx context.Context, q db.Q, id, target string) (*Identity, error) {
	r, err := db.One[identityRow](ctx, q, `SELECT user_id, target, identity_id, details FROM user_identities
		WHERE tenant_id = $1 AND user_id = $2 AND target = $3`, id, target)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrNoIdentity
	}
	if err != nil {
		return nil, err
	}
	i := r.identity()
	return &i, nil
}

// Link makes i the identity of a user at a target, in place of the one before
// it, and reports whether there was none. It fails with ErrNotFound, or with
// ErrIdentityTaken if another user has the identity.
func Link(ctx context.Context, tx *db.Tx, now int64, id, target string, i Identity) (created bool, err error) {
	// The user's row is locked: who links at the same time waits.
	if _, err := Update(ctx, tx, now, id, Patch{}); err != nil {
		return false, err
	}
	var details *db.JSON[map[string]any]
	if i.Details != nil {
		details = &db.JSON[map[string]any]{V: i.Details}
	}
	n, err := tx.Exec(ctx, `UPDATE user_identities SET identity_id = $4, details = $5
		WHERE tenant_id = $1 AND user_id = $2 AND target = $3`, id, target, i.UserID, details)
	if err == nil && n == 0 {
		created = true
		_, err = tx.Exec(ctx, `INSERT INTO user_identities (tenant_id, user_id, target, identity_id, details, created_at)
			VALUES ($1, $2, $3, $4, $5, $6)`, id, target, i.UserID, details, now)
	}
	if db.IsUnique(err, "user_identities", "identity_id") {
		return false, ErrIdentityTaken.Wrap(err)
	}
	return created, err
}

// Unlink removes the identity of a user at a target and returns the user. It
// fails with ErrNotFound or ErrNoIdentity.
func Unlink(ctx context.Context, tx *db.Tx, now int64, id, target string) (*User, error) {
	u, err := Update(ctx, tx, now, id, Patch{})
	if err != nil {
		return nil, err
	}
	n, err := tx.Exec(ctx, `DELETE FROM user_identities WHERE tenant_id = $1 AND user_id = $2 AND target = $3`, id, target)
	if err == nil && n == 0 {
		return nil, ErrNoIdentity
	}
	return u, err
}

// SSOIdentity is a user's account at an enterprise identity provider.
type SSOIdentity struct {
	ID          string                   `db:"id"`
	UserID      string                   `db:"user_id"`
	ConnectorID string                   `db:"connector_id"`
	Issuer      string                   `db:"issuer"`
	IdentityID  string                   `db:"identity_id"` // the user's id there
	Detail      db.JSON[json.RawMessage] `db:"detail"`      // an object: what the provider told
	CreatedAt   int64                    `db:"created_at"`
	UpdatedAt   int64                    `db:"updated_at"`
}

// PublishedSSOIdentity is an SSOIdentity as the API shows it.
type PublishedSSOIdentity struct {
	TenantID    string          `json:"tenantId" check:"max=21"`
	ID          string          `json:"id" check:"max=21"`
	UserID      string          `json:"userId" check:"max=12" example:"k3v9x2m8q1z7"`
	Issuer      string          `json:"issuer" check:"max=256" example:"https://idp.example.com"`
	IdentityID  string          `json:"identityId" check:"max=128"`
	Detail      json.RawMessage `json:"detail"`
	CreatedAt   int64           `json:"createdAt"`
	UpdatedAt   int64           `json:"updatedAt"`
	ConnectorID string          `json:"ssoConnectorId" check:"max=128"`
}

// Published returns what the API shows of the identity.
func (s *SSOIdentity) Published(tenantID string) PublishedSSOIdentity {
	return PublishedSSOIdentity{
		TenantID: tenantID, ID: s.ID, UserID: s.UserID, Issuer: s.Issuer, IdentityID: s.IdentityID, Detail: s.Detail.V,
		CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt, ConnectorID: s.ConnectorID,
	}
}

const selectSSOIdentity = `SELECT id, user_id, connector_id, issuer, identity_id, detail, created_at, updated_at
	FROM user_sso_identities WHERE tenant_id = $1 AND user_id = $2`

// SSOIdentities returns the enterprise identities of a user, the oldest first.
func SSOIdentities(ctx context.Context, q db.Q, id string) ([]SSOIdentity, error) {
	return db.All[SSOIdentity](ctx, q, selectSSOIdentity+` ORDER BY created_at, id`, id)
}

// SSOIdentityAt returns the identity of a user at a connector, or
// ErrNoSSOIdentity.
func SSOIdentityAt(ctx context.Context, q db.Q, id, connectorID string) (*SSOIdentity, error) {
	s, err := db.One[SSOIdentity](ctx, q, selectSSOIdentity+` AND connector_id = $3`, id, connectorID)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrNoSSOIdentity
	}
	if err != nil {
		return nil, err
	}
	return &s, nil
}

// IdentityKinds reports whether a user has an identity at a social provider, and
// one at an enterprise's.
func IdentityKinds(ctx context.Context, q db.Q, id string) (social, enterprise bool, err error) {
	kinds, err := db.All[string](ctx, q, `SELECT 'social' FROM user_identities WHERE tenant_id = $1 AND user_id = $2
		UNION SELECT 'enterprise' FROM user_sso_identities WHERE tenant_id = $1 AND user_id = $2`, id)
	return slices.Contains(kinds, "social"), slices.Contains(kinds, "enterprise"), err
}
