package applicationapi

import (
	"context"
	"net/http"

	"signet/internal/application"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// protectedOnly demands that the path names a protected application. It is a
// guard because the published API says so before it looks at a body.
var protectedOnly = web.Guard{Name: "protected application", Check: func(ctx context.Context, r *http.Request) (context.Context, error) {
	app, err := application.ByID(ctx, tenant.From(ctx).DB, r.PathValue("id"))
	if err == nil && app.Type != application.Protected {
		err = application.ErrNotProtected
	}
	return ctx, err
}}

// The domains of a protected application live at the proxy in front of it, and
// no such proxy can be configured.

func (a *API) listDomains(context.Context, *idIn) (*[]application.CustomDomain, error) {
	return nil, application.ErrProtectedUnavailable
}

type createDomainIn struct {
	idIn

	Domain string `json:"domain" check:"min=1,max=253" example:"shop.example.com"`
}

func (a *API) createDomain(context.Context, *createDomainIn) (*web.Nothing, error) {
	return nil, application.ErrProtectedUnavailable
}

type domainIn struct {
	idIn

	Domain string `path:"domain" check:"max=253"`
}

func (a *API) removeDomain(context.Context, *domainIn) (*web.Nothing, error) {
	return nil, application.ErrProtectedUnavailable
}
