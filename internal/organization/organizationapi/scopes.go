package organizationapi

import (
	"context"

	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/event"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

type idIn struct {
	ID string `path:"id" check:"max=128"`
}

type searchIn struct {
	Q string `query:"q" check:"max=256"`
}

func (a *API) listScopes(ctx context.Context, in *searchIn) (*[]organization.PublishedScope, error) {
	t := tenant.From(ctx)
	scopes, total, err := organization.ScopeList(ctx, t.DB, in.Q, web.Range(ctx))
	if err != nil {
		return nil, err
	}
	web.SetTotal(ctx, total)
	return publishScopes(scopes, t.ID), nil
}

func publishScopes(scopes []organization.Scope, tenantID string) *[]organization.PublishedScope {
	out := make([]organization.PublishedScope, len(scopes))
	for i, s := range scopes {
		out[i] = s.Published(tenantID)
	}
	return &out
}

type createScopeIn struct {
	web.OfTenant

	Name        string  `json:"name" check:"min=1,max=128" example:"read:report"`
	Description *string `json:"description" check:"max=256,nullable"`
}

func (a *API) createScope(ctx context.Context, in *createScopeIn) (*organization.PublishedScope, error) {
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*organization.PublishedScope, error) {
		s, err := organization.CreateScope(ctx, tx, organization.Scope{Name: in.Name, Description: web.Text(in.Description)})
		return a.toldScope(ctx, tx, "OrganizationScope.Created", s, err)
	})
}

func (a *API) getScope(ctx context.Context, in *idIn) (*organization.PublishedScope, error) {
	t := tenant.From(ctx)
	s, err := organization.ScopeByID(ctx, t.DB, in.ID)
	if err != nil {
		return nil, err
	}
	out := s.Published(t.ID)
	return &out, nil
}

type patchScopeIn struct {
	idIn
	web.OfTenant

	Name        web.Opt[string] `json:"name" check:"min=1,max=128" example:"read:report"`
	Description web.Opt[string] `json:"description" check:"max=256,nullable"`
}

func (a *API) patchScope(ctx context.Context, in *patchScopeIn) (*organization.PublishedScope, error) {
	var changes db.Changes
	web.Column(&changes, "name", in.Name)
	web.Column(&changes, "description", in.Description)
	if changes.Empty() {
		return nil, errs.ErrNothingToChange
	}
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*organization.PublishedScope, error) {
		s, err := organization.UpdateScope(ctx, tx, in.ID, changes)
		return a.toldScope(ctx, tx, "OrganizationScope.Data.Updated", s, err)
	})
}

func (a *API) removeScope(ctx context.Context, in *idIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		if err := organization.DeleteScope(ctx, tx, in.ID); err != nil {
			return err
		}
		return event.Record(ctx, tx, a.Clock.Millis(), "OrganizationScope.Deleted", nil)
	})
}

// toldScope tells of a scope that was written, in the transaction that wrote it.
func (a *API) toldScope(ctx context.Context, tx *db.Tx, name string, s *organization.Scope, err error) (*organization.PublishedScope, error) {
	if err != nil {
		return nil, err
	}
	out := s.Published(tx.TenantID())
	return &out, event.Record(ctx, tx, a.Clock.Millis(), name, out)
}
