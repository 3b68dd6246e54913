// Package conf reads the configuration: environment variables and nothing else,
// which a file named .env may carry. It is the only package that reads the
// environment; all others receive values. Reference documents every variable.
package conf

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path"
	"reflect"
	"strconv"
	"strings"

	"github.com/caarlos0/env/v11"

	"signet/internal/platform/logs"
)

// Config is the configuration of a process, complete and checked.
type Config struct {
	Port     int      `env:"PORT" envDefault:"3001" doc:"Port on which Signet listens."`
	Endpoint *url.URL `env:"ENDPOINT" unset:"http://localhost:PORT" doc:"Public URL of Signet, as people and applications reach it: http or https, perhaps with a path below which a proxy serves it. Without it Signet listens on the loopback interface only."`

	AdminPort     int      `env:"ADMIN_PORT" envDefault:"3002" doc:"Port of the admin tenant. It listens only if ADMIN_ENDPOINT is set."`
	AdminEndpoint *url.URL `env:"ADMIN_ENDPOINT" unset:"ENDPOINT/admin" doc:"Public URL of the admin tenant on an origin of its own, for installations that want to keep operators and users apart."`

	DataDir     string `env:"DATA_DIR" envDefault:"./data" doc:"Directory of the SQLite database, the key file and uploaded files. Created with mode 0700. With PostgreSQL only uploads lie there: several nodes must share it. Uploads are off if it cannot be written to."`
	DatabaseURL string `env:"DB_URL" unset:"SQLite in DATA_DIR" doc:"PostgreSQL to use instead of SQLite: postgres://user:password@host:5432/database."`

	PoolSize          int     `env:"DATABASE_POOL_SIZE" unset:"four for each core, at least 10" doc:"Most connections to PostgreSQL that are open at once."`
	ConnectionTimeout Timeout `env:"DATABASE_CONNECTION_TIMEOUT" unset:"5000" doc:"Milliseconds to wait for a new connection to PostgreSQL."`
	StatementTimeout  Timeout `env:"DATABASE_STATEMENT_TIMEOUT" unset:"30000" doc:"Milliseconds that a statement may run on PostgreSQL, or DISABLE_TIMEOUT."`

	SecretVaultKEK logs.Secret `env:"SECRET_VAULT_KEK" unset:"DATA_DIR/signet.key" doc:"Key that encrypts secrets in the database: 32 random bytes in base64 or hex (openssl rand -base64 32). PostgreSQL needs it, the same on every node. On SQLite the first start makes a key file instead. Back it up: without the key the database cannot be opened."`

	HTTPSCertPath string `env:"HTTPS_CERT_PATH" doc:"PEM file of the certificate chain, to serve TLS without a proxy. Needs HTTPS_KEY_PATH."`
	HTTPSKeyPath  string `env:"HTTPS_KEY_PATH" doc:"PEM file of the certificate's private key."`

	TrustProxyHeader bool     `env:"TRUST_PROXY_HEADER" envDefault:"false" doc:"Believe X-Forwarded-For, -Proto and -Host of a reverse proxy with a loopback or private address, or of TRUSTED_PROXIES."`
	TrustedProxies   Networks `env:"TRUSTED_PROXIES" unset:"loopback, private and link-local networks" doc:"Addresses or networks (CIDR) of the reverse proxies, separated by commas. Needs TRUST_PROXY_HEADER."`

	CaseSensitiveUsername bool        `env:"CASE_SENSITIVE_USERNAME" envDefault:"true" doc:"Set to false to ignore the case of usernames in every tenant, whatever its own policy says."`
	UserDefaultRoleNames  Names       `env:"USER_DEFAULT_ROLE_NAMES" doc:"Names of roles, separated by commas, that every new user gets beside the default roles of the tenant. Each tenant but the admin one must have them: without one of them, nobody can register. Better make a role a default one."`
	KeyGrace              int         `env:"PRIVATE_KEY_ROTATION_GRACE_PERIOD" envDefault:"0" doc:"Seconds for which a new signing key is published before it signs, so that caches of the key set can follow, where a rotation does not say. 0 signs with it at once."`
	StatusAPIKey          logs.Secret `env:"STATUS_API_KEY" doc:"Who sends it in the header logto-status-api-key to /api/status learns the tenant's id. Without it nobody does."`

	BreachService string `env:"BREACH_SERVICE" envDefault:"https://api.pwnedpasswords.com" doc:"Where new passwords are looked up among breached ones: the range service of Have I Been Pwned, or a mirror of it. It learns five of forty digits of the password's SHA-1. off does not look."`

	SSRFProtectionDisabled bool `env:"OIDC_PROVIDER_SSRF_PROTECTION_DISABLED" envDefault:"false" doc:"Set to true if applications that Signet calls, to fetch their keys or to tell them that somebody signed out, lie in a private network: then calls may reach private and loopback addresses, whoever may register applications can make Signet send requests there, and clients that nobody has registered cannot be served."`

	LogLevel  slog.Level `env:"LOG_LEVEL" envDefault:"info" doc:"Least level that is logged: debug, info, warn or error."`
	LogFormat string     `env:"LOG_FORMAT" envDefault:"text" doc:"text or json."`

	loopback bool
}

// Timeout is a number of milliseconds, or that there is none.
type Timeout struct {
	Millis   int
	Disabled bool
	Set      bool
}

// UnmarshalText reads milliseconds or DISABLE_TIMEOUT.
func (t *Timeout) UnmarshalText(text []byte) error {
	if string(text) == "DISABLE_TIMEOUT" {
		*t = Timeout{Disabled: true, Set: true}
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 || n > 24*60*60*1000 {
		return errors.New("must be a number of milliseconds, at most a day, or DISABLE_TIMEOUT")
	}
	*t = Timeout{Millis: n, Set: true}
	return nil
}

// Names are names separated by commas.
type Names []string

// UnmarshalText reads names; blanks around them do not count.
func (n *Names) UnmarshalText(text []byte) error {
	*n = nil
	for part := range strings.SplitSeq(string(text), ",") {
		if part = strings.TrimSpace(part); part != "" {
			*n = append(*n, part)
		}
	}
	return nil
}

// Networks are addresses and networks.
type Networks []netip.Prefix

// UnmarshalText reads addresses and networks in CIDR notation, separated by
// commas.
func (n *Networks) UnmarshalText(text []byte) error {
	*n = nil
	for part := range strings.SplitSeq(string(text), ",") {
		part = strings.TrimSpace(part)
		if addr, err := netip.ParseAddr(part); err == nil {
			*n = append(*n, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			return errors.New("must be addresses or networks such as 10.0.0.0/8, separated by commas")
		}
		*n = append(*n, prefix.Masked())
	}
	return nil
}

// Load reads the environment and, where that is silent, the file .env of the
// working directory. Its error names every variable that is wrong, and what to
// do about it, without showing secrets.
func Load() (*Config, error) {
	vars, err := readFile(".env")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	all := map[string]string{}
	maps.Copy(all, vars)
	maps.Copy(all, env.ToMap(os.Environ()))
	return Parse(all)
}

// Parse reads the configuration from variables. An empty variable is unset.
func Parse(vars map[string]string) (*Config, error) {
	given := map[string]string{}
	for name, value := range vars {
		if value = strings.TrimSpace(value); value != "" {
			given[name] = value
		}
	}
	c := &Config{}
	err := env.ParseWithOptions(c, env.Options{
		Environment: given,
		FuncMap: map[reflect.Type]env.ParserFunc{
			reflect.TypeFor[bool]():    func(v string) (any, error) { return parseBool(v) },
			reflect.TypeFor[url.URL](): func(v string) (any, error) { return parseEndpoint(v) },
		},
	})
	if err != nil {
		return nil, explain(err)
	}
	if err := errors.Join(c.check()...); err != nil {
		return nil, err
	}
	if err := c.complete(); err != nil {
		return nil, err
	}
	return c, nil
}

// explain names variables instead of fields, and keeps values out.
func explain(err error) error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return err
	}
	var out []error
	for _, one := range all.Errors {
		var parse env.ParseError
		if errors.As(one, &parse) {
			field, _ := reflect.TypeFor[Config]().FieldByName(parse.Name)
			reason := parse.Err
			switch field.Type {
			case reflect.TypeFor[int]():
				reason = errors.New("must be a whole number")
			case reflect.TypeFor[slog.Level]():
				reason = errors.New("must be debug, info, warn or error")
			}
			one = fmt.Errorf("%s: %w", field.Tag.Get("env"), reason)
		}
		out = append(out, one)
	}
	return errors.Join(out...)
}

func (c *Config) check() []error {
	var all []error
	complain := func(wrong bool, format string, args ...any) {
		if wrong {
			all = append(all, fmt.Errorf(format, args...))
		}
	}
	isPort := func(n int) bool { return n >= 1 && n <= 65535 }
	complain(!isPort(c.Port), "PORT: must be from 1 to 65535")
	complain(!isPort(c.AdminPort), "ADMIN_PORT: must be from 1 to 65535")
	complain(c.AdminEndpoint != nil && c.AdminPort == c.Port, "ADMIN_PORT: must not be PORT")
	complain(c.LogFormat != logs.Text && c.LogFormat != logs.JSON, "LOG_FORMAT: must be text or json")
	complain(c.PoolSize < 0 || c.PoolSize > 10_000, "DATABASE_POOL_SIZE: must be from 1 to 10000")
	complain(c.KeyGrace < 0 || c.KeyGrace > 365*24*60*60, "PRIVATE_KEY_ROTATION_GRACE_PERIOD: must be from 0 to 31536000 seconds")
	complain((c.HTTPSCertPath == "") != (c.HTTPSKeyPath == ""), "HTTPS_CERT_PATH and HTTPS_KEY_PATH: set both or neither")
	complain(c.HTTPSCertPath != "" && c.Endpoint != nil && c.Endpoint.Scheme != "https",
		"ENDPOINT: must begin with https:// since HTTPS_CERT_PATH is set")
	complain(len(c.TrustedProxies) > 0 && !c.TrustProxyHeader, "TRUSTED_PROXIES: has no effect without TRUST_PROXY_HEADER=1")
	complain(!isBreachService(c.BreachService), "BREACH_SERVICE: must begin with https:// or http://, or be off")
	complain(c.DatabaseURL != "" && !strings.HasPrefix(c.DatabaseURL, "postgres://") && !strings.HasPrefix(c.DatabaseURL, "postgresql://"),
		"DB_URL: must begin with postgres://; leave it unset for SQLite")
	return all
}

// BreachCheckOff is the value of BREACH_SERVICE that looks nothing up.
const BreachCheckOff = "off"

func isBreachService(v string) bool {
	u, err := url.Parse(v)
	return v == BreachCheckOff || err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// complete fills in what depends on other variables.
func (c *Config) complete() error {
	c.loopback = c.Endpoint == nil
	if c.Endpoint == nil {
		scheme := "http"
		if c.HTTPSCertPath != "" {
			scheme = "https"
		}
		c.Endpoint = &url.URL{Scheme: scheme, Host: net.JoinHostPort("localhost", strconv.Itoa(c.Port))}
	}
	if c.AdminEndpoint == nil {
		c.AdminPort = 0
		below := *c.Endpoint
		below.Path += "/admin"
		c.AdminEndpoint = &below
	} else if c.AdminEndpoint.Scheme == c.Endpoint.Scheme && c.AdminEndpoint.Host == c.Endpoint.Host {
		return errors.New("ADMIN_ENDPOINT: must have another host or port than ENDPOINT; leave it unset to serve the admin tenant below ENDPOINT/admin")
	}
	return c.completeDatabase()
}

// completeDatabase puts the settings of the pool into the URL, where pgx looks
// for them; what the URL says already wins.
func (c *Config) completeDatabase() error {
	if c.DatabaseURL == "" {
		return nil
	}
	u, err := url.Parse(c.DatabaseURL)
	if err != nil {
		return errors.New("DB_URL: is not a URL; characters such as @ or / in the password must be percent-encoded")
	}
	query := u.Query()
	put := func(name string, isSet bool, value int) {
		if isSet && !query.Has(name) {
			query.Set(name, strconv.Itoa(value))
		}
	}
	put("pool_max_conns", c.PoolSize > 0, c.PoolSize)
	put("connect_timeout", c.ConnectionTimeout.Set, max(1, (c.ConnectionTimeout.Millis+999)/1000))
	put("statement_timeout", c.StatementTimeout.Set, c.StatementTimeout.Millis)
	u.RawQuery = query.Encode()
	c.DatabaseURL = u.String()
	return nil
}

// Listen returns the addresses to listen on: the loopback interface while no
// ENDPOINT says that others should come, else all interfaces.
func (c *Config) Listen() []string {
	host := ""
	if c.loopback {
		host = "127.0.0.1"
	}
	addresses := []string{net.JoinHostPort(host, strconv.Itoa(c.Port))}
	if c.AdminPort != 0 {
		addresses = append(addresses, net.JoinHostPort(host, strconv.Itoa(c.AdminPort)))
	}
	return addresses
}

func parseBool(v string) (bool, error) {
	switch strings.ToLower(v) {
	case "1", "true", "yes", "y", "on":
		return true, nil
	case "0", "false", "no", "n", "off":
		return false, nil
	}
	return false, errors.New("must be true or false")
}

// parseEndpoint accepts an absolute http or https URL of a host and perhaps a
// path, and returns it without a trailing slash.
func parseEndpoint(v string) (url.URL, error) {
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Opaque != "" || u.Host == "" || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return url.URL{}, errors.New("must be an absolute http or https URL such as https://auth.example.com")
	case u.User != nil:
		return url.URL{}, errors.New("must not have a user name or password")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(v, "#"):
		return url.URL{}, errors.New("must not have a query or fragment")
	case u.Path != "" && path.Clean(u.Path) != strings.TrimRight(u.Path, "/") && u.Path != "/":
		return url.URL{}, errors.New("must not have empty or dotted path segments")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return url.URL{}, errors.New("must have a port from 1 to 65535")
		}
	}
	base := url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host), Path: strings.TrimRight(u.Path, "/")}
	return base, nil
}
