package oidcapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"signet/internal/platform/db/dbtest"
)

// A person whom a broken link leads here reads a sentence, not JSON. It is never
// the link's own.
func TestAuthorize_BrokenLinksHaveAPageInBrowsers(t *testing.T) {
	t.Parallel()
	s := newProvider(t, dbtest.SQLite(t))
	for want, query := range map[string]string{
		"broken link: oidc.invalid_request":      "",
		"broken link: oidc.invalid_client":       request("client_id", "nobody").Encode(),
		"broken link: oidc.invalid_redirect_uri": request("redirect_uri", "https://evil.example/cb").Encode(),
	} {
		r := httptest.NewRequest(http.MethodGet, "/oidc/auth?"+query, nil)
		r.Header.Set("Sec-Fetch-Mode", "navigate")
		r.Header.Set("Sec-Fetch-Dest", "document")
		a := s.browser().send(r)
		if a.StatusCode != http.StatusBadRequest || a.body != want || a.Header.Get("Location") != "" {
			t.Errorf("%s: %d %s", want, a.StatusCode, a.body)
		}
		r.Header.Set("Sec-Fetch-Dest", "iframe")
		if a := s.browser().send(r); !strings.HasPrefix(a.body, "{") {
			t.Errorf("%s: a frame shows %s", want, a.body)
		}
	}
	if n := s.count("interactions", "true"); n != 0 {
		t.Errorf("%d interactions began", n)
	}
}
