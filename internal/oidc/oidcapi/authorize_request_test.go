package oidcapi_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// A request without a client that could be told is answered here, and begins
// nothing.
func TestAuthorize_RefusedWithoutRedirect(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		s := newProvider(t, p)
		for _, c := range []struct {
			name  string
			query string
			want  string
		}{
			{"no parameters", "", "400 oidc.invalid_request missing required parameter 'client_id'"},
			{"empty client", request("client_id", "").Encode() + "&client_id=", "400 oidc.invalid_request missing required parameter 'client_id'"},
			{"unknown client", request("client_id", "nobody").Encode(), "400 oidc.invalid_client invalid client nobody"},
			{"client without the code flow", request("client_id", machine, "redirect_uri", "").Encode(),
				"400 oidc.unauthorized_client requested response_type is not allowed for this client"},
			{"foreign redirect URI", request("redirect_uri", "https://evil.example/cb").Encode(),
				"400 oidc.invalid_redirect_uri redirect_uri did not match any of the client's registered redirect_uris"},
			{"redirect URI of another client", request("redirect_uri", "https://other.example.com/cb?tenant=1").Encode(),
				"400 oidc.invalid_redirect_uri redirect_uri did not match any of the client's registered redirect_uris"},
			{"no redirect URI where there are several", request("client_id", otherSPA, "redirect_uri", "").Encode(),
				"400 oidc.invalid_request missing required parameter 'redirect_uri'"},
			{"signed by a client without keys", request("request", "e30.e30.").Encode(),
				"400 oidc.invalid_request_object the request object is not a valid one that the client has signed"},
			// Attack 7.
			{"client twice", request().Encode() + "&client_id=spa", "400 oidc.invalid_request 'client_id' parameter must not be provided twice"},
			{"state twice", request().Encode() + "&state=x", "400 oidc.invalid_request 'state' parameter must not be provided twice"},
			{"unknown parameter twice", request().Encode() + "&x=1&x=2", "400 oidc.invalid_request 'x' parameter must not be provided twice"},
			{"NUL", request().Encode() + "&nonce=%00", "400 oidc.invalid_request parameters must not contain NUL"},
			{"bad UTF-8", request().Encode() + "&nonce=%ff", "400 oidc.invalid_request parameters must be valid UTF-8"},
			{"bad escape", request().Encode() + "&nonce=%zz", "400 oidc.invalid_request malformed parameter encoding"},
		} {
			r := httptest.NewRequest(http.MethodGet, "/oidc/auth?"+c.query, nil)
			r.Header.Set("Accept", "text/html")
			a := s.browser().send(r)
			if got := a.failure(t); got != c.want {
				t.Errorf("%s: %s", c.name, got)
			}
			if a.Header.Get("Location") != "" || len(a.Header.Values("Set-Cookie")) != 0 {
				t.Errorf("%s: redirects or sets cookies", c.name)
			}
		}
		if n := s.count("interactions", "true"); n != 0 {
			t.Errorf("%d interactions began", n)
		}
	})
}

// Attacks 1 to 4: URIs that look like a registered one to somebody.
func TestAuthorize_RedirectURITricksAreNeverFollowed(t *testing.T) {
	t.Parallel()
	s := newProvider(t, dbtest.SQLite(t))
	for client, uris := range map[string][]string{
		spa: {
			"https://app.example.com@evil.example/callback", "https://evil.example\\@app.example.com/callback",
			"https://app.example.com\\.evil.example/callback", "https://app.example.com//callback", "https://app.example.com/callback/",
			"https://app.example.com/Callback", "https://app.example.com/x/../callback", "https://app.example.com/%2e%2e/callback",
			"https://app.example.com/callback%2f..%2f..%2fx", "https://app.example.com/callback#x", "https://app.example.com/callback#",
			"https://app.example.com/callback?x=1", "https://app.example.com/callback?", "https://app.example.com./callback",
			"http://app.example.com/callback", "https://app.example.com:444/callback", "https://app.example.com.evil.example/callback",
			"https://app.example.com/call\tback", " https://app.example.com/callback", "https://app.example.com/callback ",
			"https:/app.example.com/callback", "https:app.example.com/callback", "//app.example.com/callback", "/callback",
			"https://app.example.com/callback\r\nX: y", "javascript:alert(1)", "data:text/html,x", "https://*.example.com/callback",
			"https://app.exam\u00adple.com/callback", "https://\u0430pp.example.com/callback", "https://app.example.com%00.evil.example/callback",
			"https://app.example.com/callback%252f", "https://app.example.com%2f@evil.example/callback", "https://user:pw@app.example.com/callback",
		},
		otherSPA: {
			"https://a.b.apps.example.com/cb", "https://.apps.example.com/cb", "https://apps.example.com/cb", "https://*.apps.example.com/cb",
			"https://evil.example/.apps.example.com/cb", "https://evil.example?.apps.example.com/cb", "https://evil.example#.apps.example.com/cb",
			"https://evilXapps.example.com/cb", "https://x.appsXexample.com/cb", "https://x.apps.example.com/cb/../x", "https://other.example.com/cb",
			"https://other.example.com/cb?tenant=2", "https://other.example.com/cb?tenant=1&x=1", "https://x.apps.example.com:8443/cb",
		},
		native: {
			"com.example.app://callback/x", "com.example.app:callback", "com.example.app.evil://callback", "http://127.0.0.1:80@evil.example/cb",
			"https://127.0.0.1/cb", "http://127.0.0.2/cb", "http://localhost/cb", "http://127.0.0.1.evil.example/cb", "http://127.0.0.1:8080/other",
		},
	} {
		for _, uri := range uris {
			a := s.browser().authorize("client_id", client, "redirect_uri", uri)
			if a.StatusCode != http.StatusBadRequest || a.Header.Get("Location") != "" {
				t.Errorf("%s: %q is answered by %d %s", client, uri, a.StatusCode, a.Header.Get("Location"))
			}
		}
	}
	for client, uris := range map[string][]string{
		spa:      {redirect, "https://APP.example.com:443/callback"},
		otherSPA: {"https://x.apps.example.com/cb", "https://other.example.com/cb?tenant=1"},
		native:   {"com.example.app://callback", "http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"},
	} {
		for _, uri := range uris {
			if a := s.browser().authorize("client_id", client, "redirect_uri", uri); a.StatusCode != http.StatusSeeOther {
				t.Errorf("%s: %q is refused: %s", client, uri, a.body)
			}
		}
	}
}

func TestAuthorize_RefusedByRedirect(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		s := newProvider(t, p)
		for _, c := range []struct {
			name  string
			pairs []string
			want  string // error and description
		}{
			{"no response type", []string{"response_type", ""}, "invalid_request missing required parameter 'response_type'"},
			{"unknown response type", []string{"response_type", "magic"}, "unsupported_response_type unsupported response_type requested"},
			{"none", []string{"response_type", "none"}, "unauthorized_client requested response_type is not allowed for this client"},
			{"unknown response mode", []string{"response_mode", "web_message"}, "unsupported_response_mode unsupported response_mode requested"},
			{"request URI", []string{"request_uri", "https://evil.example/r"}, "request_uri_not_supported request_uri parameter provided but not supported"},
			{"unsigned request", []string{"request", "eyJhbGciOiJub25lIn0.eyJzdGF0ZSI6IngifQ."}, "request_not_supported unsigned request objects are not supported"},
			{"registration", []string{"registration", "{}"}, "registration_not_supported registration parameter provided but not supported"},
			{"unknown prompt", []string{"prompt", "select_account"}, "invalid_request invalid prompt value(s) provided"},
			{"none and login", []string{"prompt", "none login"}, "invalid_request prompt none must only be used alone"},
			{"max_age in words", []string{"max_age", "soon"}, "invalid_request invalid max_age parameter value"},
			{"negative max_age", []string{"max_age", "-1"}, "invalid_request invalid max_age parameter value"},
			{"max_age with plus", []string{"max_age", "+1"}, "invalid_request invalid max_age parameter value"},
			{"huge max_age", []string{"max_age", "99999999999999999999"}, "invalid_request invalid max_age parameter value"},
			{"scope of a third party", []string{"client_id", thirdParty, "scope", "openid profile"}, "invalid_scope requested scope is not allowed"},
			// Attack 10.
			{"no PKCE", []string{"code_challenge", "", "code_challenge_method", ""}, "invalid_request Authorization Server policy requires PKCE to be used for this request"},
			{"plain", []string{"code_challenge_method", "plain"}, "invalid_request not supported value of code_challenge_method"},
			{"implicit plain", []string{"code_challenge_method", ""}, "invalid_request not supported value of code_challenge_method"},
			{"method alone", []string{"code_challenge", ""}, "invalid_request code_challenge must be provided with code_challenge_method"},
			{"short challenge", []string{"code_challenge", "abc"}, "invalid_request code_challenge must be a string with a minimum length of 43 and a maximum length of 128 characters"},
			{"challenge with other characters", []string{"code_challenge", strings.Repeat("+", 43)}, "invalid_request code_challenge must be a string with a minimum length of 43 and a maximum length of 128 characters"},
			{"plain of a client with a secret", []string{"client_id", traditional, "code_challenge_method", "plain"}, "invalid_request not supported value of code_challenge_method"},
			{"unknown resource", []string{"resource", "https://unknown.example"}, "invalid_target resource indicator is missing, or unknown"},
			{"resource that is no URI", []string{"resource", "x"}, "invalid_target resource indicator is missing, or unknown"},
			{"hint that is no token", []string{"id_token_hint", "x"}, "invalid_request could not validate id_token_hint"},
			{"long nonce", []string{"nonce", strings.Repeat("n", 2049)}, "invalid_request a parameter is too long"},
		} {
			a := s.browser().authorize(c.pairs...)
			target := a.location(t)
			if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(target.String(), redirect+"?error=") {
				t.Errorf("%s: %d %s", c.name, a.StatusCode, target)
				continue
			}
			q := target.Query()
			if got := q.Get("error") + " " + q.Get("error_description"); got != c.want {
				t.Errorf("%s: %s", c.name, got)
			}
			if q.Get("state") != "st" || q.Get("iss") != "https://id.example.com/oidc" || len(q) != 4 {
				t.Errorf("%s: the answer has %v", c.name, q)
			}
		}
		if n := s.count("interactions", "true"); n != 0 {
			t.Errorf("%d interactions began", n)
		}
	})
}

func TestAuthorize_TokensInTheFrontChannelAreForNobody(t *testing.T) {
	t.Parallel()
	s := newProvider(t, dbtest.SQLite(t))
	for _, responseType := range []string{"id_token", "code id_token", "id_token code"} {
		a := s.browser().authorize("response_type", responseType, "nonce", "n")
		if want := redirect + "#error=unauthorized_client&"; !strings.HasPrefix(a.Header.Get("Location"), want) {
			t.Errorf("%s: %s", responseType, a.Header.Get("Location"))
		}
	}
}

func TestAuthorize_ClientsWithASecretMayDoWithoutPKCE(t *testing.T) {
	t.Parallel()
	s := newProvider(t, dbtest.SQLite(t))
	target := s.browser().authorized(alice, "client_id", traditional, "code_challenge", "", "code_challenge_method", "", "redirect_uri", "")
	code, err := token.CodeByValue(s.ctx, s.db, target.Query().Get("code"))
	must(t, err)
	if code.CodeChallenge != nil || code.RedirectURI != redirect {
		t.Errorf("the code is %+v", code)
	}
}

func TestAuthorize_ScopesThatCount(t *testing.T) {
	t.Parallel()
	s := newProvider(t, dbtest.SQLite(t))
	for _, c := range []struct{ scope, prompt, want string }{
		{"openid offline_access profile", "", "openid profile"},
		{"openid offline_access profile", "login", "openid profile"},
		{"openid offline_access profile", "consent", "openid offline_access profile"},
		{"openid offline_access profile", "login consent", "openid offline_access profile"},
		{"  openid   openid\tprofile ", "", "openid profile"},
		{"openid made-up", "", "openid"},
		{"", "", ""},
	} {
		target := s.browser().authorized(alice, "scope", c.scope, "prompt", c.prompt)
		code, err := token.CodeByValue(s.ctx, s.db, target.Query().Get("code"))
		must(t, err)
		if code.Scope != c.want {
			t.Errorf("%q with prompt %q: the code has %q", c.scope, c.prompt, code.Scope)
		}
	}
}

// The page that comes first, for every extra parameter.
func TestAuthorize_ExtraParametersChooseThePage(t *testing.T) {
	t.Parallel()
	s := newProvider(t, dbtest.SQLite(t))
	for _, c := range []struct {
		pairs []string
		want  string
	}{
		{nil, "/sign-in?app_id=spa"},
		{[]string{"first_screen", "sign_in"}, "/sign-in?app_id=spa"},
		{[]string{"first_screen", "signIn"}, "/sign-in?app_id=spa"},
		{[]string{"first_screen", "register"}, "/register?app_id=spa"},
		{[]string{"first_screen", "reset_password"}, "/reset-password?app_id=spa"},
		{[]string{"first_screen", "identifier:sign_in", "identifier", "email phone"}, "/identifier-sign-in?app_id=spa&identifier=email+phone"},
		{[]string{"first_screen", "identifier:register"}, "/identifier-register?app_id=spa"},
		{[]string{"first_screen", "single_sign_on"}, "/single-sign-on?app_id=spa"},
		{[]string{"interaction_mode", "signUp"}, "/register?app_id=spa"},
		{[]string{"interaction_mode", "signIn"}, "/sign-in?app_id=spa"},
		{[]string{"interaction_mode", "signUp", "first_screen", "sign_in"}, "/sign-in?app_id=spa"},
		{[]string{"direct_sign_in", "social:git/hub"}, "/direct/social/git%2Fhub?app_id=spa&fallback=sign-in"},
		{[]string{"direct_sign_in", "sso:abc", "first_screen", "register"}, "/direct/sso/abc?app_id=spa&fallback=register"},
		{[]string{"google_one_tap_credential", "cred"}, "/direct/social/google?app_id=spa&fallback=sign-in"},
		{[]string{"google_one_tap_credential", "cred", "direct_sign_in", "sso:abc"}, "/direct/sso/abc?app_id=spa&fallback=sign-in"},
		{[]string{"identifier", "email", "login_hint", "a b@c", "one_time_token", "tok", "ui_locales", "de en", "organization_id", "org"},
			"/sign-in?app_id=spa&organization_id=org&ui_locales=de+en&one_time_token=tok&login_hint=a+b%40c&identifier=email"},
		// One that is not understood makes all of them count for nothing.
		{[]string{"first_screen", "dance", "login_hint", "a", "ui_locales", "de", "organization_id", "org"}, "/sign-in?app_id=spa"},
		{[]string{"first_screen", "register", "interaction_mode", "dance"}, "/sign-in?app_id=spa"},
		{[]string{"first_screen", "register", "direct_sign_in", "mail:x"}, "/sign-in?app_id=spa"},
		{[]string{"first_screen", "register", "direct_sign_in", "social:"}, "/sign-in?app_id=spa"},
		{[]string{"first_screen", "register", "identifier", "email fax"}, "/sign-in?app_id=spa"},
		{[]string{"first_screen", "//evil.example"}, "/sign-in?app_id=spa"},
	} {
		a := s.browser().authorize(c.pairs...)
		if got := a.Header.Get("Location"); a.StatusCode != http.StatusSeeOther || got != c.want {
			t.Errorf("%v: %d %s", c.pairs, a.StatusCode, got)
		}
	}
}

func TestAuthorize_PromptNone(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		none := func(pairs ...string) string {
			a := b.authorize(append([]string{"prompt", "none"}, pairs...)...)
			q := a.location(t).Query()
			if q.Get("code") != "" {
				return "code"
			}
			return q.Get("error") + ": " + q.Get("error_description")
		}
		nativeApp := []string{"client_id", native, "redirect_uri", "com.example.app://callback"}
		check := func(name, got, want string) {
			t.Helper()
			if got != want {
				t.Errorf("%s: %s", name, got)
			}
		}
		check("nobody", none(), "login_required: End-User authentication is required")
		check("nobody, native", none(nativeApp...), "login_required: End-User authentication is required")
		b.authorized(alice)
		b.follow("/oidc/auth?" + request(nativeApp...).Encode())
		check("live session", none(), "code")
		check("another application", none("client_id", traditional), "consent_required: End-User consent is required")
		check("a further scope", none("scope", "openid email"), "consent_required: End-User consent is required")
		check("a further resource", none("resource", api), "consent_required: End-User consent is required")
		check("native", none(nativeApp...), "interaction_required: native clients require End-User interaction")
		check("native with a further scope", none(append(nativeApp, "scope", "openid email")...), "interaction_required: native clients require End-User interaction")
		s.clock.Advance(11 * time.Second)
		check("older than max_age", none("max_age", "10"), "login_required: End-User authentication could not be obtained")
		check("as old as max_age", none("max_age", "11"), "code")
		before := s.count("interactions", "true")
		none("client_id", traditional)
		if after := s.count("interactions", "true"); after != before {
			t.Error("prompt=none began an interaction")
		}
	})
}

func TestAuthorize_PromptAndMaxAgeAskAgain(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorized(alice)
		s.clock.Advance(time.Minute)
		for _, c := range []struct {
			pairs []string
			want  string
		}{
			{[]string{"prompt", "login"}, "/sign-in?app_id=spa"},
			{[]string{"prompt", "login consent"}, "/sign-in?app_id=spa"},
			{[]string{"prompt", "consent"}, "/consent?app_id=spa"},
			{[]string{"max_age", "59"}, "/sign-in?app_id=spa"},
			{[]string{"max_age", "0"}, "/sign-in?app_id=spa"},
			{[]string{"client_id", native, "redirect_uri", "com.example.app://callback"}, "/consent?app_id=native"},
		} {
			if got := b.authorize(c.pairs...).Header.Get("Location"); got != c.want {
				t.Errorf("%v leads to %s", c.pairs, got)
			}
		}
		// max_age=0 is satisfied by the sign-in that it asked for, however long
		// the consent takes.
		b.authorize("max_age", "0", "prompt", "consent")
		s.clock.Advance(time.Second)
		signedIn := s.now()
		target := b.signIn(spa, alice)
		s.clock.Advance(10 * time.Second)
		a := b.follow(target)
		code, err := token.CodeByValue(s.ctx, s.db, a.location(t).Query().Get("code"))
		must(t, err)
		if !code.IsAuthTimeRequested || code.AuthTime != signedIn {
			t.Errorf("auth_time is %d, not %d", code.AuthTime, signedIn)
		}
	})
}

func TestAuthorize_IDTokenHint(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorized(alice)
		if a := b.authorize("prompt", "none", "id_token_hint", s.idToken(spa, alice)); a.location(t).Query().Get("code") == "" {
			t.Errorf("the user's own token: %s", a.Header.Get("Location"))
		}
		a := b.authorize("prompt", "none", "id_token_hint", s.idToken(spa, bob))
		if got := a.location(t).Query().Get("error_description"); got != "id_token_hint and authenticated subject do not match" {
			t.Errorf("another user's token: %s", got)
		}
		a = b.authorize("id_token_hint", s.idToken(otherSPA, alice))
		if got := a.location(t).Query().Get("error_description"); got != "could not validate id_token_hint" {
			t.Errorf("another client's token: %s", got)
		}
		// Somebody else signs in than the client expects: it is told, not served.
		a = b.authorize("id_token_hint", s.idToken(spa, bob))
		if !strings.HasPrefix(a.Header.Get("Location"), "/sign-in") {
			t.Fatalf("another user's token leads to %s", a.Header.Get("Location"))
		}
		if got := b.follow(b.signIn(spa, alice)).location(t).Query().Get("error"); got != "login_required" {
			t.Errorf("the wrong user signs in: %s", got)
		}
	})
}

func (s *provider) idToken(clientID, userID string) string {
	s.t.Helper()
	keys, err := s.keys.Set(s.ctx, s.db)
	must(s.t, err)
	// Expired: a hint identifies a past sign-in.
	raw, err := keys.SignIDToken(token.IDToken{Issuer: s.tenant.Issuer(), Subject: userID, Audience: clientID,
		IssuedAt: s.now() - 7200_000, TTL: time.Hour})
	must(s.t, err)
	return raw
}

func TestResume_UnknownOrForeignNames(t *testing.T) {
	t.Parallel()
	s := newProvider(t, dbtest.SQLite(t))
	b := s.browser()
	for _, uid := range []string{"x", strings.Repeat("x", 43), strings.Repeat("x", 10000), url.PathEscape("../auth"), "%00", "%ff"} {
		if a := b.get("/oidc/auth/" + uid); a.StatusCode != http.StatusBadRequest || !strings.HasPrefix(a.failure(t), "400 session.not_found") {
			t.Errorf("%.20s: %d %s", uid, a.StatusCode, a.body)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/oidc/auth/x", nil)
	r.Header.Set("Accept", "text/html,*/*")
	if a := b.send(r); a.StatusCode != http.StatusBadRequest || a.body != "page about session.not_found" {
		t.Errorf("a person sees %d %s", a.StatusCode, a.body)
	}
}

// Nothing is granted to a third-party application before its user has agreed.
func TestConsent_ThirdPartyApplicationIsNotTrusted(t *testing.T) {
	t.Parallel()
	eachBrowser(t, func(t *testing.T, s *provider, b *browser) {
		b.authorize("client_id", thirdParty, "scope", "openid")
		if a := b.get(b.signIn(thirdParty, alice)); a.Header.Get("Location") != "/consent?app_id=third-party" {
			t.Fatalf("the sign-in leads to %s", a.Header.Get("Location"))
		}
		page := b.get("/consent?app_id=third-party")
		if page.StatusCode != http.StatusOK || !strings.HasPrefix(page.body, "may third-party ") || s.count("grants", "true") != 0 {
			t.Errorf("consent: %d %s", page.StatusCode, page.body)
		}
		token := strings.Fields(page.body)[2]
		// What the audit trail and events tell is nothing that a form could be made of.
		told := url.Values{"token": {b.interaction(thirdParty).LogID()}, "decision": {"allow"}}
		if a := b.post("/consent?app_id=third-party", told); a.Header.Get("Location") != "/consent?app_id=third-party" || s.count("grants", "true") != 0 {
			t.Errorf("with an id of the trail: %d %s", a.StatusCode, a.Header.Get("Location"))
		}
		a := b.post("/consent?app_id=third-party", url.Values{"token": {token}, "decision": {"allow"}})
		if to := b.follow(a.Header.Get("Location")); to.location(t).Query().Get("code") == "" || s.count("grants", "true") != 1 {
			t.Errorf("agreed: %d %s", a.StatusCode, a.Header.Get("Location"))
		}
	})
}

// Whatever is sent, the endpoint decides: no 5xx, and no redirect but to the
// client or to the sign-in page.
func FuzzAuthorize(f *testing.F) {
	s := newProvider(f, dbtest.SQLite(f))
	f.Add(request().Encode())
	f.Add(request("prompt", "none", "response_mode", "form_post", "max_age", "0").Encode())
	f.Add("client_id=spa&redirect_uri=https://app.example.com/callback%00")
	f.Add("client_id=spa&resource=a,b,c&resource=&scope=%ff")
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, "/oidc/auth", nil)
		r.URL.RawQuery = query
		a := s.browser().send(r)
		location := strings.ToLower(a.Header.Get("Location"))
		if a.StatusCode >= 500 || strings.ContainsAny(location, "\r\n") {
			t.Fatalf("%q is answered by %d", query, a.StatusCode)
		}
		if location != "" && !strings.HasPrefix(location, "/") && !strings.HasPrefix(location, "https://") &&
			!strings.HasPrefix(location, "http://127.0.0.1") && !strings.HasPrefix(location, "com.example.app:") {
			t.Fatalf("%q leads to %s", query, location)
		}
	})
}

func BenchmarkAuthorize_LiveSession(b *testing.B) {
	for name, p := range map[string]*db.Pool{"sqlite": dbtest.SQLite(b), "postgres": dbtest.Postgres(b)} {
		b.Run(name, func(b *testing.B) {
			s := newProvider(b, p)
			visitor := s.browser()
			visitor.authorized(alice)
			for b.Loop() {
				if a := visitor.authorize(); !strings.Contains(a.Header.Get("Location"), "?code=") {
					b.Fatal(a.Header.Get("Location"))
				}
			}
		})
	}
}
