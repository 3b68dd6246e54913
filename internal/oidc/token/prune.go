package token

import (
	"context"
	"time"

	"signet/internal/platform/db"
)

// pruneBatch is how many rows one statement of Prune deletes: few enough that
// nobody waits for it.
const pruneBatch = 200

// prunes delete what nothing needs any more, children before parents. $1 is the
// latest expiry that goes, $2 the size of the batch.
var prunes = []struct {
	statement string
	keep      time.Duration // after expiry
}{
	{pruneStatement("authorization_codes", "code_hash"), time.Hour},
	{pruneStatement("access_tokens", "token_hash"), 10 * time.Minute},
	{pruneStatement("refresh_tokens", "token_hash"), 0},
	{pruneStatement("sessions", "uid"), 24 * time.Hour},
	{pruneStatement("grants", "id"), 0},
	// Sealed successors are of no use after the leeway.
	{`UPDATE refresh_tokens SET successor_sealed = NULL WHERE (tenant_id, token_hash) IN (
		SELECT tenant_id, token_hash FROM refresh_tokens
		WHERE successor_sealed IS NOT NULL AND consumed_at < $1 ORDER BY consumed_at LIMIT $2)`, ReuseLeeway},
}

func pruneStatement(table, key string) string {
	return `DELETE FROM ` + table + ` WHERE (tenant_id, ` + key + `) IN (
		SELECT tenant_id, ` + key + ` FROM ` + table + ` WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`
}

// Prune deletes expired codes, tokens, sessions and grants of all tenants, in
// small batches until nothing is left, and returns how many rows it touched.
func Prune(ctx context.Context, across *db.Across, now int64) (int64, error) {
	var total int64
	for _, p := range prunes {
		for {
			n, err := across.Exec(ctx, p.statement, now-millis(p.keep), pruneBatch)
			total += n
			if err != nil {
				return total, err
			}
			if n < pruneBatch {
				break
			}
		}
	}
	return total, nil
}
