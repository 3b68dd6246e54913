package registrationapi

import (
	"context"

	"signet/internal/oidc/registration"
	"signet/internal/platform/db"
	"signet/internal/platform/search"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

func (a *API) list(ctx context.Context, _ *struct{}) (*[]registration.InitialToken, error) {
	list, total, err := registration.InitialTokens(ctx, tenant.From(ctx).DB, web.Range(ctx))
	web.SetTotal(ctx, total)
	return &list, err
}

type createIn struct {
	Name    string `json:"name" check:"min=1,max=256" example:"Partner portal"`
	MaxUses *int64 `json:"maxUses" check:"nullable,min=1,max=1000000" example:"10"`
	// ExpiresAt has the bound of dates in JavaScript.
	ExpiresAt *int64 `json:"expiresAt" check:"nullable,max=8640000000000000" example:"1790000000000"` // epoch milliseconds
}

// createOut is a token with its value.
type createOut struct {
	registration.InitialToken

	Value string `json:"value" check:"max=64" example:"V1StGXR8Z5jdHi6BmyT2nCq7KxLw0PfEoUaRs4vQ3gY"`
}

func (a *API) create(ctx context.Context, in *createIn) (*createOut, error) {
	now := a.Clock.Millis()
	if in.ExpiresAt != nil && *in.ExpiresAt <= now {
		return nil, search.Invalid("expiresAt must be in the future")
	}
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*createOut, error) {
		wanted := registration.InitialToken{Name: in.Name, MaxUses: in.MaxUses, ExpiresAt: in.ExpiresAt}
		created, value, err := registration.IssueInitialToken(ctx, tx, now, wanted)
		if err != nil {
			return nil, err
		}
		return &createOut{*created, value}, nil
	})
}

type idIn struct {
	ID string `path:"id" check:"max=128"`
}

func (a *API) remove(ctx context.Context, in *idIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return registration.DeleteInitialToken(ctx, tx, in.ID)
	})
}
