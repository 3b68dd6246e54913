package server

import (
	"net/http"
	"slices"
	"strings"

	"signet/internal/operator"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// managed are the collections below /api of which every route takes the token of an
// operator: no cookie counts there.
func managed(tables []web.Table) map[string]bool {
	all := map[string]bool{}
	for _, table := range tables {
		for i := range table.Routes {
			rt := &table.Routes[i]
			name, below := collectionOf(rt.Pattern)
			if !below {
				continue
			}
			others, known := all[name]
			all[name] = slices.Contains(rt.GuardNames(), operator.GuardName) && (others || !known)
		}
	}
	return all
}

func collectionOf(path string) (name string, below bool) {
	path, below = strings.CutPrefix(path, "/api/")
	name, _, _ = strings.Cut(path, "/")
	return name, below
}

// fromOperators reports whether a browser asks from the origin at which operators
// sign in, if they have one of their own, for what they manage.
func (s *Server) fromOperators(r *http.Request) bool {
	if !s.options.apart() || r.Header.Get("Origin") != s.Tenant(tenant.Admin).Origin() {
		return false
	}
	name, below := collectionOf(r.URL.Path)
	return below && s.managed[name]
}
