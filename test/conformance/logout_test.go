package conformance_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/server"
)

// logoutModule is a request to sign out: from it come the parameters, and where
// the browser must end.
type logoutModule struct {
	name  string
	query func(r *run, idToken string) url.Values
	end   ending
}

// ending is where a request to sign out leads to.
type ending int

const (
	atParty   ending = iota // signed out and back, with the state that was sent
	stateless               // the same without any state
	here                    // signed out, at a page of the provider
	nowhere                 // an error, and still signed in
)

// logoutModules are those of oidcc-rp-initiated-logout-certification-test-plan but
// the one about discovery.
var logoutModules = []logoutModule{
	{"oidcc-rp-initiated-logout", leaving("id_token_hint", "post_logout_redirect_uri", "state"), atParty},
	{"oidcc-rp-initiated-logout-bad-post-logout-redirect-uri", func(r *run, idToken string) url.Values {
		return changed(r, idToken, "post_logout_redirect_uri", r.party.URL+"/elsewhere")
	}, nowhere},
	{"oidcc-rp-initiated-logout-modified-id-token-hint", func(r *run, idToken string) url.Values {
		signed, signature := idToken[:strings.LastIndex(idToken, ".")+1], idToken[strings.LastIndex(idToken, ".")+1:]
		return changed(r, idToken, "id_token_hint", signed+strings.Repeat("A", len(signature)))
	}, nowhere},
	{"oidcc-rp-initiated-logout-bad-id-token-hint", func(r *run, idToken string) url.Values {
		return changed(r, idToken, "id_token_hint", "bad")
	}, nowhere},
	{"oidcc-rp-initiated-logout-no-id-token-hint", leaving("post_logout_redirect_uri", "state"), here},
	{"oidcc-rp-initiated-logout-no-params", leaving(), here},
	{"oidcc-rp-initiated-logout-no-post-logout-redirect-uri", leaving("id_token_hint", "state"), here},
	{"oidcc-rp-initiated-logout-no-state", leaving("id_token_hint", "post_logout_redirect_uri"), stateless},
	{"oidcc-rp-initiated-logout-only-state", leaving("state"), here},
	{"oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri", func(r *run, idToken string) url.Values {
		return changed(r, idToken, "post_logout_redirect_uri", r.party.URL+pathSignedOut+"?extra=1")
	}, nowhere},
}

// whole is a request to sign out with everything in order.
func whole(r *run, idToken string) url.Values {
	return url.Values{"id_token_hint": {idToken}, "post_logout_redirect_uri": {r.party.URL + pathSignedOut}, "state": {state}}
}

func changed(r *run, idToken, name, value string) url.Values {
	query := whole(r, idToken)
	query.Set(name, value)
	return query
}

// leaving is a request with no more than the named parameters.
func leaving(names ...string) func(*run, string) url.Values {
	return func(r *run, idToken string) url.Values {
		query := url.Values{}
		for _, name := range names {
			query.Set(name, whole(r, idToken).Get(name))
		}
		return query
	}
}

func returning(p *party, m *application.ClientMetadata) {
	m.PostLogoutRedirectURIs = []string{p.URL + pathSignedOut}
}

// Modules of the plan oidcc-rp-initiated-logout-certification-test-plan.
func TestConformance_RPInitiatedLogout(t *testing.T) {
	t.Parallel()
	p := prepare(t, apptest.Start(t), "", returning)
	t.Run("oidcc-rp-initiated-logout-discovery-endpoint-verification", func(t *testing.T) {
		r := p.start(t)
		if got := r.metadata()["end_session_endpoint"]; got != r.app.URL+"/oidc/session/end" {
			t.Errorf("sign-outs go to %v", got)
		}
	})
	for _, m := range logoutModules {
		t.Run(m.name, func(t *testing.T) {
			r := p.start(t)
			tokens, _ := r.signIn()
			r.signOut(m.query(r, tokens.ID), m.end)
		})
	}
}

// signOut sends the browser to sign out, which confirms it by the button of the
// page, and looks at where it ends and what is left of the session.
func (r *run) signOut(query url.Values, want ending) {
	r.Helper()
	page := r.browser.Visit("/oidc/session/end?" + query.Encode())
	if page.StatusCode == http.StatusOK {
		page = r.browser.Then(r.browser.Send(page, "logout", "yes"))
	}
	visits := r.party.take(pathSignedOut)
	at := page.Request.URL
	switch want {
	case atParty, stateless:
		if len(visits) != 1 || visits[0].method != http.MethodGet || visits[0].query.Get("state") != query.Get("state") || visits[0].query.Has("state") != (want == atParty) {
			r.Errorf("the browser is at %s, which saw %+v", at, visits)
		}
	case here:
		if page.StatusCode != http.StatusOK || at.Path != "/oidc/session/end/success" || len(visits) != 0 {
			r.Errorf("the browser is at %s: %d", at, page.StatusCode)
		}
	case nowhere:
		if page.StatusCode != http.StatusBadRequest || at.Path != "/oidc/session/end" || len(visits) != 0 || !strings.Contains(page.Text, "<html") {
			r.Errorf("the browser is at %s: %d %s", at, page.StatusCode, page.Text)
		}
		r.signIn("prompt", "none")
		return
	}
	if got := r.refusal("prompt", "none"); got != "login_required" {
		r.Errorf("afterwards %s", got)
	}
}

// Modules of the plan oidcc-backchannel-rp-initiated-logout-certification-test-plan.
func TestConformance_BackchannelRPInitiatedLogout(t *testing.T) {
	t.Parallel()
	yes := true
	app := apptest.Start(t, apptest.With(func(o *server.Options) { o.AllowPrivateCalls = true }))
	p := prepare(t, app, "", returning, func(p *party, m *application.ClientMetadata) {
		m.BackchannelLogoutURI, m.BackchannelLogoutSessionRequired = p.URL+pathBackchannel, &yes
	})
	t.Run("oidcc-backchannel-rp-initiated-logout-discovery-endpoint-verification", func(t *testing.T) {
		got := p.start(t).metadata()
		if got["backchannel_logout_supported"] != true || got["backchannel_logout_session_supported"] != true || got["end_session_endpoint"] == nil {
			t.Errorf("discovery says %v", got)
		}
	})
	t.Run("oidcc-backchannel-rp-initiated-logout", func(t *testing.T) {
		r := p.start(t)
		tokens, id := r.signIn()
		r.signOut(whole(r, tokens.ID), atParty)
		select {
		case told := <-r.party.logouts:
			r.checkLogoutToken(told, id)
		case <-time.After(30 * time.Second):
			t.Fatal("the party was not told")
		}
	})
}

// checkLogoutToken checks what the party was told (OpenID Connect Back-Channel
// Logout section 2.6) after the sign-in that an ID token was about.
func (r *run) checkLogoutToken(told visit, id claims) {
	r.Helper()
	signed, err := jose.ParseSignedCompact(told.body.Get("logout_token"), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		r.Fatalf("told %+v: %v", told, err)
	}
	header := signed.Signatures[0].Protected
	keys := r.keys().Key(header.KeyID)
	if len(keys) != 1 || header.ExtraHeaders[jose.HeaderType] != "logout+jwt" {
		r.Fatalf("the header is %+v", header)
	}
	payload, err := signed.Verify(keys[0].Key)
	if err != nil {
		r.Fatal(err)
	}
	got := claims{}
	if err := json.Unmarshal(payload, &got); err != nil {
		r.Fatal(err)
	}
	now := r.app.Clock.Now().Unix()
	events, _ := got["events"].(map[string]any)
	event, isObject := events["http://schemas.openid.net/event/backchannel-logout"].(map[string]any)
	_, hasNonce := got["nonce"]
	switch {
	case told.method != http.MethodPost, len(told.query) != 0:
		r.Errorf("told by %+v", told)
	case got["iss"] != r.app.URL+"/oidc", got["aud"] != r.client.ID, got["sub"] != r.user.ID, got["jti"] == "", got["jti"] == nil:
		r.Errorf("told %s", payload)
	case got["sid"] == nil, got["sid"] != id["sid"]:
		r.Errorf("the session is %v, was %v", got["sid"], id["sid"])
	case got.number("iat") > now, got.number("exp") <= now, got.number("exp") > now+600:
		r.Errorf("told at %v until %v, now is %d", got["iat"], got["exp"], now)
	case !isObject, len(event) != 0, len(events) != 1, hasNonce:
		r.Errorf("the event is %s", payload)
	}
}
