package server

import (
	"context"
	"time"

	"signet/internal/access/accessapi"
	"signet/internal/accountcenter/accountcenterapi"
	"signet/internal/application/applicationapi"
	"signet/internal/audit/auditapi"
	"signet/internal/dashboard/dashboardapi"
	"signet/internal/oidc/registration/registrationapi"
	"signet/internal/organization/organizationapi"
	"signet/internal/passcode/passcodeapi"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/resource/resourceapi"
	"signet/internal/role/roleapi"
	"signet/internal/sentinel/sentinelapi"
	"signet/internal/settings/settingsapi"
	"signet/internal/signinexp"
	"signet/internal/signinexp/signinexpapi"
	"signet/internal/subjecttoken/subjecttokenapi"
	"signet/internal/user/userapi"
)

// management are the routes of the Management API, in the order of the
// reference. Every one of them stands behind the guard of operators.
func (p *parts) management() []web.Table {
	now, ring, guard := p.options.Clock, p.options.Keyring, p.operator
	applications := &applicationapi.API{Clock: now, Ring: ring, Operator: guard}
	tables := []web.Table{
		(&userapi.API{
			Clock: now, Hasher: p.options.Hasher, Experience: p.experience, Clients: p.clients,
			IgnoreUsernameCase: p.options.IgnoreUsernameCase, DefaultRoles: p.options.DefaultRoles, Operator: guard,
		}).Table(),
		(&userapi.Factors{Clock: now, Keyring: ring, Operator: guard}).FactorTable(),
		applications.Table(),
		applications.Addressed(),
		(&applicationapi.System{Operator: guard}).Table(),
		(&registrationapi.API{Clock: now, Operator: guard}).Table(),
		(&resourceapi.API{Clock: now, Operator: guard}).Table(),
		(&roleapi.API{Clock: now, Operator: guard}).Table(),
		(&organizationapi.JIT{Keyring: ring, Operator: guard}).Table(),
		(&organizationapi.Invitations{Clock: now, Operator: guard}).Table(),
		(&passcodeapi.API{Clock: now, Keyring: ring, Operator: guard}).Table(),
		(&passcodeapi.Codes{Operator: guard}).Table(),
		(&subjecttokenapi.API{Clock: now, Operator: guard}).Table(),
		(&signinexpapi.API{
			Clock: now, Means: means, Pwned: p.options.Pwned,
			IgnoreUsernameCase: p.options.IgnoreUsernameCase, Operator: guard,
			Disk: p.options.Assets, Apart: p.options.apart(),
		}).Table(),
		(&accountcenterapi.API{Clock: now, Operator: guard}).Table(),
		p.assets().Table(),
		(&auditapi.API{Trail: p.trail, Operator: guard}).Table(),
		(&accessapi.Explainer{Tokens: p.tokens, Operator: guard}).Table(),
		(&dashboardapi.API{Clock: now, Zone: time.Local, Operator: guard}).Table(),
		(&sentinelapi.API{Operator: guard}).Table(),
		(&settingsapi.API{Clock: now, Keyring: ring, KeyGrace: p.options.KeyGrace, Unguarded: p.options.AllowPrivateCalls, Operator: guard}).Table(),
	}
	return append(tables, (&organizationapi.API{Clock: now, Operator: guard}).Tables()...)
}

// means are what connectors can do: there are none that could reach anybody.
func means(context.Context, db.Q) (signinexp.Means, error) { return signinexp.Means{}, nil }
