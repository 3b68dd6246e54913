package server

import (
	"net/http"
	"slices"
	"strings"

	"signet/internal/hosted"
	"signet/internal/oidc/oidcapi"
	"signet/internal/oidc/proto"
	"signet/internal/tenant"
)

// orNotFound routes requests. A person whose path leads nowhere gets a page;
// programs get the router's plain 404 and 405 (RFC 9110 sections 15.5.5 and
// 15.5.6).
func (p *parts) orNotFound(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isUncommon(r.Method) && strings.HasPrefix(r.URL.Path, proto.PathIssuer+"/") {
			oidcapi.Unrouted(w, r)
			return
		}
		if !forPeople(r) {
			mux.ServeHTTP(w, r)
			return
		}
		plain, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		if answer := (probe{header: http.Header{}}); answer.statusOf(plain, r) != http.StatusNotFound {
			mux.ServeHTTP(w, r)
			return
		}
		p.show(w, r, http.StatusNotFound, hosted.NotFound{HomeURL: tenant.From(r.Context()).Path("/account")})
	})
}

// isUncommon reports whether no route at all has a method.
func isUncommon(method string) bool {
	return !slices.Contains([]string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
	}, method)
}

// forPeople reports whether a request can come from somebody who typed or
// followed an address.
func forPeople(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	top, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch top {
	case "api", "oidc", "assets", "user-assets", ".well-known":
		return false
	}
	return true
}

// probe asks the router's own handlers for the status that they would answer.
type probe struct {
	header http.Header
	status int
}

func (p *probe) statusOf(h http.Handler, r *http.Request) int {
	h.ServeHTTP(p, r)
	return p.status
}

// Header implements http.ResponseWriter.
func (p *probe) Header() http.Header { return p.header }

// WriteHeader implements http.ResponseWriter.
func (p *probe) WriteHeader(status int) { p.status = status }

// Write implements http.ResponseWriter.
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }
