package applicationapi

import (
	"context"

	"signet/internal/application"
	"signet/internal/platform/web"
)

// System tells what the installation offers to applications.
type System struct {
	// Operator guards every operation.
	Operator web.Guard
}

// Table returns the routes.
func (s *System) Table() web.Table {
	return web.Table{Document: "management", Tag: "Systems", Routes: []web.Route{
		web.Get("/api/systems/application", s.get, web.Guarded(s.Operator),
			web.Doc("GetSystemApplicationConfig", "Get what protected applications build on"), web.Fails(401, 403, 501),
			web.About("The domain below which protected applications get their names. Answers 501 while no proxy is configured "+
				"that could stand in front of them.")),
	}}
}

// systemOut describes the proxy of protected applications.
type systemOut struct {
	ProtectedApps protectedApps `json:"protectedApps"`
}

type protectedApps struct {
	DefaultDomain string `json:"defaultDomain" example:"apps.example.com"`
}

// As with the domains of an application: there is no proxy to tell of.
func (s *System) get(context.Context, *struct{}) (*systemOut, error) {
	return nil, application.ErrProtectedUnavailable
}
