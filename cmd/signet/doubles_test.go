package main

import (
	"bytes"
	"net/http"
	"os"
	"slices"
	"testing"

	"signet/internal/apptest"
	"signet/internal/testbed"
)

// What opens the testbed is a header like any other to the product, and no
// variable makes it more.
func TestServe_KnowsNoDeveloper(t *testing.T) {
	t.Parallel()
	code, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(code, []byte(testbed.DeveloperHeader)) {
		t.Errorf("the product knows the header %s", testbed.DeveloperHeader)
	}
	if !bytes.Contains(code, []byte("auth.authorization_header_missing")) {
		t.Error("the product does not even know its errors: this test proves nothing")
	}
	in := install(t, "DEVELOPMENT_USER_ID=robin", "INTEGRATION_TEST=true", "DEV_FEATURES_ENABLED=true", "NODE_ENV=development")
	s := in.serve()
	const all = `SELECT indicator FROM resources ORDER BY indicator`
	before := rows[string](in, all)
	for _, endpoint := range []string{in.url, in.url + "/admin"} {
		for method, body := range map[string]string{
			http.MethodGet: "", http.MethodPost: `{"name":"Orders","indicator":"https://orders.example"}`,
		} {
			a := apptest.Do(t, http.DefaultClient, method, endpoint+"/api/resources", body, testbed.DeveloperHeader, "robin")
			if a.StatusCode != http.StatusUnauthorized || a.Code() != "auth.authorization_header_missing" {
				t.Errorf("%s at %s: %d %s", method, endpoint, a.StatusCode, a.Text)
			}
		}
	}
	if after := rows[string](in, all); len(before) == 0 || !slices.Equal(before, after) {
		t.Errorf("resources: %q, then %q", before, after)
	}
	s.stop(t)
}
