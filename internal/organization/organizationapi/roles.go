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

// listedRole is a role with what it grants.
type listedRole struct {
	organization.PublishedRole
	organization.Granted
}

func (a *API) listRoles(ctx context.Context, in *searchIn) (*[]listedRole, error) {
	t := tenant.From(ctx)
	roles, total, err := organization.RoleList(ctx, t.DB, in.Q, web.Range(ctx))
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(roles))
	for i, r := range roles {
		ids[i] = r.ID
	}
	granted, err := organization.GrantedBy(ctx, t.DB, ids)
	if err != nil {
		return nil, err
	}
	out := make([]listedRole, len(roles))
	for i, r := range roles {
		out[i] = listedRole{r.Published(t.ID), *granted[r.ID]}
	}
	web.SetTotal(ctx, total)
	return &out, nil
}

func publishRoles(roles []organization.Role, tenantID string) *[]organization.PublishedRole {
	out := make([]organization.PublishedRole, len(roles))
	for i, r := range roles {
		out[i] = r.Published(tenantID)
	}
	return &out
}

type createRoleIn struct {
	web.OfTenant

	Name        string                 `json:"name" check:"min=1,max=128" example:"editor"`
	Description *string                `json:"description" check:"max=256,nullable"`
	Type        *organization.RoleType `json:"type" check:"enum=User|MachineToMachine"`

	OrganizationScopeIDs []string `json:"organizationScopeIds,omitempty" check:"max=128"`
	ResourceScopeIDs     []string `json:"resourceScopeIds,omitempty" check:"max=128"`
}

func (a *API) createRole(ctx context.Context, in *createRoleIn) (*organization.PublishedRole, error) {
	r := organization.Role{Name: in.Name, Description: web.Text(in.Description)}
	if in.Type != nil {
		r.Type = *in.Type
	}
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*organization.PublishedRole, error) {
		created, err := organization.CreateRole(ctx, tx, r, in.OrganizationScopeIDs, in.ResourceScopeIDs)
		out, err := a.toldRole(ctx, tx, "OrganizationRole.Created", created, err)
		if err != nil || len(in.OrganizationScopeIDs)+len(in.ResourceScopeIDs) == 0 {
			return out, err
		}
		return out, a.tellGrants(ctx, tx, created.ID)
	})
}

func (a *API) getRole(ctx context.Context, in *idIn) (*organization.PublishedRole, error) {
	t := tenant.From(ctx)
	r, err := organization.RoleByID(ctx, t.DB, in.ID)
	if err != nil {
		return nil, err
	}
	out := r.Published(t.ID)
	return &out, nil
}

type patchRoleIn struct {
	idIn
	web.OfTenant

	Name        web.Opt[string]                `json:"name" check:"min=1,max=128" example:"editor"`
	Description web.Opt[string]                `json:"description" check:"max=256,nullable"`
	Type        web.Opt[organization.RoleType] `json:"type" check:"enum=User|MachineToMachine"`
}

func (a *API) patchRole(ctx context.Context, in *patchRoleIn) (*organization.PublishedRole, error) {
	var changes db.Changes
	web.Column(&changes, "name", in.Name)
	web.Column(&changes, "description", in.Description)
	web.Column(&changes, "type", in.Type)
	if changes.Empty() {
		return nil, errs.ErrNothingToChange
	}
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*organization.PublishedRole, error) {
		r, err := organization.UpdateRole(ctx, tx, in.ID, changes)
		return a.toldRole(ctx, tx, "OrganizationRole.Data.Updated", r, err)
	})
}

func (a *API) removeRole(ctx context.Context, in *idIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		if err := organization.DeleteRole(ctx, tx, in.ID); err != nil {
			return err
		}
		return event.Record(ctx, tx, a.Clock.Millis(), "OrganizationRole.Deleted", nil)
	})
}

// toldRole tells of a role that was written, in the transaction that wrote it.
func (a *API) toldRole(ctx context.Context, tx *db.Tx, name string, r *organization.Role, err error) (*organization.PublishedRole, error) {
	if err != nil {
		return nil, err
	}
	out := r.Published(tx.TenantID())
	return &out, event.Record(ctx, tx, a.Clock.Millis(), name, out)
}
