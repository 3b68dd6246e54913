// Package assetapi takes the files of operators and serves what was uploaded,
// by whomever, so that it can do no harm: nothing in it runs in our origin.
package assetapi

import (
	"signet/internal/asset"
	"signet/internal/platform/clock"
	"signet/internal/platform/web"
)

// API serves the operations.
type API struct {
	Disk  *asset.Disk
	Clock clock.Clock
	// Operator guards every operation of the Management API.
	Operator web.Guard
}

// Table returns the routes of the Management API.
func (a *API) Table() web.Table {
	operator := web.Guarded(a.Operator)
	return web.Table{Document: "management", Tag: "User assets", Routes: []web.Route{
		web.Get("/api/user-assets/service-status", a.status, operator,
			web.Doc("GetUserAssetServiceStatus", "Tell whether files can be uploaded"), web.Fails(401, 403),
			web.About("Says which media types are taken and how many bytes a file may have.")),
		web.Post("/api/user-assets", a.upload, operator,
			web.Doc("CreateUserAsset", "Upload a file"), web.Fails(400, 401, 403, 500),
			web.About("Answers with the URL at which everybody can read the file: for logos, for pictures of users. The file must "+
				"be what its media type says. Pictures that can hold scripts, and archives, are served as downloads; an SVG "+
				"that holds scripts is refused.")),
	}}
}

// Files returns the route that serves what was uploaded.
func (a *API) Files() web.Table {
	return web.Table{Routes: []web.Route{web.Raw("GET", asset.URLPath+"{name}", a.serve)}}
}
