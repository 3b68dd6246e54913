package applicationapi

import (
	"context"

	"signet/internal/application"
	"signet/internal/oidc/client"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/search"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

type listIn struct {
	Types                 []application.Type `query:"types" check:"items=20,enum=Native|SPA|Traditional|MachineToMachine|Protected|SAML"`
	ExcludeRoleID         string             `query:"excludeRoleId" check:"max=128"`
	ExcludeOrganizationID string             `query:"excludeOrganizationId" check:"max=128"`
	IsThirdParty          *web.Flag          `query:"isThirdParty" check:"max=16"`
}

// searchFields are what lists of applications can be searched by.
var searchFields = search.Columns("", "id", "name", "description")

func (a *API) list(ctx context.Context, in *listIn) (*[]application.Published, error) {
	if in.ExcludeRoleID != "" && in.ExcludeOrganizationID != "" {
		return nil, search.Invalid("excludeRoleId and excludeOrganizationId exclude each other")
	}
	t := tenant.From(ctx)
	f := application.Filter{Types: in.Types, WithoutRole: in.ExcludeRoleID, OutsideOrganization: in.ExcludeOrganizationID}
	if in.IsThirdParty != nil {
		on := in.IsThirdParty.On()
		f.IsThirdParty = &on
	}
	var out []application.Published
	err := search.List(ctx, web.Query(ctx), searchFields, func(ctx context.Context, filter db.Filter) error {
		f.Where = filter
		apps, total, err := application.List(ctx, t.DB, f, web.Range(ctx))
		if err != nil {
			return err
		}
		web.SetTotal(ctx, total)
		out, err = a.publish(ctx, t.DB, apps)
		return err
	})
	return &out, err
}

// publish returns applications as the API shows them, with legacy secrets.
func (a *API) publish(ctx context.Context, q db.Q, apps []application.Application) ([]application.Published, error) {
	ids := make([]string, len(apps))
	for i := range apps {
		ids[i] = apps[i].ID
	}
	legacy, err := application.LegacySecrets(ctx, q, a.Ring, ids)
	out := make([]application.Published, len(apps))
	for i := range apps {
		out[i] = apps[i].Published(q.TenantID())
		out[i].Secret = legacy[apps[i].ID]
	}
	return out, err
}

func (a *API) publishOne(ctx context.Context, q db.Q, app *application.Application) (*application.Published, error) {
	out, err := a.publish(ctx, q, []application.Application{*app})
	return &out[0], err
}

type createIn struct {
	Name        string                      `json:"name" check:"min=1,max=256" example:"Web shop"`
	Description *string                     `json:"description" check:"nullable"`
	Type        application.Type            `json:"type" check:"enum=Native|SPA|Traditional|MachineToMachine|Protected|SAML"`
	OIDC        *application.ClientMetadata `json:"oidcClientMetadata"`
	Custom      *application.CustomMetadata `json:"customClientMetadata"`
	CustomData  *map[string]any             `json:"customData"`
	ThirdParty  *bool                       `json:"isThirdParty"`
	Protected   *protectedIn                `json:"protectedAppMetadata"`
}

type protectedIn struct {
	SubDomain string `json:"subDomain" check:"max=128" example:"shop"`
	Origin    string `json:"origin" check:"max=2048" example:"https://origin.example.com"`
}

func (in *createIn) application() application.Application {
	app := application.Application{Name: in.Name, Description: web.Text(in.Description), Type: in.Type}
	if in.OIDC != nil {
		app.OIDC = *in.OIDC
	}
	if in.Custom != nil {
		app.Custom = *in.Custom
	}
	if in.CustomData != nil {
		app.CustomData = *in.CustomData
	}
	if in.ThirdParty != nil {
		app.IsThirdParty = *in.ThirdParty
	}
	if in.Protected != nil && in.Type == application.Protected {
		app.Protected = &application.ProtectedMetadata{Origin: in.Protected.Origin}
	}
	return app
}

func (a *API) create(ctx context.Context, in *createIn) (*application.Published, error) {
	t, now := tenant.From(ctx), a.Clock.Millis()
	return db.Do(ctx, t.DB, func(tx *db.Tx) (*application.Published, error) {
		created, _, err := application.Create(ctx, tx, now, a.Ring, in.application())
		if err != nil {
			return nil, err
		}
		if err := checkAlgorithm(ctx, tx, now, created); err != nil {
			return nil, err
		}
		return a.publishOne(ctx, tx, created)
	})
}

// checkAlgorithm makes sure that there is a key for what an application chooses.
func checkAlgorithm(ctx context.Context, tx *db.Tx, now int64, app *application.Application) error {
	chosen := app.Custom.IDTokenSignedResponseAlg
	if chosen == "" {
		return nil
	}
	return token.CheckAlgorithm(ctx, tx, now, chosen)
}

type idIn struct {
	ID string `path:"id" check:"max=128"`
}

// applicationOut is an application with what only a single one brings.
type applicationOut struct {
	application.Published

	IsAdmin bool `json:"isAdmin"`
}

func (a *API) get(ctx context.Context, in *idIn) (*applicationOut, error) {
	t := tenant.From(ctx)
	if builtin := client.Builtin(t, in.ID); builtin != nil {
		app := application.Application{ID: builtin.ID, Name: builtin.Name, Type: builtin.Type}
		if builtin.SignsInDevices {
			app.Custom.IsDeviceFlow = &builtin.SignsInDevices
		}
		out := applicationOut{Published: app.Published(t.ID)}
		out.Secret = "N/A"
		return &out, nil
	}
	app, err := application.ByID(ctx, t.DB, in.ID)
	if err != nil {
		return nil, err
	}
	published, err := a.publishOne(ctx, t.DB, app)
	if err != nil {
		return nil, err
	}
	out := applicationOut{Published: *published}
	out.IsAdmin, err = application.IsAdmin(ctx, t.DB, in.ID)
	return &out, err
}

type patchIn struct {
	idIn
	application.Patch
}

func (a *API) patch(ctx context.Context, in *patchIn) (*application.Published, error) {
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*application.Published, error) {
		app, err := application.Update(ctx, tx, in.ID, in.Patch)
		if err != nil {
			return nil, err
		}
		if err := checkAlgorithm(ctx, tx, a.Clock.Millis(), app); err != nil {
			return nil, err
		}
		return a.publishOne(ctx, tx, app)
	})
}

func (a *API) remove(ctx context.Context, in *idIn) (*web.Nothing, error) {
	d := tenant.From(ctx).DB
	err := d.Tx(ctx, func(tx *db.Tx) error {
		if err := application.Delete(ctx, tx, in.ID); err != nil {
			return err
		}
		return token.DropClient(ctx, tx, a.Clock.Millis(), in.ID)
	})
	if err != nil {
		return nil, err
	}
	token.SweepClient(ctx, d, in.ID)
	return nil, nil
}

type applicationIDIn struct {
	ApplicationID string `path:"applicationId" check:"max=128"`
}

type customDataIn struct {
	applicationIDIn

	Data map[string]any `body:""`
}

func (a *API) mergeCustomData(ctx context.Context, in *customDataIn) (*map[string]any, error) {
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*map[string]any, error) {
		merged, err := application.MergeCustomData(ctx, tx, in.ApplicationID, in.Data)
		return &merged, err
	})
}
