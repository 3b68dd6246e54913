package sentinelapi

import (
	"context"

	"signet/internal/platform/web"
	"signet/internal/sentinel"
	"signet/internal/tenant"
)

type unlockIn struct {
	TargetType string   `json:"targetType" check:"enum=User|App"`
	Targets    []string `json:"targets" check:"items=100,min=1,max=256"`
}

func (a *API) unlock(ctx context.Context, in *unlockIn) (*web.Nothing, error) {
	if in.TargetType != "User" {
		return nil, nil
	}
	return nil, sentinel.Unlock(ctx, tenant.From(ctx).DB, in.Targets)
}
