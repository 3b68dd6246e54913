package server

import (
	"context"

	"signet/internal/accountcenter/accountcenterapi"
	"signet/internal/audit/auditapi"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/resource/resourceapi"
	"signet/internal/sentinel/sentinelapi"
	"signet/internal/settings/settingsapi"
	"signet/internal/signinexp"
	"signet/internal/signinexp/signinexpapi"
)

// management are the routes of the Management API, in the order of the
// reference. Every one of them stands behind the guard of operators.
func (p *parts) management() []web.Table {
	return []web.Table{
		(&resourceapi.API{Clock: p.options.Clock, Operator: p.operator}).Table(),
		(&signinexpapi.API{
			Clock: p.options.Clock, Means: means, Pwned: p.options.Pwned,
			IgnoreUsernameCase: p.options.IgnoreUsernameCase, Operator: p.operator,
		}).Table(),
		(&accountcenterapi.API{Clock: p.options.Clock, Operator: p.operator}).Table(),
		(&auditapi.API{Operator: p.operator}).Table(),
		(&sentinelapi.API{Operator: p.operator}).Table(),
		(&settingsapi.API{Clock: p.options.Clock, Keyring: p.options.Keyring, Operator: p.operator}).Table(),
	}
}

// means are what connectors can do: there are none that could reach anybody.
func means(context.Context, db.Q) (signinexp.Means, error) { return signinexp.Means{}, nil }
