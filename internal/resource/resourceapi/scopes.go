package resourceapi

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/platform/event"
	"signet/internal/platform/search"
	"signet/internal/platform/web"
	"signet/internal/resource"
	"signet/internal/tenant"
)

type ofResource struct {
	ResourceID string `path:"resourceId" check:"max=128"`
}

func (a *API) listScopes(ctx context.Context, in *ofResource) (*[]resource.PublishedScope, error) {
	t := tenant.From(ctx)
	var out []resource.PublishedScope
	err := search.List(ctx, web.Query(ctx), scopeFields, func(ctx context.Context, filter db.Filter) error {
		scopes, total, err := resource.ScopeList(ctx, t.DB, in.ResourceID, filter, web.Range(ctx))
		web.SetTotal(ctx, total)
		out = publishScopes(scopes, t.ID)
		return err
	})
	return &out, err
}

// scopeFields are what a list of scopes can be searched by.
var scopeFields = search.Columns("", "id", "name", "description")

func publishScopes(scopes []resource.Scope, tenantID string) []resource.PublishedScope {
	out := make([]resource.PublishedScope, len(scopes))
	for i, s := range scopes {
		out[i] = s.Published(tenantID)
	}
	return out
}

type createScopeIn struct {
	ofResource

	Name        string  `json:"name" check:"min=1,max=256" example:"read:orders"`
	Description *string `json:"description" check:"nullable"`
}

func (a *API) createScope(ctx context.Context, in *createScopeIn) (*resource.PublishedScope, error) {
	t := tenant.From(ctx)
	if err := resource.CheckScopeName(in.Name); err != nil {
		return nil, err
	}
	now := a.Clock.Millis()
	return db.Do(ctx, t.DB, func(tx *db.Tx) (*resource.PublishedScope, error) {
		s := resource.Scope{ResourceID: in.ResourceID, Name: in.Name, Description: web.Text(in.Description)}
		created, err := resource.AddScope(ctx, tx, now, s)
		return recorded(ctx, tx, now, "Scope.Created", created, err)
	})
}

type ofScope struct {
	ofResource

	ScopeID string `path:"scopeId" check:"max=128"`
}

type patchScopeIn struct {
	ofScope

	Name        web.Opt[string] `json:"name" check:"min=1,max=256" example:"read:orders"`
	Description web.Opt[string] `json:"description" check:"nullable"`
}

func (a *API) patchScope(ctx context.Context, in *patchScopeIn) (*resource.PublishedScope, error) {
	if err := resource.CheckScopeName(in.Name.Value); err != nil {
		return nil, err
	}
	var changes db.Changes
	web.Column(&changes, "name", in.Name)
	web.Column(&changes, "description", in.Description)
	now := a.Clock.Millis()
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*resource.PublishedScope, error) {
		changed, err := resource.UpdateScope(ctx, tx, in.ResourceID, in.ScopeID, changes)
		return recorded(ctx, tx, now, "Scope.Data.Updated", changed, err)
	})
}

func (a *API) removeScope(ctx context.Context, in *ofScope) (*web.Nothing, error) {
	now := a.Clock.Millis()
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		if _, err := resource.DeleteScope(ctx, tx, in.ResourceID, in.ScopeID); err != nil {
			return err
		}
		return event.Record(ctx, tx, now, "Scope.Deleted", nil)
	})
}

// recorded tells of a scope that was written, in the transaction that wrote it.
func recorded(ctx context.Context, tx *db.Tx, now int64, name string, s *resource.Scope, err error) (*resource.PublishedScope, error) {
	if err != nil {
		return nil, err
	}
	out := s.Published(tx.TenantID())
	return &out, event.Record(ctx, tx, now, name, out)
}
