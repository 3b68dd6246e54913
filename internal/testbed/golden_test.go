package testbed

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"signet/internal/accountcenter"
	"signet/internal/platform/db"
	"signet/internal/settings"
	"signet/internal/signinexp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// seededSettings are the settings of a tenant as JSON.
func seededSettings(t *testing.T, q db.Q) string {
	t.Helper()
	experience, err := signinexp.Get(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	center, err := accountcenter.Get(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := settings.GetIDToken(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, v := range []any{experience, center, tokens} {
		text, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(text, "\n\n"...))
	}
	return out.String()
}

// golden compares got with a file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test . -update):\n%s", path, got)
	}
}
