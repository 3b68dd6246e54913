package resourceapi

import (
	"context"

	"signet/internal/oidc/protectedresource"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/resource"
	"signet/internal/tenant"
)

type listIn struct {
	IncludeScopes web.Flag `query:"includeScopes" check:"max=16"`
}

// resourceOut is a resource; scopes are there where they were asked for.
type resourceOut struct {
	resource.Published

	Scopes *[]resource.PublishedScope `json:"scopes,omitempty"`
}

func (a *API) list(ctx context.Context, in *listIn) (*[]resourceOut, error) {
	t := tenant.From(ctx)
	resources, total, err := resource.List(ctx, t.DB, web.Range(ctx))
	if err != nil {
		return nil, err
	}
	out := make([]resourceOut, len(resources))
	for i, r := range resources {
		out[i] = resourceOut{Published: r.Published(t.ID)}
		if !in.IncludeScopes.On() {
			continue
		}
		scopes, err := resource.Scopes(ctx, t.DB, r.ID)
		if err != nil {
			return nil, err
		}
		published := publishScopes(scopes, t.ID)
		out[i].Scopes = &published
	}
	web.SetTotal(ctx, total)
	return &out, nil
}

type createIn struct {
	web.OfTenant

	Name           string `json:"name" check:"min=1,max=256" example:"Orders"`
	Indicator      string `json:"indicator" check:"min=1,max=2048" example:"https://api.example.com"`
	AccessTokenTTL *int64 `json:"accessTokenTtl" check:"min=1,max=2147483647" example:"3600"` // seconds
}

func (a *API) create(ctx context.Context, in *createIn) (*resourceOut, error) {
	t := tenant.From(ctx)
	r := resource.Resource{Name: in.Name, Indicator: in.Indicator}
	if in.AccessTokenTTL != nil {
		r.AccessTokenTTL = *in.AccessTokenTTL
	}
	created, err := db.Do(ctx, t.DB, func(tx *db.Tx) (*resource.Resource, error) {
		return resource.Create(ctx, tx, a.Clock.Millis(), r)
	})
	if err != nil {
		return nil, err
	}
	return &resourceOut{Published: created.Published(t.ID), Scopes: &[]resource.PublishedScope{}}, nil
}

type idIn struct {
	ID string `path:"id" check:"max=128"`
}

func (a *API) get(ctx context.Context, in *idIn) (*resource.Published, error) {
	t := tenant.From(ctx)
	return published(resource.ByID(ctx, t.DB, in.ID))(t.ID)
}

func (a *API) metadata(ctx context.Context, in *idIn) (*protectedresource.Metadata, error) {
	t := tenant.From(ctx)
	r, err := resource.ByID(ctx, t.DB, in.ID)
	if err != nil {
		return nil, err
	}
	return protectedresource.Of(ctx, t.DB, t, r)
}

type patchIn struct {
	idIn
	web.OfTenant

	Name           web.Opt[string] `json:"name" check:"min=1,max=256" example:"Orders"`
	AccessTokenTTL web.Opt[int64]  `json:"accessTokenTtl" check:"min=1,max=2147483647" example:"3600"` // seconds
}

func (a *API) patch(ctx context.Context, in *patchIn) (*resource.Published, error) {
	t := tenant.From(ctx)
	return published(db.Do(ctx, t.DB, func(tx *db.Tx) (*resource.Resource, error) {
		var changes db.Changes
		web.Column(&changes, "name", in.Name)
		web.Column(&changes, "access_token_ttl", in.AccessTokenTTL)
		return resource.Update(ctx, tx, in.ID, changes)
	}))(t.ID)
}

type setDefaultIn struct {
	idIn

	IsDefault bool `json:"isDefault"`
}

func (a *API) setDefault(ctx context.Context, in *setDefaultIn) (*resource.Published, error) {
	t := tenant.From(ctx)
	return published(db.Do(ctx, t.DB, func(tx *db.Tx) (*resource.Resource, error) {
		return resource.SetDefault(ctx, tx, in.ID, in.IsDefault)
	}))(t.ID)
}

func (a *API) remove(ctx context.Context, in *idIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return resource.Delete(ctx, tx, in.ID)
	})
}

// published turns a resource into the answer that shows it.
func published(r *resource.Resource, err error) func(tenantID string) (*resource.Published, error) {
	return func(tenantID string) (*resource.Published, error) {
		if err != nil {
			return nil, err
		}
		out := r.Published(tenantID)
		return &out, nil
	}
}
