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

// overruled are properties that a body may have and nobody listens to: the
// tenant is that of the address, the time that of the creation.
type overruled struct {
	web.OfTenant

	CreatedAt *int64 `json:"createdAt"`
}

type createIn struct {
	overruled

	Name          string                 `json:"name" check:"min=1,max=128" example:"Harbour Crew"`
	Description   *string                `json:"description" check:"max=256,nullable"`
	CustomData    map[string]any         `json:"customData,omitempty"`
	IsMFARequired *bool                  `json:"isMfaRequired"`
	Color         *organization.Color    `json:"color"`
	Branding      *organization.Branding `json:"branding"`
	CustomCSS     *string                `json:"customCss" check:"max=65536,nullable"`
}

func (a *API) create(ctx context.Context, in *createIn) (*organization.Published, error) {
	o := organization.Organization{Name: in.Name, Description: web.Text(in.Description), CustomCSS: web.Text(in.CustomCSS)}
	o.CustomData.V = in.CustomData
	o.IsMFARequired = in.IsMFARequired != nil && *in.IsMFARequired
	if in.Color != nil {
		o.Color.V = *in.Color
	}
	if in.Branding != nil {
		o.Branding.V = *in.Branding
	}
	now := a.Clock.Millis()
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*organization.Published, error) {
		created, err := organization.Create(ctx, tx, now, o)
		return told(ctx, tx, now, "Organization.Created", created, err)
	})
}

type listIn struct {
	searchIn

	ShowFeatured web.Flag `query:"showFeatured" check:"max=16"`
}

// listed is an organization; its users are there where they were asked for.
type listed struct {
	organization.Published

	UsersCount    *int                     `json:"usersCount,omitempty"`
	FeaturedUsers *[]organization.Featured `json:"featuredUsers,omitempty"`
}

func (a *API) list(ctx context.Context, in *listIn) (*[]listed, error) {
	t := tenant.From(ctx)
	organizations, total, err := organization.List(ctx, t.DB, in.Q, web.Range(ctx))
	if err != nil {
		return nil, err
	}
	out := make([]listed, len(organizations))
	for i, o := range organizations {
		out[i].Published = o.Published(t.ID)
		if !in.ShowFeatured.On() {
			continue
		}
		featured, count, err := organization.FeaturedUsers(ctx, t.DB, o.ID)
		if err != nil {
			return nil, err
		}
		out[i].UsersCount, out[i].FeaturedUsers = &count, &featured
	}
	web.SetTotal(ctx, total)
	return &out, nil
}

func (a *API) get(ctx context.Context, in *idIn) (*organization.Published, error) {
	t := tenant.From(ctx)
	o, err := organization.ByID(ctx, t.DB, in.ID)
	if err != nil {
		return nil, err
	}
	out := o.Published(t.ID)
	return &out, nil
}

type patchIn struct {
	idIn
	overruled

	Name          web.Opt[string]                `json:"name" check:"min=1,max=128" example:"Harbour Crew"`
	Description   web.Opt[string]                `json:"description" check:"max=256,nullable"`
	CustomData    web.Opt[map[string]any]        `json:"customData"`
	IsMFARequired web.Opt[bool]                  `json:"isMfaRequired"`
	Color         web.Opt[organization.Color]    `json:"color"`
	Branding      web.Opt[organization.Branding] `json:"branding"`
	CustomCSS     web.Opt[string]                `json:"customCss" check:"max=65536,nullable"`
}

func (in *patchIn) changes() db.Changes {
	var c db.Changes
	if in.Name.Set {
		organization.Rename(&c, in.ID, in.Name.Value)
	}
	web.Column(&c, "description", in.Description)
	web.Column(&c, "is_mfa_required", in.IsMFARequired)
	web.Column(&c, "custom_css", in.CustomCSS)
	setJSON(&c, "custom_data", in.CustomData)
	setJSON(&c, "color", in.Color)
	setJSON(&c, "branding", in.Branding)
	return c
}

func setJSON[T any](c *db.Changes, column string, o web.Opt[T]) {
	if o.Set {
		c.Set(column, db.JSON[T]{V: o.Value})
	}
}

func (a *API) patch(ctx context.Context, in *patchIn) (*organization.Published, error) {
	changes := in.changes()
	if changes.Empty() {
		return nil, errs.ErrNothingToChange
	}
	now := a.Clock.Millis()
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*organization.Published, error) {
		changed, err := organization.Update(ctx, tx, in.ID, changes)
		return told(ctx, tx, now, "Organization.Data.Updated", changed, err)
	})
}

func (a *API) remove(ctx context.Context, in *idIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		if err := organization.Delete(ctx, tx, in.ID); err != nil {
			return err
		}
		return event.Record(ctx, tx, a.Clock.Millis(), "Organization.Deleted", nil)
	})
}

// told tells of an organization that was written, in the transaction that wrote
// it.
func told(ctx context.Context, tx *db.Tx, now int64, name string, o *organization.Organization, err error) (*organization.Published, error) {
	if err != nil {
		return nil, err
	}
	out := o.Published(tx.TenantID())
	return &out, event.Record(ctx, tx, now, name, out)
}
