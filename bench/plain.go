package main

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"signet/internal/oidc/token"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/ids"
	"signet/internal/tenant"
)

// The statements of a refresh that rotates, in this order.
const (
	plainGrant = `SELECT id, user_id, client_id, client_kind, client_snapshot, organization_id, session_uid, is_offline,
		oidc_scope, resource_scopes, rejected_scopes, issued_at, expires_at, revoked_at
		FROM grants WHERE tenant_id = $1
		AND id = (SELECT grant_id FROM refresh_tokens WHERE tenant_id = $1 AND token_hash = $2) FOR UPDATE`
	plainToken = `SELECT token_hash, grant_id, family_id, parent_hash, client_id, session_uid, scope, resources, nonce,
		auth_time, family_started_at, issued_at, expires_at, consumed_at, key_thumbprint, authentication, successor_sealed
		FROM refresh_tokens WHERE tenant_id = $1 AND token_hash = $2`
	plainUser = `SELECT id, username, primary_email, primary_phone, name, avatar, password_hash, password_algorithm,
		password_changed_at, is_password_expired, is_suspended, is_mfa_enabled, is_mfa_prompt_skipped,
		is_mfa_skipped_on_sign_in, is_mfa_suggestion_skipped, is_passkey_prompt_skipped, profile, custom_data,
		application_id, cimd_client_id, last_sign_in_at, created_at, updated_at
		FROM users WHERE tenant_id = $1 AND id = (SELECT user_id FROM grants WHERE tenant_id = $1
		AND id = (SELECT grant_id FROM refresh_tokens WHERE tenant_id = $1 AND token_hash = $2))`
	plainConsume = `UPDATE refresh_tokens SET consumed_at = $3, successor_sealed = $4
		WHERE tenant_id = $1 AND token_hash = $2 AND consumed_at IS NULL AND expires_at > $3`
	plainSuccessor = `INSERT INTO refresh_tokens (tenant_id, token_hash, grant_id, family_id, parent_hash, client_id,
		session_uid, scope, resources, nonce, auth_time, family_started_at, issued_at, expires_at, key_thumbprint, authentication)
		SELECT $1, $4, grant_id, family_id, token_hash, client_id, session_uid, scope, resources, nonce,
		auth_time, family_started_at, $5, $6, $7, authentication
		FROM refresh_tokens WHERE tenant_id = $1 AND token_hash = $2 AND successor_sealed IS NOT DISTINCT FROM $3`
	plainForget = `UPDATE refresh_tokens SET successor_sealed = NULL
		WHERE tenant_id = $1 AND token_hash = $2 AND consumed_at <= $3`
	plainAccess = `INSERT INTO access_tokens (tenant_id, token_hash, grant_id, user_id, client_id, session_uid, scope,
		key_thumbprint, issued_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
)

// plain runs them as clients of PostgreSQL do that know nothing of each other's
// statements: each waits for the answer to the one before.
type plain struct {
	pool   *pgxpool.Pool
	tenant string
	ring   *crypt.Keyring
}

func openPlain(ctx context.Context, url string, ring *crypt.Keyring) (*plain, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = int32(workers())
	pool, err := pgxpool.NewWithConfig(ctx, config)
	return &plain{pool: pool, tenant: tenant.Default, ring: ring}, err
}

// plainRow is what the statements that write take of those that read.
type plainRow struct {
	hash, parent         []byte
	grant, client, scope string
	session, key         *string
	expires              int64
}

func (p *plain) refresh(ctx context.Context, value string) (next string, err error) {
	now := time.Now().UnixMilli()
	err = pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		holder, err := p.read(ctx, tx, plainGrant, crypt.Hash(value), 1)
		if err != nil {
			return err
		}
		t, err := p.token(ctx, tx, value)
		if err != nil {
			return err
		}
		if _, err := p.read(ctx, tx, plainUser, crypt.Hash(value), 0); err != nil {
			return err
		}
		next = ids.Token()
		return p.write(ctx, tx, now, t, holder, next)
	})
	return next, err
}

func (p *plain) token(ctx context.Context, tx pgx.Tx, value string) (t plainRow, err error) {
	err = tx.QueryRow(ctx, plainToken, p.tenant, crypt.Hash(value)).Scan(&t.hash, &t.grant, nil, &t.parent, &t.client, &t.session, &t.scope,
		nil, nil, nil, nil, nil, &t.expires, nil, &t.key, nil, nil)
	return t, err
}

// read reads a row and returns a column of text.
func (p *plain) read(ctx context.Context, tx pgx.Tx, query string, key any, column int) (text string, err error) {
	rows, err := tx.Query(ctx, query, p.tenant, key)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	if !rows.Next() {
		return "", errors.Join(db.ErrNoRows, rows.Err())
	}
	text = string(rows.RawValues()[column])
	rows.Close()
	return text, rows.Err()
}

func (p *plain) write(ctx context.Context, tx pgx.Tx, now int64, t plainRow, holder, next string) error {
	sealed := p.ring.Seal([]byte(next), "refresh_tokens", "successor_sealed", p.tenant, t.grant)
	for _, statement := range []struct {
		query string
		args  []any
	}{
		{plainConsume, []any{t.hash, now, sealed}},
		{plainSuccessor, []any{t.hash, sealed, crypt.Hash(next), now, t.expires, t.key}},
		{plainForget, []any{t.parent, now - token.ReuseLeeway.Milliseconds()}},
		{plainAccess, []any{crypt.Hash(ids.Token()), t.grant, holder, t.client, t.session, t.scope, t.key, now, now + token.AccessTTL.Milliseconds()}},
	} {
		if _, err := tx.Exec(ctx, statement.query, append([]any{p.tenant}, statement.args...)...); err != nil {
			return err
		}
	}
	return nil
}
