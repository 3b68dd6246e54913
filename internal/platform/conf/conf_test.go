package conf

import (
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the reference page")

func mustParse(t *testing.T, vars map[string]string) *Config {
	t.Helper()
	c, err := Parse(vars)
	if err != nil {
		t.Fatalf("%v: %v", vars, err)
	}
	return c
}

func TestParse_NothingSetRunsOnLoopback(t *testing.T) {
	t.Parallel()
	for name, vars := range map[string]map[string]string{"unset": nil, "empty": {"PORT": "", "ENDPOINT": " ", "DB_URL": "", "TRUST_PROXY_HEADER": ""}} {
		c := mustParse(t, vars)
		if c.Endpoint.String() != "http://localhost:3001" || c.AdminEndpoint.String() != "http://localhost:3001/admin" ||
			c.DataDir != "./data" || c.DatabaseURL != "" || c.TrustProxyHeader || !c.CaseSensitiveUsername ||
			c.LogLevel != slog.LevelInfo || c.LogFormat != "text" || c.SecretVaultKEK != "" {
			t.Errorf("%s: %+v", name, c)
		}
		if got := c.Listen(); !slices.Equal(got, []string{"127.0.0.1:3001"}) {
			t.Errorf("%s: listens on %v", name, got)
		}
	}
}

func TestParse_EndpointsAndListeners(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		vars            map[string]string
		endpoint, admin string
		listen          []string
	}{
		"other port": {map[string]string{"PORT": "8080"},
			"http://localhost:8080", "http://localhost:8080/admin", []string{"127.0.0.1:8080"}},
		"public": {map[string]string{"ENDPOINT": "https://Auth.Example.com/"},
			"https://auth.example.com", "https://auth.example.com/admin", []string{":3001"}},
		"below a path": {map[string]string{"ENDPOINT": "https://example.com/auth/"},
			"https://example.com/auth", "https://example.com/auth/admin", []string{":3001"}},
		"two origins": {map[string]string{"ENDPOINT": "http://a.example:3001", "ADMIN_ENDPOINT": "http://a.example:3002"},
			"http://a.example:3001", "http://a.example:3002", []string{":3001", ":3002"}},
		"two origins at home": {map[string]string{"ADMIN_ENDPOINT": "http://localhost:4002", "ADMIN_PORT": "4002"},
			"http://localhost:3001", "http://localhost:4002", []string{"127.0.0.1:3001", "127.0.0.1:4002"}},
		"admin port alone": {map[string]string{"ADMIN_PORT": "3001"},
			"http://localhost:3001", "http://localhost:3001/admin", []string{"127.0.0.1:3001"}},
		"tls at home": {map[string]string{"HTTPS_CERT_PATH": "c.pem", "HTTPS_KEY_PATH": "k.pem"},
			"https://localhost:3001", "https://localhost:3001/admin", []string{"127.0.0.1:3001"}},
		"ipv6": {map[string]string{"ENDPOINT": "http://[2001:DB8::1]:3001"},
			"http://[2001:db8::1]:3001", "http://[2001:db8::1]:3001/admin", []string{":3001"}},
	} {
		got := mustParse(t, c.vars)
		if got.Endpoint.String() != c.endpoint || got.AdminEndpoint.String() != c.admin || !slices.Equal(got.Listen(), c.listen) {
			t.Errorf("%s: %s, %s, %v", name, got.Endpoint, got.AdminEndpoint, got.Listen())
		}
	}
}

func TestParse_ValuesOfEachKind(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"1": true, "true": true, "YES": true, "on": true, "0": false, "false": false, "no": false, "OFF": false} {
		if c := mustParse(t, map[string]string{"TRUST_PROXY_HEADER": text, "CASE_SENSITIVE_USERNAME": text}); c.TrustProxyHeader != want || c.CaseSensitiveUsername != want {
			t.Errorf("%s: %v", text, c.TrustProxyHeader)
		}
	}
	c := mustParse(t, map[string]string{
		"TRUST_PROXY_HEADER": "1", "TRUSTED_PROXIES": "10.0.0.7/8, 192.0.2.1,2001:db8::/32", "LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json",
		"SECRET_VAULT_KEK": "kek", "STATUS_API_KEY": "key", "DATA_DIR": "/var/lib/signet",
	})
	proxies := Networks{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("2001:db8::/32")}
	if !reflect.DeepEqual(c.TrustedProxies, proxies) || c.LogLevel != slog.LevelDebug || c.LogFormat != "json" ||
		c.SecretVaultKEK.Reveal() != "kek" || c.StatusAPIKey.Reveal() != "key" || c.DataDir != "/var/lib/signet" {
		t.Errorf("config = %+v", c)
	}
}

func TestParse_RefusalsNameTheVariable(t *testing.T) {
	t.Parallel()
	for text, vars := range map[string]map[string]string{
		"PORT: must be a whole number":                       {"PORT": "http"},
		"PORT: must be from 1 to 65535":                      {"PORT": "65536"},
		"ADMIN_PORT: must be from 1 to 65535":                {"ADMIN_PORT": "0"},
		"ADMIN_PORT: must not be PORT":                       {"PORT": "3002", "ADMIN_ENDPOINT": "http://b.example"},
		"ENDPOINT: must be an absolute http":                 {"ENDPOINT": "auth.example.com"},
		"ENDPOINT: must be an absolute http or":              {"ENDPOINT": "ftp://auth.example.com"},
		"ENDPOINT: must be an absolute http or h":            {"ENDPOINT": "https://"},
		"ENDPOINT: must not have a query":                    {"ENDPOINT": "https://a.example/?x=1"},
		"ENDPOINT: must not have a query or":                 {"ENDPOINT": "https://a.example/#x"},
		"ENDPOINT: must not have a user name":                {"ENDPOINT": "https://me:pw@a.example"},
		"ENDPOINT: must not have empty or dotted":            {"ENDPOINT": "https://a.example/x/../y"},
		"ENDPOINT: must not have empty or":                   {"ENDPOINT": "https://a.example//x"},
		"ENDPOINT: must have a port":                         {"ENDPOINT": "https://a.example:99999"},
		"ADMIN_ENDPOINT: must be an absolute":                {"ADMIN_ENDPOINT": "//a.example"},
		"ADMIN_ENDPOINT: must have another host":             {"ENDPOINT": "https://a.example", "ADMIN_ENDPOINT": "https://A.example/ops"},
		"set both or neither":                                {"HTTPS_CERT_PATH": "c.pem"},
		"must begin with https://":                           {"HTTPS_CERT_PATH": "c", "HTTPS_KEY_PATH": "k", "ENDPOINT": "http://a.example"},
		"TRUST_PROXY_HEADER: must be true":                   {"TRUST_PROXY_HEADER": "maybe"},
		"TRUSTED_PROXIES: must be addresses":                 {"TRUST_PROXY_HEADER": "1", "TRUSTED_PROXIES": "proxy.local"},
		"TRUSTED_PROXIES: has no effect":                     {"TRUSTED_PROXIES": "10.0.0.0/8"},
		"DB_URL: must begin with postgres://":                {"DB_URL": "mysql://u:hunter2@h/d"},
		"DB_URL: is not a URL":                               {"DB_URL": "postgres://u:hunter2@h:x/d"},
		"DATABASE_POOL_SIZE: must be a whole":                {"DATABASE_POOL_SIZE": "many"},
		"DATABASE_POOL_SIZE: must be from":                   {"DATABASE_POOL_SIZE": "-1"},
		"DATABASE_STATEMENT_TIMEOUT: must be":                {"DATABASE_STATEMENT_TIMEOUT": "1m"},
		"LOG_LEVEL: must be":                                 {"LOG_LEVEL": "loud"},
		"LOG_FORMAT: must be":                                {"LOG_FORMAT": "xml"},
		"PRIVATE_KEY_ROTATION_GRACE_PERIOD: must be from":    {"PRIVATE_KEY_ROTATION_GRACE_PERIOD": "-1"},
		"PRIVATE_KEY_ROTATION_GRACE_PERIOD: must be from 0":  {"PRIVATE_KEY_ROTATION_GRACE_PERIOD": "31536001"},
		"PRIVATE_KEY_ROTATION_GRACE_PERIOD: must be a whole": {"PRIVATE_KEY_ROTATION_GRACE_PERIOD": "4h"},
	} {
		c, err := Parse(vars)
		if err == nil || c != nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v: %v, want %q", vars, err, text)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "Config") {
			t.Errorf("%v: the message shows too much: %v", vars, err)
		}
	}
	_, err := Parse(map[string]string{"PORT": "x", "LOG_LEVEL": "y", "ENDPOINT": "z"})
	for _, name := range []string{"PORT:", "LOG_LEVEL:", "ENDPOINT:"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is missing in: %v", name, err)
		}
	}
}

func TestParse_Names(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][]string{"": nil, " , ": nil, "member": {"member"}, " Team lead ,member,": {"Team lead", "member"}} {
		if got := mustParse(t, map[string]string{"USER_DEFAULT_ROLE_NAMES": value}).UserDefaultRoleNames; !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}

func TestParse_PoolSettingsReachTheDriver(t *testing.T) {
	t.Parallel()
	const base = "postgres://signet:p%40ss@db:5432/signet"
	for name, c := range map[string]struct {
		url  string
		vars map[string]string
		want url.Values
	}{
		"nothing":    {base, nil, url.Values{}},
		"all":        {base, map[string]string{"DATABASE_POOL_SIZE": "20", "DATABASE_CONNECTION_TIMEOUT": "5000", "DATABASE_STATEMENT_TIMEOUT": "60000"}, url.Values{"pool_max_conns": {"20"}, "connect_timeout": {"5"}, "statement_timeout": {"60000"}}},
		"rounded up": {base, map[string]string{"DATABASE_CONNECTION_TIMEOUT": "1"}, url.Values{"connect_timeout": {"1"}}},
		"disabled":   {base, map[string]string{"DATABASE_STATEMENT_TIMEOUT": "DISABLE_TIMEOUT"}, url.Values{"statement_timeout": {"0"}}},
		"url wins":   {base + "?pool_max_conns=7&sslmode=require", map[string]string{"DATABASE_POOL_SIZE": "20"}, url.Values{"pool_max_conns": {"7"}, "sslmode": {"require"}}},
	} {
		vars := map[string]string{"DB_URL": c.url}
		for k, v := range c.vars {
			vars[k] = v
		}
		u, err := url.Parse(mustParse(t, vars).DatabaseURL)
		if err != nil || !reflect.DeepEqual(u.Query(), c.want) {
			t.Errorf("%s: %v, %v, want %v", name, u.Query(), err, c.want)
		}
		if u.RawQuery = ""; u.String() != base {
			t.Errorf("%s: %s, want %s", name, u, base)
		}
	}
}

// Attack 58: a configuration that is printed shows no key.
func TestConfig_PrintsNoKeys(t *testing.T) {
	t.Parallel()
	c := mustParse(t, map[string]string{"SECRET_VAULT_KEK": "c4n4ry", "STATUS_API_KEY": "c4n4ry"})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, *c); strings.Contains(text, "c4n4ry") {
			t.Errorf("%s: %s", verb, text)
		}
	}
}

func TestLoad_FileStandsBehindTheEnvironment(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("PORT", "4001")
	t.Setenv("ENDPOINT", "")
	t.Setenv("LOG_FORMAT", "")
	if err := os.WriteFile(".env", []byte("# comment\n\nPORT=5001\nexport LOG_LEVEL = \"warn\" \nDATA_DIR='./my data' \nTRUST_PROXY_HEADER=1 # behind nginx\r\nSTATUS_API_KEY=a=b#c\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load()
	if err != nil || c.Port != 4001 || c.LogLevel != slog.LevelWarn || c.DataDir != "./my data" || !c.TrustProxyHeader || c.StatusAPIKey.Reveal() != "a=b#c" {
		t.Errorf("config = %+v, %v", c, err)
	}
	if err := os.Remove(".env"); err != nil {
		t.Fatal(err)
	}
	if c, err := Load(); err != nil || c.LogLevel != slog.LevelInfo {
		t.Errorf("without a file: %+v, %v", c, err)
	}
}

func TestReadFile_RefusesOtherLinesWithoutShowingThem(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"c4n4ry", "=c4n4ry", "A B=c4n4ry", `"A"=c4n4ry`} {
		path := filepath.Join(t.TempDir(), ".env")
		if err := os.WriteFile(path, []byte("PORT=1\n"+line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readFile(path); err == nil || !strings.Contains(err.Error(), "line 2") || strings.Contains(err.Error(), "c4n4ry") {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestReference_IsUpToDate(t *testing.T) {
	t.Parallel()
	const path = "../../../docs/reference/configuration.md"
	if *update {
		if err := os.WriteFile(path, []byte(Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	committed, err := os.ReadFile(path)
	if err != nil || string(committed) != Reference() {
		t.Errorf("%s is out of date, run make generate: %v", path, err)
	}
}

func TestReference_DocumentsEveryVariable(t *testing.T) {
	t.Parallel()
	page, n := Reference(), 0
	for field := range fields() {
		n++
		if doc := field.Tag.Get("doc"); doc == "" || strings.Contains(doc, "|") || !strings.HasSuffix(doc, ".") {
			t.Errorf("%s: documentation %q", field.Name, doc)
		}
		if !strings.Contains(page, "| `"+field.Tag.Get("env")+"` |") {
			t.Errorf("%s is not in the reference", field.Name)
		}
	}
	if exported := reflect.TypeFor[Config]().NumField() - 1; n != exported {
		t.Errorf("%d of %d fields are variables", n, exported)
	}
}

// The default endpoint of the admin tenant is a path like any other: it begins
// with a slash, so that requests below it are recognised.
func TestConfig_AdminTenantIsBelowTheEndpoint(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"": "/admin", "https://id.example": "/admin", "https://id.example/": "/admin", "https://example.com/auth": "/auth/admin",
	} {
		c, err := Parse(map[string]string{"ENDPOINT": endpoint})
		if err != nil {
			t.Fatal(err)
		}
		if c.AdminEndpoint.Path != want {
			t.Errorf("ENDPOINT=%q: the admin tenant is at %q, want %q", endpoint, c.AdminEndpoint.Path, want)
		}
	}
}
