package server

import (
	"net/http"

	"signet/internal/audit"
	"signet/internal/platform/web"
)

// Holding returns a server whose requests, but for /other, run fn before they
// are answered with 204.
func Holding(fn func()) *Server {
	return &Server{handler: around(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/other" {
			fn()
		}
		w.WriteHeader(http.StatusNoContent)
	}), web.Proxies{})}
}

// Tables returns every route.
func (s *Server) Tables() []web.Table { return s.parts.tables() }

// With returns the server's handler with more routes, and the guard of the
// Management API for them.
func (s *Server) With(table func(operator web.Guard) web.Table) (http.Handler, []web.Table) {
	all := append(s.parts.tables(), table(s.parts.operator))
	return s.chain(all), all
}

// Trail returns the audit trail of all requests.
func (s *Server) Trail() *audit.Trail { return s.trail }

// Update is set when golden files are to be written anew.
var Update = update

// Managed is managed.
var Managed = managed
