package roleapi

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/platform/event"
	"signet/internal/platform/search"
	"signet/internal/platform/web"
	"signet/internal/resource"
	"signet/internal/role"
	"signet/internal/tenant"
)

// grantedScope is a scope as a role shows it.
type grantedScope struct {
	resource.PublishedScope

	Resource *resource.Published `json:"resource,omitempty"`
}

func (a *API) listScopes(ctx context.Context, in *idIn) (*[]grantedScope, error) {
	t := tenant.From(ctx)
	if _, err := role.ByID(ctx, t.DB, in.ID); err != nil {
		return nil, err
	}
	out := []grantedScope{}
	err := search.List(ctx, web.Query(ctx), search.Columns("s", "id", "name", "description"), func(ctx context.Context, filter db.Filter) error {
		scopes, total, err := role.Scopes(ctx, t.DB, in.ID, filter, web.Range(ctx))
		if err != nil {
			return err
		}
		web.SetTotal(ctx, total)
		for _, s := range scopes {
			of := s.Resource.Published(t.ID)
			out = append(out, grantedScope{s.Published(t.ID), &of})
		}
		return nil
	})
	return &out, err
}

type addScopesIn struct {
	idIn

	ScopeIDs []string `json:"scopeIds" check:"min=1,max=128,some"`
}

func (a *API) addScopes(ctx context.Context, in *addScopesIn) (*[]grantedScope, error) {
	now := a.Clock.Millis()
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*[]grantedScope, error) {
		if err := role.AddScopes(ctx, tx, in.ID, in.ScopeIDs); err != nil {
			return nil, err
		}
		out, err := allScopes(ctx, tx, in.ID)
		if err != nil {
			return nil, err
		}
		return &out, event.Record(ctx, tx, now, "Role.Scopes.Updated", out)
	})
}

// allScopes returns every scope of a role, without its resource.
func allScopes(ctx context.Context, q db.Q, roleID string) ([]grantedScope, error) {
	scopes, _, err := role.Scopes(ctx, q, roleID, nil, db.Range{})
	out := make([]grantedScope, len(scopes))
	for i, s := range scopes {
		out[i] = grantedScope{PublishedScope: s.Published(q.TenantID())}
	}
	return out, err
}

type ofScopeIn struct {
	idIn

	ScopeID string `path:"scopeId" check:"max=128"`
}

func (a *API) removeScope(ctx context.Context, in *ofScopeIn) (*web.Nothing, error) {
	now := a.Clock.Millis()
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		if err := role.RemoveScope(ctx, tx, in.ID, in.ScopeID); err != nil {
			return err
		}
		return event.Record(ctx, tx, now, "Role.Scopes.Updated", nil)
	})
}
