package oidcapi

import (
	"errors"
	"net/http"
	"strings"

	"signet/internal/oidc/protectedresource"
	"signet/internal/oidc/proto"
	"signet/internal/platform/web"
	"signet/internal/resource"
	"signet/internal/tenant"
)

// resourceMetadata describes the API resources that lie below the endpoint (RFC
// 9728 section 3); those elsewhere describe themselves.
func (a *API) resourceMetadata(w http.ResponseWriter, r *http.Request) error {
	web.AllowOrigin(w, r)
	t := tenant.From(r.Context())
	m, err := protectedresource.Below(r.Context(), t.DB, t, strings.TrimPrefix(r.URL.EscapedPath(), proto.PathResourceMetadata))
	if errors.Is(err, resource.ErrNotFound) {
		return proto.ErrUnknownRoute.Describe("no protected resource lies there")
	}
	if err != nil {
		return err
	}
	return web.WriteJSON(w, r, http.StatusOK, m)
}
