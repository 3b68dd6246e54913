package server_test

import (
	"context"
	"maps"
	"net/http"
	"testing"

	"signet/internal/operator"
	"signet/internal/platform/web"
	"signet/internal/server"
)

// A collection in which one route takes something else than the token of an
// operator is none that they manage.
func TestManaged(t *testing.T) {
	t.Parallel()
	token := web.Guarded(web.Guard{Name: operator.GuardName})
	do := func(context.Context, *struct{}) (*web.Nothing, error) { return nil, nil }
	got := server.Managed([]web.Table{{Document: "a", Routes: []web.Route{
		web.Get("/api/users", do, token), web.Get("/api/users/{id}", do, token), web.Get("/api/mixed", do), web.Post("/api/mixed/x", do, token),
	}}, {Document: "b", Routes: []web.Route{
		web.Post("/api/later", do, token), web.Delete("/api/later/{id}", do), web.Get("/sign-in", do),
		web.Raw("GET", "/api/open", func(http.ResponseWriter, *http.Request) error { return nil }),
	}}})
	if want := map[string]bool{"users": true, "mixed": false, "later": false, "open": false}; !maps.Equal(got, want) {
		t.Errorf("%v", got)
	}
}
