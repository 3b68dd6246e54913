package organizationapi

import (
	"context"

	"signet/internal/application"
	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

type listApplicationsIn struct {
	idIn
	searchIn
}

// listedApplication is a machine-to-machine application with the roles held in
// the organization.
type listedApplication struct {
	application.Published

	OrganizationRoles []organization.Named `json:"organizationRoles"`
}

func (a *API) listApplications(ctx context.Context, in *listApplicationsIn) (*[]listedApplication, error) {
	t := tenant.From(ctx)
	ids, total, err := organization.ApplicationList(ctx, t.DB, in.ID, in.Q, web.Range(ctx))
	if err != nil {
		return nil, err
	}
	applications, err := application.ByIDs(ctx, t.DB, ids)
	if err != nil {
		return nil, err
	}
	roles, err := organization.Applications.RolesOf(ctx, t.DB, in.ID, ids)
	if err != nil {
		return nil, err
	}
	out := make([]listedApplication, len(applications))
	for i, app := range applications {
		out[i] = listedApplication{app.Published(t.ID), roles[app.ID]}
	}
	web.SetTotal(ctx, total)
	return &out, nil
}

// applicationsIn names so many applications that all of an organization can be
// sent at once.
type applicationsIn struct {
	idIn

	ApplicationIDs []string `json:"applicationIds" check:"min=1,max=128,items=5000"`
}

func (a *API) addApplications(ctx context.Context, in *applicationsIn) (*web.Nothing, error) {
	if err := notEmpty("applicationIds", in.ApplicationIDs); err != nil {
		return nil, err
	}
	return a.changeMembers(ctx, func(tx *db.Tx, now int64) (organization.Change, error) {
		return organization.Applications.Add(ctx, tx, now, in.ID, in.ApplicationIDs)
	})
}

func (a *API) replaceApplications(ctx context.Context, in *applicationsIn) (*web.Nothing, error) {
	return a.changeMembers(ctx, func(tx *db.Tx, now int64) (organization.Change, error) {
		return organization.Applications.Replace(ctx, tx, now, in.ID, in.ApplicationIDs)
	})
}

type applicationIn struct {
	idIn

	ApplicationID string `path:"applicationId" check:"max=128"`
}

func (a *API) removeApplication(ctx context.Context, in *applicationIn) (*web.Nothing, error) {
	return a.changeMembers(ctx, func(tx *db.Tx, _ int64) (organization.Change, error) {
		return organization.Applications.Remove(ctx, tx, in.ID, in.ApplicationID)
	})
}
