package server

import (
	"context"
	"errors"
	"net/http"

	"signet/internal/access/accessapi"
	"signet/internal/account"
	"signet/internal/account/accountapi"
	"signet/internal/accountcenter"
	"signet/internal/asset/assetapi"
	"signet/internal/audit"
	"signet/internal/hosted"
	"signet/internal/hosted/accountpages"
	"signet/internal/hosted/demo"
	"signet/internal/hosted/setuppages"
	"signet/internal/hosted/signinpages"
	"signet/internal/oidc/authorize"
	"signet/internal/oidc/client"
	"signet/internal/oidc/dpop"
	"signet/internal/oidc/grant"
	"signet/internal/oidc/logout"
	"signet/internal/oidc/oidcapi"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/registration"
	"signet/internal/oidc/token"
	"signet/internal/operator"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/resource"
	"signet/internal/rp"
	"signet/internal/sentinel"
	"signet/internal/settings"
	"signet/internal/setup"
	"signet/internal/signin"
	"signet/internal/signin/signinapi"
	"signet/internal/signinexp"
	"signet/internal/signinexp/signinexpapi"
	"signet/internal/tenant"
	"signet/internal/user"
)

// parts are the engines and what serves them.
type parts struct {
	options    Options
	experience *signinexp.Cache
	center     *accountcenter.Cache
	keys       *token.Keys
	clients    *client.Directory
	tokens     *grant.Endpoint
	signIn     *signin.Engine
	account    *account.Engine
	renderer   *hosted.Renderer
	pages      *signinpages.Pages
	limiter    *sentinel.Limiter
	trail      *audit.Trail
	gate       *operator.Gate
	operator   web.Guard // of every operation of the Management API
	provider   *oidcapi.API
	browser    *oidcapi.Browser
}

func build(o Options, admin *tenant.Tenant, trail *audit.Trail) *parts {
	config := settings.NewReader(o.Pool)
	p := &parts{
		options:    o,
		experience: signinexp.NewCache(o.Pool),
		center:     accountcenter.NewCache(o.Pool),
		keys:       token.NewKeys(o.Pool, o.Keyring, o.Clock),
		limiter:    sentinel.NewLimiter(),
		trail:      trail,
	}
	p.clients = client.NewDirectory(o.Pool, client.Options{
		Ring: o.Keyring, Clock: o.Clock, Outbound: o.Outbound, Limiter: p.limiter, Settings: config, Algorithms: p.idTokenAlgorithms,
	})
	proofs := &dpop.Verifier{Clock: o.Clock, Ring: o.Keyring, Settings: config, Limiter: p.limiter}
	p.tokens = &grant.Endpoint{
		Clock: o.Clock, Ring: o.Keyring, Keys: p.keys, Settings: config, Clients: p.clients,
		Resources: resource.NewCache(o.Pool), Limiter: p.limiter,
	}
	authorizations := &authorize.Engine{Clients: p.clients, Keys: p.keys, Ring: o.Keyring, Clock: o.Clock, Limiter: p.limiter, Settings: config}
	registrar := &registration.Engine{Clock: o.Clock, Ring: o.Keyring, Limiter: p.limiter, Settings: config, Algorithms: p.idTokenAlgorithms}
	p.provider = oidcapi.New(o.Pool, authorizations, p.tokens, proofs, registrar)
	p.renderer = hosted.NewRenderer(hosted.SiteOf(p.experience))
	p.signIn = &signin.Engine{
		Experience: p.experience, Hasher: o.Hasher, Keyring: o.Keyring, Clock: o.Clock, Limiter: p.limiter,
		Pwned: o.Pwned, DefaultRoles: o.DefaultRoles, Assets: o.Assets,
		IgnoreUsernameCase: o.IgnoreUsernameCase, MayRegister: p.mayRegister, Registered: p.registered,
	}
	p.account = &account.Engine{
		Center: p.center, Experience: p.experience, Clients: p.clients, Hasher: o.Hasher, Clock: o.Clock, Pwned: o.Pwned,
		Proofs: proofs, IgnoreUsernameCase: o.IgnoreUsernameCase, Assets: o.Assets, Limiter: p.limiter,
	}
	p.browser = &oidcapi.Browser{
		Authorize: authorizations,
		Logout:    &logout.Engine{Clients: p.clients, Keys: p.keys, Clock: o.Clock},
	}
	p.pages = &signinpages.Pages{
		Engine: p.signIn, Clients: p.clients, Center: p.center, Renderer: p.renderer,
		MakesAdministrator: p.makesAdministrator,
	}
	p.gate = operator.New(o.Pool, admin, p.keys, p.clients, o.Clock, proofs)
	p.operator = p.gate.Guard()
	if o.WrapOperator != nil {
		p.operator = o.WrapOperator(p.operator)
	}
	p.renderFor(p.browser)
	return p
}

// tables are all routes, in the order of the reference.
func (p *parts) tables() []web.Table {
	accountParty := p.party(client.AccountCenter, "/account", account.AllScopes)
	cookies := authorize.SignedCookies(p.keys)
	tables := append(p.statusTables(),
		p.provider.Routes(),
		p.browser.Routes().Behind(cookies),
		p.browser.ConsentRoutes().OnError(authorize.WriteError).Behind(cookies),
		signinexpapi.Routes(&signinexpapi.Handlers{Experience: p.experience}),
		signinapi.Routes(&signinapi.Handlers{Engine: p.signIn}).Behind(cookies),
		accessapi.Routes(&accessapi.API{Gate: p.gate}))
	tables = append(tables, (&accountapi.API{Account: p.account, Center: p.center}).Tables()...)
	tables = append(tables, p.management()...)
	tables = append(tables, p.assets().Files())
	for _, pages := range []web.Table{
		p.pages.Table(),
		(&accountpages.Pages{
			Party: accountParty, Renderer: p.renderer, Engine: p.account,
			Center: p.center, Experience: p.experience, Clock: p.options.Clock,
		}).Table(),
		(&demo.Pages{Party: p.party(client.DemoApp, "/demo-app", demoScope), Renderer: p.renderer}).Table(),
		(&setuppages.Pages{
			Account: accountParty, Renderer: p.renderer, Clock: p.options.Clock, Limit: p.limitSetup,
		}).Table(),
		{Routes: []web.Route{web.Raw(http.MethodGet, "/assets/{name}", func(w http.ResponseWriter, r *http.Request) error {
			p.renderer.Assets().ServeHTTP(w, r)
			return nil
		})}},
	} {
		tables = append(tables, pages.OnError(p.renderError).Behind(cookies))
	}
	return tables
}

// idTokenAlgorithms are what the ID tokens of a tenant can be signed with.
func (p *parts) idTokenAlgorithms(ctx context.Context, q db.Q) ([]string, error) {
	keys, err := p.keys.Set(ctx, q)
	if err != nil {
		return nil, err
	}
	return keys.Algorithms, nil
}

func (p *parts) assets() *assetapi.API {
	return &assetapi.API{Disk: p.options.Assets, Clock: p.options.Clock, Operator: p.operator}
}

// demoScope is what the demo application asks for.
const demoScope = proto.ScopeOpenID + " " + proto.ScopeProfile + " " + proto.ScopeEmail

func (p *parts) party(clientID, home, scope string) *rp.Party {
	return &rp.Party{
		ClientID: clientID, Home: home, Scope: scope, Clock: p.options.Clock, Keyring: p.options.Keyring, Limiter: p.limiter,
		Redeem: rp.InProcess(p.tokens, p.clients, p.options.Clock),
	}
}

// mayRegister guards every registration path of the admin tenant until its
// first administrator exists: only the setup cookie opens it.
func (p *parts) mayRegister(ctx context.Context) error {
	t := tenant.From(ctx)
	if t.ID != tenant.Admin {
		return nil
	}
	needed, err := setup.Needed(ctx, t.DB)
	if err != nil || !needed {
		return err
	}
	return setup.Allowed(ctx, t.DB, p.options.Clock.Millis(), setuppages.Cookie(ctx))
}

// makesAdministrator reports whether the account that the request of ctx may
// create will be the first administrator's.
func (p *parts) makesAdministrator(ctx context.Context) (bool, error) {
	t := tenant.From(ctx)
	if t.ID != tenant.Admin {
		return false, nil
	}
	needed, err := setup.Needed(ctx, t.DB)
	if err != nil || !needed {
		return false, err
	}
	err = setup.Allowed(ctx, t.DB, p.options.Clock.Millis(), setuppages.Cookie(ctx))
	if errors.Is(err, setup.ErrRequired) {
		return false, nil
	}
	return err == nil, err
}

// registered makes the first person of the admin tenant its administrator.
// Somebody who was let in while there was none, and comes second, is turned
// away.
func (p *parts) registered(ctx context.Context, tx *db.Tx, u *user.User) error {
	if tx.TenantID() != tenant.Admin {
		return nil
	}
	people, err := user.List(ctx, tx, 2, 0)
	if err != nil {
		return err
	}
	if len(people) == 1 {
		return completeSetup(ctx, tx, p.options.Clock.Millis(), u.ID, setuppages.Cookie(ctx))
	}
	settings, err := signinexp.Get(ctx, tx)
	if err != nil || settings.SignInMode.AllowsRegister() {
		return err
	}
	return signin.ErrForbidden
}

func (p *parts) limitSetup(ctx context.Context, what string) error {
	return p.limiter.AllowAddress(ctx, tenant.From(ctx).DB, p.options.Clock, what, web.Info(ctx).IP, sentinel.Setup)
}
