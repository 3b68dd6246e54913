package client

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"signet/internal/platform/clock"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/errs"
)

// What readDocument accepts obeys the rules, whatever else the document says.
func FuzzReadDocument(f *testing.F) {
	const id = "https://client.example/client.json"
	f.Add([]byte(`{"client_id":"` + id + `","redirect_uris":["https://client.example/cb"]}`))
	f.Add([]byte(`{"client_id":"` + id + `","redirect_uris":["http://127.0.0.1/cb"],"token_endpoint_auth_method":"private_key_jwt","jwks":{"keys":[{"kty":"EC"}]}}`))
	f.Add([]byte(`{"client_secret":"x","jwks_uri":"https://client.example/jwks","require_signed_request_object":true}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := readDocument(id, raw, []string{"ES384"})
		if err != nil {
			if e, ok := errs.As(err); !ok || e.Status != 400 {
				t.Fatalf("%q: %v", raw, err)
			}
			return
		}
		if c.ID != id || !c.IsThirdParty || !c.IsDocument() || !c.RequiresPKCE() || len(c.RedirectURIs) == 0 || c.Name == "" || len(c.secrets) != 0 {
			t.Fatalf("%q: %+v", raw, c)
		}
		for _, uri := range c.RedirectURIs {
			if strings.Contains(uri, "*") || strings.HasPrefix(uri, "javascript:") {
				t.Fatalf("%q: redirects to %q", raw, uri)
			}
		}
	})
}

// Attack 3: a client's addresses are compared as they are written, but for the
// port on loopback.
func TestMatchRedirect_OfDocuments(t *testing.T) {
	t.Parallel()
	c := &Client{Kind: KindDocument, RedirectURIs: []string{"https://app.example/cb", "http://127.0.0.1/cb"}, PostLogoutRedirectURIs: []string{"http://127.0.0.1/bye"}}
	for sent, want := range map[string]bool{
		"https://app.example/cb": true, "http://127.0.0.1/cb": true, "http://127.0.0.1:49152/cb": true,
		"https://APP.example/cb": false, "https://app.example:443/cb": false, "https://app.example/cb/": false, "https://app.example:8443/cb": false,
		"http://127.0.0.1:49152/other": false, "http://localhost:49152/cb": false, "https://127.0.0.1:49152/cb": false, "": false,
	} {
		if _, ok := c.MatchRedirect(sent); ok != want {
			t.Errorf("%q: %v", sent, ok)
		}
	}
	if c.MatchPostLogout("http://127.0.0.1:49152/bye") || !c.MatchPostLogout("http://127.0.0.1/bye") {
		t.Error("after signing out the port counts")
	}
}

// Whoever asks first may go away: others wait for the same document.
func TestDocuments_OutliveWhoAskedFirst(t *testing.T) {
	t.Parallel()
	const body = `{"client_id":"x"}`
	site := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(site.Close)
	d := newDocuments(Options{Outbound: site.Client(), Clock: clock.System})
	gone, leave := context.WithCancel(t.Context())
	leave()
	q := dbtest.SQLite(t).For("default")
	want := wanted{id: site.URL, now: 1, patience: documentPatience, good: func([]byte) error { return nil }}
	got, err := d.renew(gone, q, "key", want)
	if err != nil || string(got) != body {
		t.Errorf("%s, %v", got, err)
	}
	if stored, err := storedDocument(t.Context(), q, site.URL); err != nil || stored == nil {
		t.Errorf("stored %v, %v", stored, err)
	}
	// All slots are taken, until one is free again.
	for range maxDocumentFetches {
		d.slots <- struct{}{}
	}
	answers := make(chan error)
	go func() {
		_, err := d.renew(gone, q, "key", want)
		answers <- err
	}()
	<-d.slots
	if err := <-answers; err != nil {
		t.Errorf("after waiting for a slot: %v", err)
	}
}
