package server

import (
	"signet/internal/application/applicationapi"
	"signet/internal/organization/organizationapi"
	"signet/internal/passcode/passcodeapi"
	"signet/internal/platform/web"
	"signet/internal/resource/resourceapi"
	"signet/internal/role/roleapi"
	"signet/internal/subjecttoken/subjecttokenapi"
	"signet/internal/user/userapi"
)

// management are the routes of the Management API, in the order of the
// reference. Every one of them stands behind the guard of operators.
func (p *parts) management() []web.Table {
	tables := []web.Table{
		(&resourceapi.API{Clock: p.options.Clock, Operator: p.operator}).Table(),
		(&roleapi.API{Clock: p.options.Clock, Operator: p.operator}).Table(),
		(&organizationapi.JIT{Keyring: p.options.Keyring, Operator: p.operator}).Table(),
		(&organizationapi.Invitations{Clock: p.options.Clock, Operator: p.operator}).Table(),
		(&passcodeapi.API{Clock: p.options.Clock, Keyring: p.options.Keyring, Operator: p.operator}).Table(),
		(&subjecttokenapi.API{Clock: p.options.Clock, Operator: p.operator}).Table(),
		(&userapi.Factors{Clock: p.options.Clock, Keyring: p.options.Keyring, Operator: p.operator}).FactorTable(),
		(&applicationapi.API{Clock: p.options.Clock, Ring: p.options.Keyring, Operator: p.operator}).Table(),
		(&userapi.API{
			Clock: p.options.Clock, Hasher: p.options.Hasher, Experience: p.experience, Clients: p.clients,
			IgnoreUsernameCase: p.options.IgnoreUsernameCase, Operator: p.operator,
		}).Table(),
	}
	return append(tables, (&organizationapi.API{Clock: p.options.Clock, Operator: p.operator}).Tables()...)
}
