package user

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/job"
)

// RecountPeriod is how often Recount should run.
const RecountPeriod = 24 * time.Hour

// counted yields for each kind one row per row that is counted.
var counted = []struct{ kind, rows string }{
	{Counted, `SELECT '' AS ref FROM users WHERE tenant_id = $1`},
	{CountedRoles, `SELECT role_id AS ref FROM user_roles WHERE tenant_id = $1`},
	{CountedOrganizations, `SELECT organization_id AS ref FROM organization_users WHERE tenant_id = $1`},
}

// Recount repairs the counts of users in every tenant and says in the log if one
// was wrong. It is work for a job.Runner.
func Recount(ctx context.Context, lease *job.Lease) error {
	tenants, err := db.All[string](ctx, lease.Pool().Across(), `SELECT id FROM tenants ORDER BY id`)
	if err != nil {
		return err
	}
	for _, tenant := range tenants {
		for _, c := range counted {
			var wrong int
			err := lease.Pool().Across().Tx(ctx, func(tx *db.AcrossTx) (err error) {
				if err := lease.Hold(ctx, tx); err != nil {
					return err
				}
				wrong, err = db.Recount(ctx, tx.For(tenant), c.kind, c.rows)
				return err
			})
			if err != nil {
				return fmt.Errorf("recount %s of tenant %s: %w", c.kind, tenant, err)
			}
			if wrong > 0 {
				slog.ErrorContext(ctx, "counts were wrong and are repaired", "tenant", tenant, "kind", c.kind, "counts", wrong)
			}
		}
	}
	return nil
}
