package server_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
)

// described is a client that nobody has registered, at an HTTPS server of its own.
type described struct {
	*httptest.Server

	id      string
	calls   atomic.Int64
	answer  atomic.Value // of http.HandlerFunc
	control string       // Cache-Control
}

const describedPath = "/client.json"

// describe starts one; changes replace members of its document, nil leaves one
// out.
func describe(t *testing.T, changes map[string]any) *described {
	t.Helper()
	d := &described{}
	d.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.calls.Add(1)
		d.answer.Load().(http.HandlerFunc)(w, r)
	}))
	t.Cleanup(d.Close)
	d.id = d.URL + describedPath
	d.publish(changes)
	return d
}

func (d *described) publish(changes map[string]any) {
	doc := map[string]any{"client_id": d.id, "client_name": "Robot", "redirect_uris": []string{apptest.CallbackURI}, "token_endpoint_auth_method": "none"}
	maps.Copy(doc, changes)
	for name, value := range changes {
		if value == nil {
			delete(doc, name)
		}
	}
	d.answer.Store(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", d.control)
		_ = json.NewEncoder(w).Encode(doc)
	}))
}

// party is the client as the tests' browser knows clients.
func (d *described) party() *apptest.Client {
	return &apptest.Client{Application: &application.Application{ID: d.id, OIDC: application.ClientMetadata{RedirectURIs: []string{apptest.CallbackURI}}}}
}

func allowDescribed(t *testing.T, app *apptest.App) *apptest.Operator {
	t.Helper()
	o := app.Operator(t)
	o.Want(200, "PATCH", "/api/configs/cimd", `{"enabled":true}`)
	o.Want(201, "POST", "/api/cimd/user-consent-scopes", `{"userScopes":["profile","urn:logto:scope:organizations"]}`)
	return o
}

// asks brings robin to the page that asks; begin is the authorization request.
func asks(t *testing.T, b *apptest.Browser, begin string) *apptest.Answer {
	t.Helper()
	a := b.Do("GET", begin, "")
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%d %s", a.StatusCode, a.Text)
	}
	if strings.HasPrefix(a.Header.Get("Location"), "/sign-in") {
		b.Prove("robin", apptest.Password)
		a = b.Visit(strings.TrimPrefix(b.Step("POST", "/submit", "").String("redirectTo"), b.Endpoint))
	} else {
		a = b.Visit(a.Header.Get("Location"))
	}
	if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "to use your account?") {
		t.Fatalf("no question: %d %s", a.StatusCode, a.Text)
	}
	return a
}

func allow(t *testing.T, b *apptest.Browser, page *apptest.Answer, pairs ...string) *url.URL {
	t.Helper()
	posted := b.Send(page, append([]string{"decision", "allow"}, pairs...)...)
	if posted.StatusCode != http.StatusSeeOther {
		t.Fatalf("posted: %d %s", posted.StatusCode, posted.Text)
	}
	return b.Follow(posted.Header.Get("Location"))
}
