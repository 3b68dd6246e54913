package server

import (
	"signet/internal/platform/web"
	"signet/internal/resource/resourceapi"
	"signet/internal/user/userapi"
)

// management are the routes of the Management API, in the order of the
// reference. Every one of them stands behind the guard of operators.
func (p *parts) management() []web.Table {
	return []web.Table{
		(&resourceapi.API{Clock: p.options.Clock, Operator: p.operator}).Table(),
		(&userapi.API{
			Clock: p.options.Clock, Hasher: p.options.Hasher, Experience: p.experience, Clients: p.clients,
			IgnoreUsernameCase: p.options.IgnoreUsernameCase, Operator: p.operator,
		}).Table(),
	}
}
