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
