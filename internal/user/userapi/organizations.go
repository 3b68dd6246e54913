package userapi

import (
	"context"

	"signet/internal/organization"
	"signet/internal/tenant"
	"signet/internal/user"
)

func (a *API) organizations(ctx context.Context, in *userPath) (*[]organization.Membership, error) {
	t := tenant.From(ctx)
	if _, err := user.ByID(ctx, t.DB, in.UserID); err != nil {
		return nil, err
	}
	out, err := organization.OfUser(ctx, t.DB, in.UserID)
	return &out, err
}
