package server

import (
	"signet/internal/organization/organizationapi"
	"signet/internal/platform/web"
	"signet/internal/resource/resourceapi"
	"signet/internal/role/roleapi"
)

// management are the routes of the Management API, in the order of the
// reference. Every one of them stands behind the guard of operators.
func (p *parts) management() []web.Table {
	tables := []web.Table{
		(&resourceapi.API{Clock: p.options.Clock, Operator: p.operator}).Table(),
		(&roleapi.API{Clock: p.options.Clock, Operator: p.operator}).Table(),
	}
	return append(tables, (&organizationapi.API{Clock: p.options.Clock, Operator: p.operator}).Tables()...)
}
