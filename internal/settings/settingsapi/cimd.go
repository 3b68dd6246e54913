package settingsapi

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/settings"
	"signet/internal/tenant"
)

// errUnguarded: anybody could have the server call into the operator's own
// network.
var errUnguarded = errs.New(422, "request.invalid_input").
	WithArgs(map[string]any{"reason": "outbound requests are not kept from private networks"}).
	Describe("outbound requests are not kept from private networks")

func (a *API) cimd(ctx context.Context, _ *struct{}) (*settings.CIMD, error) {
	return settings.GetCIMD(ctx, tenant.From(ctx).DB)
}

type cimdIn struct {
	Enabled web.Opt[bool] `json:"enabled"`
}

func (a *API) patchCIMD(ctx context.Context, in *cimdIn) (*settings.CIMD, error) {
	if in.Enabled.Value && a.Unguarded {
		return nil, errUnguarded
	}
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*settings.CIMD, error) {
		if in.Enabled.Set {
			if err := settings.PutCIMD(ctx, tx, a.Clock.Millis(), settings.CIMD{Enabled: in.Enabled.Value}); err != nil {
				return nil, err
			}
		}
		return settings.GetCIMD(ctx, tx)
	})
}
