// Package server is the composition root: it builds every engine, mounts the
// route tables behind one chain of middleware and starts the workers. Nothing
// imports it but the programs and the test harness.
package server

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"signet/internal/asset"
	"signet/internal/audit"
	"signet/internal/dashboard"
	"signet/internal/hosted/setuppages"
	"signet/internal/oidc/logout"
	"signet/internal/oidc/oidcapi"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/fetch"
	"signet/internal/platform/job"
	"signet/internal/platform/web"
	"signet/internal/purge"
	"signet/internal/tenant"
	"signet/internal/user"
)

// Options are what a server is built from.
type Options struct {
	// Pool is an opened and migrated database.
	Pool    *db.Pool
	Keyring *crypt.Keyring
	Hasher  *crypt.Hasher
	Clock   clock.Clock
	// Endpoint is the public URL of the default tenant, AdminEndpoint of the
	// admin tenant.
	Endpoint, AdminEndpoint *url.URL
	Proxies                 web.Proxies
	// StatusAPIKey lets GET /api/status tell the tenant's id; "" never does.
	StatusAPIKey string
	// DefaultRoles are names of roles that new users of all tenants but the admin
	// one get beside the default roles of their tenant.
	DefaultRoles []string
	// KeyGrace is how long a new signing key is published before it signs, where
	// the rotation does not say; zero rotates at once.
	KeyGrace time.Duration
	// IgnoreUsernameCase makes usernames case-insensitive in every tenant.
	IgnoreUsernameCase bool
	// Pwned tells passwords that are known from breaches; nil knows none.
	Pwned user.PwnedCheck
	// AllowPrivateCalls lets calls to applications reach private and loopback
	// addresses: for an operator whose applications are there.
	AllowPrivateCalls bool
	// Outbound makes these calls; one that AllowPrivateCalls describes if nil.
	Outbound *http.Client
	// Assets is where uploaded files lie; nil if none can be uploaded.
	Assets *asset.Disk
	// Seed fills new tenants; ProductSeed if nil.
	Seed Seeder
	// WrapOperator may put another guard in front of the Management API's own.
	// The product leaves it nil: a token is the only way in.
	WrapOperator func(web.Guard) web.Guard
	// RequestTimeout bounds one request; 30 s if zero.
	RequestTimeout time.Duration
}

// outboundTimeout bounds a call for what a client publishes: somebody waits for it.
const outboundTimeout = 5 * time.Second

// apart reports whether operators sign in at an origin of their own.
func (o *Options) apart() bool {
	return o.Endpoint.Scheme != o.AdminEndpoint.Scheme || o.Endpoint.Host != o.AdminEndpoint.Host
}

// Server serves the tenants of one installation.
type Server struct {
	options  Options
	resolver *tenant.Resolver
	trail    *audit.Trail
	jobs     *job.Runner
	queue    *job.Queue
	parts    *parts
	managed  map[string]bool // see managed
	handler  http.Handler
}

// New seeds what is missing and builds the server. Close releases its workers;
// the pool stays the caller's.
func New(ctx context.Context, o Options) (*Server, error) {
	if o.RequestTimeout == 0 {
		o.RequestTimeout = 30 * time.Second
	}
	if o.Outbound == nil {
		o.Outbound = fetch.New(fetch.Options{Timeout: outboundTimeout, AllowPrivate: o.AllowPrivateCalls})
	}
	s := &Server{
		options: o,
		resolver: tenant.NewResolver(
			tenant.New(tenant.Default, o.Endpoint, o.Pool),
			tenant.New(tenant.Admin, o.AdminEndpoint, o.Pool)),
	}
	if err := SeedTenants(ctx, o); err != nil {
		return nil, err
	}
	s.trail = audit.NewTrail(o.Pool, o.Clock, dashboard.NewRecorder(time.Local).Follow)
	s.parts = build(o, s.Tenant(tenant.Admin), s.trail)
	tables := s.parts.tables()
	s.managed = managed(tables)
	s.handler = s.chain(tables)
	s.jobs = job.New(o.Pool, slog.Default())
	s.jobs.Every("purge", purge.Period, purge.Expired)
	s.jobs.Every("recount", user.RecountPeriod, user.Recount)
	s.jobs.Every("settle", dashboard.SettlePeriod, dashboard.Settle(time.Local))
	if o.Assets.Ready() {
		s.jobs.Every("assets", asset.PurgePeriod, o.Assets.Purge)
	}
	s.queue = job.NewQueue(o.Pool, o.Clock, slog.Default(), map[string]job.Kind{token.KindLogoutNotice: s.logoutDispatcher().Work()})
	s.jobs.Start()
	s.queue.Start()
	return s, nil
}

func (s *Server) logoutDispatcher() *logout.Dispatcher {
	return &logout.Dispatcher{
		Clients: s.parts.clients, Keys: s.parts.keys, Clock: s.options.Clock, Tenant: s.Tenant, Trail: s.trail,
		HTTP: s.options.Outbound,
	}
}

// Tenant returns the tenant of that id, nil if there is none.
func (s *Server) Tenant(id string) *tenant.Tenant {
	for _, t := range s.resolver.All() {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// SyncAudit waits until the audit trail of every answered request is stored.
func (s *Server) SyncAudit(ctx context.Context) error { return s.trail.Sync(ctx) }

// Close stops the workers and writes what they hold.
func (s *Server) Close() {
	s.jobs.Stop()
	s.queue.Stop()
	s.trail.Close()
}

// chain is every request's way to its route.
func (s *Server) chain(tables []web.Table) http.Handler {
	mux := http.NewServeMux()
	web.Mount(mux, web.WriteError, tables...)
	s.resolver.NotFound = oidcapi.Unrouted
	inTenant := web.Chain(s.parts.customUI().Middleware(s.parts.orNotFound(mux)),
		s.resolver.Middleware,
		web.SecurityHeaders(s.options.Endpoint.Scheme == "https"),
		web.CORS(func(r *http.Request) bool { return openToAnyOrigin(r.URL.Path) || s.fromOperators(r) }),
		web.Timeout(s.options.RequestTimeout),
		s.collectAudit,
		web.Gzip,
		s.crossOrigin(),
		setuppages.Remember)
	return around(s.health(inTenant), s.options.Proxies)
}

// around is what no request escapes, whatever becomes of it.
func around(h http.Handler, proxies web.Proxies) http.Handler {
	return web.Chain(h, web.Identify(proxies), web.Recover, web.AccessLog)
}

// openToAnyOrigin are the APIs that take bearer tokens from single-page
// applications of any origin.
func openToAnyOrigin(path string) bool {
	return path == "/api/my-account" || strings.HasPrefix(path, "/api/my-account/") ||
		path == "/api/verifications" || strings.HasPrefix(path, "/api/verifications/")
}

// bearerOrOwnCheck are the paths that a foreign origin may post to: they take
// no authority from cookies, or the protocol lets applications post to them.
func bearerOrOwnCheck(path string) bool {
	return openToAnyOrigin(path) ||
		(strings.HasPrefix(path, "/oidc/") && path != "/oidc/session/end/confirm" && path != proto.PathDevice)
}

// crossOrigin refuses browser requests that change something and come from
// another origin, wherever a cookie would give them authority. That of another
// tenant is another origin.
func (s *Server) crossOrigin() web.Middleware {
	protections := map[string]*http.CrossOriginProtection{}
	for _, t := range s.resolver.All() {
		// A proxy may have changed the Host with which the origin is compared.
		protection := http.NewCrossOriginProtection()
		if err := protection.AddTrustedOrigin(t.Origin()); err != nil {
			panic("server: bad endpoint " + t.Origin())
		}
		protections[t.ID] = protection
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !bearerOrOwnCheck(r.URL.Path) && !s.fromOperators(r) {
				if err := protections[tenant.From(r.Context()).ID].Check(r); err != nil {
					web.WriteError(w, r, errCrossOrigin.Wrap(err))
					return
				}
			}
			next.ServeHTTP(w, r)
		})
	}
}

// isMetadata are what APIs and applications read to check tokens by themselves. Nothing
// of it goes on record.
func isMetadata(path string) bool {
	switch path {
	case proto.PathJWKS, proto.PathDiscovery, proto.PathAuthorizationMetadata, proto.PathInsertedMetadata:
		return true
	}
	return false
}

// collectAudit writes the request's audit entries once its outcome is known. A
// request that the trail could not keep is refused.
func (s *Server) collectAudit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.trail.HasRoom() && !isMetadata(r.URL.Path) {
			refuse := web.WriteError
			if forPeople(r) {
				refuse = s.parts.renderError
			}
			refuse(w, r, db.ErrUnavailable.Describe("the audit trail waits for the database"))
			return
		}
		ctx, flush := s.trail.Collect(r.Context())
		defer flush()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
