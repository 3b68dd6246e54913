package server_test

import (
	"fmt"
	"net/http"
	"testing"

	"signet/internal/apptest"
)

// One document holds the operations of all three, for everybody.
func TestSwagger(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	b := app.Browser(t)
	type document struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	read := func(path string) (d document) {
		b.Do(http.MethodGet, path, "").JSON(t, &d)
		return d
	}
	all := read("/api/swagger.json")
	for _, path := range []string{"/api/status", "/api/swagger.json", "/api/.well-known/management.openapi.json", "/api/.well-known/account-center"} {
		if operation, _ := all.Paths[path]["get"].(map[string]any); operation == nil || fmt.Sprint(operation["security"]) != "[]" {
			t.Errorf("%s: %v", path, operation)
		}
	}
	for _, name := range []string{"experience", "user", "management"} {
		one := read("/api/.well-known/" + name + ".openapi.json")
		if len(one.Paths) == 0 {
			t.Errorf("%s is empty", name)
		}
		for path, operations := range one.Paths {
			for method := range operations {
				if all.Paths[path][method] == nil {
					t.Errorf("%s %s is missing", method, path)
				}
			}
		}
	}
}
