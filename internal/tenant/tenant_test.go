package tenant

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/web"
)

func at(t *testing.T, id, endpoint string) *Tenant {
	t.Helper()
	u, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return New(id, u, &db.Pool{})
}

func TestTenant_URLsAndCookies(t *testing.T) {
	t.Parallel()
	below := at(t, Default, "https://example.com/auth/")
	if got := below.Issuer(); got != "https://example.com/auth/oidc" {
		t.Errorf("issuer %s", got)
	}
	if got := below.Path("/sign-in"); got != "/auth/sign-in" {
		t.Errorf("path %s", got)
	}
	if got := below.Origin(); got != "https://example.com" {
		t.Errorf("origin %s", got)
	}
	c := below.NewCookie("_session", "v", "/")
	if c.Path != "/auth/" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("cookie %+v", c)
	}
	admin := at(t, Admin, "http://localhost:3001/admin")
	if admin.Cookie("_session") == below.Cookie("_session") {
		t.Error("two tenants share a cookie name")
	}
	if id, ok := admin.RPID(); id != "localhost" || !ok {
		t.Errorf("relying party %s %v", id, ok)
	}
	for _, ip := range []string{"http://127.0.0.1:3001", "http://[::1]:3001"} {
		if _, ok := at(t, Default, ip).RPID(); ok {
			t.Errorf("%s passes as a relying party", ip)
		}
	}
}

// Attack 42: a forged Host reaches no tenant.
func TestResolver_FindsTenantByHostAndPath(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		base, url string
		tenant    string
		path      string
		status    int
	}{
		"root":                {"http://localhost:3001", "http://localhost:3001/sign-in", Default, "/sign-in", 200},
		"admin prefix":        {"http://localhost:3001", "http://localhost:3001/admin/account", Admin, "/account", 200},
		"admin root":          {"http://localhost:3001", "http://localhost:3001/admin", Admin, "/", 200},
		"no prefix":           {"http://localhost:3001", "http://localhost:3001/administrator", Default, "/administrator", 200},
		"path kept":           {"https://example.com/auth", "http://example.com:443/auth/sign-in", Default, "/sign-in", 200},
		"path stripped":       {"https://example.com/auth", "http://example.com:443/sign-in", Default, "/sign-in", 200},
		"admin, path kept":    {"https://example.com/auth", "http://example.com:443/auth/admin/x", Admin, "/x", 200},
		"admin, path removed": {"https://example.com/auth", "http://example.com:443/admin/x", Admin, "/x", 200},
		"escaped":             {"http://localhost:3001", "http://localhost:3001/a%2Fb", Default, "/a/b", 200},
		"double slash":        {"http://localhost:3001", "http://localhost:3001//evil.example", "", "", 404},
		"dots":                {"http://localhost:3001", "http://localhost:3001/admin/../sign-in", "", "", 404},
		"encoded dots":        {"http://localhost:3001", "http://localhost:3001/admin/%2e%2e/sign-in", "", "", 404},
		"half-encoded dots":   {"http://localhost:3001", "http://localhost:3001/admin/.%2E/sign-in", "", "", 404},
		"an encoded dot":      {"http://localhost:3001", "http://localhost:3001/%2e/sign-in", "", "", 404},
		"dots in a name":      {"http://localhost:3001", "http://localhost:3001/a%2e%2eb/..%2fc", Default, "/a..b/../c", 200},
		"metadata of the issuer": {
			"https://example.com/auth", "http://example.com:443/.well-known/oauth-authorization-server/auth/oidc", Default, "/.well-known/oauth-authorization-server/oidc", 200,
		},
		"metadata of a resource": {
			"https://example.com/auth", "http://example.com:443/.well-known/oauth-protected-resource/auth/x", Default, "/.well-known/oauth-protected-resource/x", 200,
		},
		"metadata of an admin's resource": {
			"https://example.com/auth", "http://example.com:443/.well-known/oauth-protected-resource/auth/admin", Admin, "/.well-known/oauth-protected-resource/", 200,
		},
		"forged host": {"http://localhost:3001", "http://evil.example/api/status", "", "", 421},
		"other port":  {"http://localhost:3001", "http://localhost:3002/api/status", "", "", 421},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resolver := NewResolver(at(t, Default, c.base), at(t, Admin, c.base+"/admin"))
			var found, path string
			h := web.Chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				found, path = From(r.Context()).ID, r.URL.Path
			}), web.Identify(web.Proxies{}), resolver.Middleware)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("GET", c.url, nil))
			if w.Code != c.status || found != c.tenant || path != c.path {
				t.Errorf("got %d, tenant %q, path %q", w.Code, found, path)
			}
		})
	}
}

// Whoever types another name of this machine comes to the same page of the
// endpoint, and never anywhere else.
func TestResolver_SendsPeopleToTheEndpoint(t *testing.T) {
	t.Parallel()
	one := []*Tenant{at(t, Default, "https://id.example"), at(t, Admin, "https://id.example/admin")}
	below := []*Tenant{at(t, Default, "https://id.example/auth"), at(t, Admin, "https://id.example/auth/admin")}
	ports := []*Tenant{at(t, Default, "http://localhost:3001"), at(t, Admin, "http://localhost:3002")}
	for _, c := range []struct {
		tenants   []*Tenant
		url, want string
	}{
		{one, "http://127.0.0.1:3001/account", "https://id.example/account"},
		{one, "http://127.0.0.1:3001/account/passkey/add?ui_locales=de", "https://id.example/account/passkey/add?ui_locales=de"},
		{one, "http://127.0.0.1:3001/device?user_code=BDWP-HQPK", "https://id.example/device?user_code=BDWP-HQPK"},
		{one, "http://127.0.0.1:3001/admin/setup?token=x", "https://id.example/admin/setup?token=x"},
		{one, "http://127.0.0.1:3001/admin/demo-app", "https://id.example/admin/demo-app"},
		{one, "http://evil.example/sign-in?x=1", "https://id.example/"},
		{one, "http://evil.example/accounts", "https://id.example/"},
		{one, "http://evil.example//account", "https://id.example/"},
		{one, "http://evil.example/account//evil.example", "https://id.example/"},
		{one, "http://evil.example/account/../x", "https://id.example/"},
		// Browsers read encoded dots as dots.
		{one, "http://evil.example/account/%2e%2e/admin/x", "https://id.example/"},
		{below, "http://127.0.0.1/auth/account/.%2E/%2e./x", "https://id.example/auth/"},
		{one, "http://evil.example/account@evil.example/", "https://id.example/"},
		{one, "http://evil.example/account?//evil.example", "https://id.example/account?//evil.example"},
		{below, "http://127.0.0.1/auth/account", "https://id.example/auth/account"},
		{below, "http://127.0.0.1/account", "https://id.example/auth/account"},
		{below, "http://127.0.0.1/auth/admin/setup", "https://id.example/auth/admin/setup"},
		{ports, "http://127.0.0.1:3001/account", "http://localhost:3001/account"},
		{ports, "http://127.0.0.1:3002/account", "http://localhost:3002/account"},
	} {
		h := web.Chain(http.NotFoundHandler(), web.Identify(web.Proxies{}), NewResolver(c.tenants...).Middleware)
		r := httptest.NewRequest("GET", c.url, nil)
		r.Header.Set("Accept", "text/html")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 307 || w.Header().Get("Location") != c.want {
			t.Errorf("%s: got %d %s", c.url, w.Code, w.Header().Get("Location"))
		}
	}
}

func TestFrom_OutsideARequestPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a tenant was guessed")
		}
	}()
	From(t.Context())
}
