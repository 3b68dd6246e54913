// Package replay remembers what may count once, such as the jti of a JWT, on
// every node of an installation. It does not know what the ids belong to; package
// purge forgets them once they have expired.
package replay

import (
	"context"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
)

// Spend uses up an id that counts once within a realm and is refused as expired
// from until on, in milliseconds. It reports false if somebody has used it before.
func Spend(ctx context.Context, q db.Q, realm, id string, until int64) (bool, error) {
	n, err := q.Exec(ctx, `INSERT INTO used_nonces (tenant_id, realm, nonce_hash, expires_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (tenant_id, realm, nonce_hash) DO NOTHING`, realm, crypt.Hash(id), until)
	return n == 1, err
}
