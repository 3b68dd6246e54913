package server

import (
	"signet/internal/application/applicationapi"
	"signet/internal/platform/web"
	"signet/internal/resource/resourceapi"
)

// management are the routes of the Management API, in the order of the
// reference. Every one of them stands behind the guard of operators.
func (p *parts) management() []web.Table {
	return []web.Table{
		(&resourceapi.API{Clock: p.options.Clock, Operator: p.operator}).Table(),
		(&applicationapi.API{Clock: p.options.Clock, Ring: p.options.Keyring, Operator: p.operator}).Table(),
	}
}
