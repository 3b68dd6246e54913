package server_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"signet/internal/apptest"
	"signet/internal/server"
)

// operations lists "METHOD path operationId", sorted.
func operations(document *openapi3.T) []string {
	var lines []string
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			lines = append(lines, fmt.Sprintf("%s %s %s", method, path, operation.OperationID))
		}
	}
	slices.Sort(lines)
	return lines
}

// What is published must be served, and what clients were promised must stay:
// the lists in testdata are the promise.
func TestOpenAPI_IsValidAndCompleteAndNamesTheTenantsEndpoint(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	for _, name := range []string{"experience", "management", "user"} {
		for _, endpoint := range []string{app.URL, app.AdminURL} {
			a := get(t, endpoint+"/api/.well-known/"+name+".openapi.json")
			document, err := openapi3.NewLoader().LoadFromData([]byte(a.Text))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := document.Validate(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if len(document.Servers) != 1 || document.Servers[0].URL != endpoint {
				t.Errorf("%s at %s: servers %v", name, endpoint, document.Servers)
			}
			tags := make([]string, 0, len(document.Tags))
			for _, tag := range document.Tags {
				tags = append(tags, tag.Name)
			}
			if !slices.IsSorted(tags) {
				t.Errorf("%s: tags %q are not sorted", name, tags)
			}
			wantLines(t, "testdata/"+name+".operations.txt", operations(document))
		}
	}
}

// wantLines compares lines with a committed file.
func wantLines(t *testing.T, file string, lines []string) {
	t.Helper()
	if *server.Update {
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; it should hold:\n%s", err, strings.Join(lines, "\n"))
	}
	want := strings.Split(strings.TrimSpace(string(raw)), "\n")
	for _, line := range want {
		if !slices.Contains(lines, line) {
			t.Errorf("%s: %s is no longer published", file, line)
		}
	}
	for _, line := range lines {
		if !slices.Contains(want, line) {
			t.Errorf("%s does not promise %s yet", file, line)
		}
	}
}
