package applicationapi

import (
	"context"
	"net/http"

	"signet/internal/application"
	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/tenant"
	"signet/internal/user"
)

func (a *API) listOrganizations(ctx context.Context, in *idIn) (*[]organization.Membership, error) {
	t := tenant.From(ctx)
	if _, err := application.ByID(ctx, t.DB, in.ID); err != nil {
		return nil, err
	}
	out, total, err := organization.OfApplication(ctx, t.DB, in.ID, web.Range(ctx))
	web.SetTotal(ctx, total)
	return &out, err
}

// thirdParty demands that the path names a third-party application and a user.
// It is a guard because the published API says so before it looks at a body.
var thirdParty = web.Guard{Name: "third-party application", Check: func(ctx context.Context, r *http.Request) (context.Context, error) {
	t := tenant.From(ctx)
	if _, err := application.ThirdParty(ctx, t.DB, r.PathValue("id")); err != nil {
		return nil, err
	}
	_, err := user.ByID(ctx, t.DB, r.PathValue("userId"))
	return ctx, err
}}

type ofUser struct {
	idIn

	UserID string `path:"userId" check:"max=128"`
}

type openedOut struct {
	Organizations []organization.Published `json:"organizations"`
}

func (a *API) listOpened(ctx context.Context, in *ofUser) (*openedOut, error) {
	t := tenant.From(ctx)
	opened, total, err := organization.Opened(ctx, t.DB, in.ID, in.UserID, web.Range(ctx))
	web.SetTotal(ctx, total)
	out := make([]organization.Published, len(opened))
	for i := range opened {
		out[i] = opened[i].Published(t.ID)
	}
	return &openedOut{out}, err
}

type openIn struct {
	ofUser

	OrganizationIDs []string `json:"organizationIds" check:"min=1,max=128"`
}

func (a *API) addOpened(ctx context.Context, in *openIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return application.OpenOrganizations(ctx, tx, in.ID, in.UserID, in.OrganizationIDs)
	})
}

func (a *API) replaceOpened(ctx context.Context, in *openIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return application.SetOpenOrganizations(ctx, tx, in.ID, in.UserID, in.OrganizationIDs)
	})
}

type openedIn struct {
	ofUser

	OrganizationID string `path:"organizationId" check:"max=128"`
}

func (a *API) removeOpened(ctx context.Context, in *openedIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return application.CloseOrganization(ctx, tx, in.ID, in.UserID, in.OrganizationID)
	})
}
