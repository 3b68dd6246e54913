package token

import (
	"context"
	"errors"
	"slices"
	"time"

	"signet/internal/application"
	"signet/internal/oidc/proto"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/ids"
)

// Grant is what a user has allowed a client, for GrantTTL. One grant serves all
// authorizations of a client within one browser session. That of an exchanged
// token has no session, and lasts as long as the token. Times are milliseconds.
type Grant struct {
	ID         string
	UserID     string
	ClientID   string
	ClientKind string // client.KindApplication, client.KindBuiltin or client.KindDocument
	// ClientName is how a client called itself that nobody has registered, and
	// OrganizationID the one organization that the grant is for; "" for others.
	ClientName, OrganizationID string
	SessionUID                 *string
	// IsOffline says that the grant outlives its session.
	IsOffline bool
	// OIDCScope has the provider's own scopes, ResourceScopes those of API
	// resources by their indicator, RejectedScopes what the user refused.
	OIDCScope      string
	ResourceScopes map[string]string
	RejectedScopes map[string]string
	IssuedAt       int64
	ExpiresAt      int64
	RevokedAt      *int64

	heldBy *db.Tx // the transaction that found it live and has its row locked
}

// IsLive reports whether tokens may be minted under the grant.
func (g *Grant) IsLive(now int64) bool { return g.RevokedAt == nil && g.ExpiresAt > now }

// IsExchanged reports whether the grant is that of an exchanged token: the user has
// signed in to nothing there.
func (g *Grant) IsExchanged() bool { return g.SessionUID == nil }

type grantRow struct {
	ID             string                     `db:"id"`
	UserID         string                     `db:"user_id"`
	ClientID       string                     `db:"client_id"`
	ClientKind     string                     `db:"client_kind"`
	Snapshot       *db.JSON[snapshot]         `db:"client_snapshot"`
	OrganizationID *string                    `db:"organization_id"`
	SessionUID     *string                    `db:"session_uid"`
	IsOffline      bool                       `db:"is_offline"`
	OIDCScope      string                     `db:"oidc_scope"`
	ResourceScopes db.JSON[map[string]string] `db:"resource_scopes"`
	RejectedScopes db.JSON[map[string]string] `db:"rejected_scopes"`
	IssuedAt       int64                      `db:"issued_at"`
	ExpiresAt      int64                      `db:"expires_at"`
	RevokedAt      *int64                     `db:"revoked_at"`
}

// snapshot is what a client said about itself when the user allowed it something.
type snapshot struct {
	Name string `json:"name"`
}

const selectGrant = `SELECT id, user_id, client_id, client_kind, client_snapshot, organization_id, session_uid, is_offline, oidc_scope, resource_scopes,
		rejected_scopes, issued_at, expires_at, revoked_at
	FROM grants WHERE tenant_id = $1 AND `

func (r grantRow) grant() *Grant {
	g := &Grant{
		ID: r.ID, UserID: r.UserID, ClientID: r.ClientID, ClientKind: r.ClientKind, SessionUID: r.SessionUID,
		IsOffline: r.IsOffline, OIDCScope: r.OIDCScope, ResourceScopes: r.ResourceScopes.V, RejectedScopes: r.RejectedScopes.V,
		IssuedAt: r.IssuedAt, ExpiresAt: r.ExpiresAt, RevokedAt: r.RevokedAt,
	}
	if r.Snapshot != nil {
		g.ClientName = r.Snapshot.V.Name
	}
	if r.OrganizationID != nil {
		g.OrganizationID = *r.OrganizationID
	}
	return g
}

func oneGrant(ctx context.Context, q db.Q, where string, args ...any) (*Grant, error) {
	row, err := db.One[grantRow](ctx, q, selectGrant+where, args...)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return row.grant(), nil
}

// GrantByID returns a grant, live or not; nil if there is none.
func GrantByID(ctx context.Context, q db.Q, id string) (*Grant, error) {
	return oneGrant(ctx, q, `id = $2`, id)
}

// GrantOfSession returns the live grant that a session holds for a client, and
// holds its row as LockGrant does; nil if there is none.
func GrantOfSession(ctx context.Context, tx *db.Tx, now int64, sessionUID, clientID string) (*Grant, error) {
	g, err := oneGrant(ctx, tx, liveOfSession+tx.Dialect().ForUpdate(), sessionUID, clientID, now)
	if g != nil {
		g.heldBy = tx
	}
	return g, err
}

const liveOfSession = `session_uid = $2 AND client_id = $3 AND revoked_at IS NULL AND expires_at > $4
	ORDER BY issued_at DESC, id DESC LIMIT 1`

// SeeGrantOfSession is GrantOfSession for who only looks.
func SeeGrantOfSession(ctx context.Context, q db.Q, now int64, sessionUID, clientID string) (*Grant, error) {
	return oneGrant(ctx, q, liveOfSession, sessionUID, clientID, now)
}

// GrantsOf returns the live grants of a user, the oldest first.
func GrantsOf(ctx context.Context, q db.Q, now int64, userID string) ([]Grant, error) {
	return liveGrants(ctx, q, now, `user_id`, userID)
}

// GrantsIn returns the live grants that were made in a session, the oldest first.
func GrantsIn(ctx context.Context, q db.Q, now int64, sessionUID string) ([]Grant, error) {
	return liveGrants(ctx, q, now, `session_uid`, sessionUID)
}

func liveGrants(ctx context.Context, q db.Q, now int64, column, value string) ([]Grant, error) {
	rows, err := db.All[grantRow](ctx, q, selectGrant+column+` = $2 AND revoked_at IS NULL AND expires_at > $3
		ORDER BY issued_at, id`, value, now)
	if err != nil {
		return nil, err
	}
	grants := make([]Grant, 0, len(rows))
	for _, row := range rows {
		grants = append(grants, *row.grant())
	}
	return grants, nil
}

// SaveGrant stores a new grant, which lives for GrantTTL unless it says how long, or
// adds the scopes of g to the stored one if g has an id, and returns what is stored.
// Only RevokeGrant takes away from a grant; one that is no longer live is
// invalid_grant.
func SaveGrant(ctx context.Context, tx *db.Tx, now int64, g Grant) (*Grant, error) {
	if g.ID == "" {
		return insertGrant(ctx, tx, now, g)
	}
	stored, err := LockGrant(ctx, tx, now, g.ID)
	if err != nil {
		return nil, err
	}
	stored.OIDCScope = proto.UnionScope(stored.OIDCScope, g.OIDCScope)
	stored.ResourceScopes = unionScopes(stored.ResourceScopes, g.ResourceScopes)
	stored.RejectedScopes = unionScopes(stored.RejectedScopes, g.RejectedScopes)
	stored.IsOffline = stored.IsOffline || g.IsOffline
	err = tx.Queue(ctx, `UPDATE grants SET oidc_scope = $3, resource_scopes = $4, rejected_scopes = $5, is_offline = $6,
			version = version + 1 WHERE tenant_id = $1 AND id = $2`,
		stored.ID, stored.OIDCScope, db.JSON[map[string]string]{V: stored.ResourceScopes},
		db.JSON[map[string]string]{V: stored.RejectedScopes}, stored.IsOffline)
	if err != nil {
		return nil, err
	}
	return stored, nil
}

func insertGrant(ctx context.Context, tx *db.Tx, now int64, g Grant) (*Grant, error) {
	g.ID = ids.Ordered(time.UnixMilli(now))
	g.IssuedAt, g.heldBy = now, tx
	if g.ExpiresAt == 0 {
		g.ExpiresAt = now + millis(GrantTTL)
	}
	g.ResourceScopes = unionScopes(g.ResourceScopes, nil)
	g.RejectedScopes = unionScopes(g.RejectedScopes, nil)
	var described *db.JSON[snapshot]
	if g.ClientName != "" {
		described = &db.JSON[snapshot]{V: snapshot{g.ClientName}}
	}
	var organizationID *string
	if g.OrganizationID != "" {
		organizationID = &g.OrganizationID
	}
	err := tx.Queue(ctx, `INSERT INTO grants (tenant_id, id, user_id, client_id, client_kind, session_uid, is_offline,
			oidc_scope, resource_scopes, rejected_scopes, issued_at, expires_at, client_snapshot, organization_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		g.ID, g.UserID, g.ClientID, g.ClientKind, g.SessionUID, g.IsOffline, g.OIDCScope,
		db.JSON[map[string]string]{V: g.ResourceScopes}, db.JSON[map[string]string]{V: g.RejectedScopes}, g.IssuedAt, g.ExpiresAt,
		described, organizationID)
	if err != nil {
		return nil, err
	}
	return &g, nil
}

// unionScopes joins two maps of scope values; the result is never nil.
func unionScopes(a, b map[string]string) map[string]string {
	out := make(map[string]string, len(a)+len(b))
	for _, scopes := range []map[string]string{a, b} {
		for resource, scope := range scopes {
			out[resource] = proto.UnionScope(out[resource], scope)
		}
	}
	return out
}

// LockGrant returns the grant and holds its row until the transaction ends, so
// that a revocation and a mint under the grant cannot cross. A grant that is
// gone, revoked or expired is invalid_grant.
func LockGrant(ctx context.Context, tx *db.Tx, now int64, id string) (*Grant, error) {
	g, err := oneGrant(ctx, tx, `id = $2`+tx.Dialect().ForUpdate(), id)
	if err != nil {
		return nil, err
	}
	return g.lockedBy(tx, now)
}

// lockedBy returns the grant, nil for none, whose row tx holds: if it is not live that
// is invalid_grant.
func (g *Grant) lockedBy(tx *db.Tx, now int64) (*Grant, error) {
	if g == nil || !g.IsLive(now) {
		return nil, proto.ErrInvalidGrant
	}
	g.heldBy = tx
	return g, nil
}

// held returns the grant as LockGrant does, which asks the database only if tx
// does not hold it yet.
func (g *Grant) held(ctx context.Context, tx *db.Tx, now int64) (*Grant, error) {
	if g.heldBy == tx && g.IsLive(now) {
		return g, nil
	}
	return LockGrant(ctx, tx, now, g.ID)
}

// RevokeGrant ends a grant and everything minted under it. Revoking twice, or a
// grant that does not exist, does nothing.
func RevokeGrant(ctx context.Context, tx *db.Tx, now int64, id string) error {
	n, err := tx.Exec(ctx, `UPDATE grants SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL`, id, now)
	if err != nil || n == 0 {
		return err
	}
	return dropMinted(ctx, tx, id)
}

// grantsAtOnce is how many grants one statement names.
const grantsAtOnce = 500

// minted are the tables of what is minted under a grant.
var minted = []string{"refresh_tokens", "access_tokens", "authorization_codes", "device_codes"}

// dropMinted ends everything that was minted under a grant, whose row the
// transaction holds: nothing is minted meanwhile.
func dropMinted(ctx context.Context, tx *db.Tx, id string) error {
	for _, table := range minted {
		if err := tx.Queue(ctx, `DELETE FROM `+table+` WHERE tenant_id = $1 AND grant_id = $2`, id); err != nil {
			return err
		}
	}
	return nil
}

// WithdrawGrant revokes a grant that its user, or an operator, takes back. The
// sessions that authorized the application get new cookie values, so that it
// cannot come back unnoticed: the user signs in first. No browser knows the
// values, which are returned by the sessions' UIDs. The application is told, if
// it wants to be.
func WithdrawGrant(ctx context.Context, tx *db.Tx, now int64, g *Grant) (map[string]string, error) {
	if err := RevokeGrant(ctx, tx, now, g.ID); err != nil {
		return nil, err
	}
	left, err := leave(ctx, tx, g)
	if err != nil {
		return nil, err
	}
	ended, cookies := []membership{{ClientID: g.ClientID}}, map[string]string{}
	for _, l := range left {
		cookie := ids.Token()
		err := tx.Queue(ctx, `UPDATE sessions SET id_hash = $3 WHERE tenant_id = $1 AND uid = $2`, l.SessionUID, crypt.Hash(cookie))
		if err != nil {
			return nil, err
		}
		cookies[l.SessionUID] = cookie
		ended = append(ended, membership{g.ClientID, l.SID})
	}
	return cookies, notify(ctx, tx, now, g.UserID, ended)
}

// EvictGrant revokes a grant that gives way to a newer one of the same user and
// application. An application that knows its sessions by their sid is told which
// has ended; to others it would mean the newer one as well, so they are not.
func EvictGrant(ctx context.Context, tx *db.Tx, now int64, g *Grant) error {
	if err := RevokeGrant(ctx, tx, now, g.ID); err != nil {
		return err
	}
	left, err := leave(ctx, tx, g)
	if err != nil {
		return err
	}
	a, err := application.ByID(ctx, tx, g.ClientID)
	if errors.Is(err, application.ErrNotFound) {
		return nil
	}
	if err != nil || !a.OIDC.RequiresSession() {
		return err
	}
	var ended []membership
	for _, l := range left {
		ended = append(ended, membership{g.ClientID, l.SID})
	}
	return notify(ctx, tx, now, g.UserID, ended)
}

// left is a session that an application takes no part in any more.
type left struct {
	SessionUID string `db:"session_uid"`
	SID        string `db:"sid"`
}

// leave takes the application of a grant out of the sessions that authorized it.
func leave(ctx context.Context, tx *db.Tx, g *Grant) ([]left, error) {
	return db.All[left](ctx, tx, `DELETE FROM session_clients WHERE tenant_id = $1 AND grant_id = $2 RETURNING session_uid, sid`, g.ID)
}

// RevokeUser ends every session of a user, every authorization that is under way,
// and every code and token: after a suspension, a deletion, or a password set by an
// operator. What the user has allowed applications stays, and lets none of them in.
// Applications are told that want to be, those included whose session has ended
// before but that may act for the user.
func RevokeUser(ctx context.Context, tx *db.Tx, now int64, userID string) error {
	// First, for it waits for who is just signing in: what comes of that is found below.
	if _, err := tx.Exec(ctx, `DELETE FROM interactions WHERE tenant_id = $1 AND user_id = $2`, userID); err != nil {
		return err
	}
	type held struct {
		ID       string `db:"id"`
		ClientID string `db:"client_id"`
	}
	grants, err := db.All[held](ctx, tx, `SELECT id, client_id FROM grants
		WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL ORDER BY id`+tx.Dialect().ForUpdate(), userID)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(grants, grantsAtOnce) {
		named := make([]any, len(some))
		for i, g := range some {
			named[i] = g.ID
		}
		for _, table := range minted {
			// That it is not null is said for SQLite, which else does not take the index.
			err := tx.Queue(ctx, `DELETE FROM `+table+` WHERE tenant_id = $1 AND grant_id IS NOT NULL
				AND grant_id IN (`+db.Placeholders(2, len(named))+`)`, named...)
			if err != nil {
				return err
			}
		}
	}
	_, members, err := dropSessions(ctx, tx, `user_id = $2`, userID)
	if err != nil {
		return err
	}
	for _, g := range grants {
		members = append(members, membership{ClientID: g.ClientID})
	}
	return notify(ctx, tx, now, userID, members)
}
