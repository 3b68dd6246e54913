package dpop

import (
	"context"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
)

// realm is where used proofs lie among other things that are used once.
const realm = "dpop"

// spend uses a proof up, on every node; it reports false if somebody has used it
// before. Keys do not share their ids: another client may choose the same.
func spend(ctx context.Context, q db.Q, p *proof) (bool, error) {
	n, err := q.Exec(ctx, `INSERT INTO used_nonces (tenant_id, realm, nonce_hash, expires_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT DO NOTHING`, realm, crypt.Hash(p.thumbprint+"."+p.ID), p.expiresAt())
	return n == 1, err
}
