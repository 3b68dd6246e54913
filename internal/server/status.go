package server

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"signet/internal/platform/crypt"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

var errCrossOrigin = errs.New(403, "request.cross_origin")

// health answers the probes of load balancers at any host: /healthz says that
// the process runs, /readyz that its database can be read and written to and that
// the audit trail has room.
func (s *Server) health(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz":
			w.WriteHeader(http.StatusNoContent)
		case "/readyz":
			ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
			defer cancel()
			if err := s.options.Pool.Ready(ctx); err != nil || !s.trail.HasRoom() {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

type statusIn struct {
	Key string `header:"logto-status-api-key"`
}

// status says that the tenant is served; who knows the key learns which.
func (p *parts) status(ctx context.Context, in *statusIn) (*web.Nothing, error) {
	key := p.options.StatusAPIKey
	if key != "" && crypt.Equal(crypt.Hash(in.Key), crypt.Hash(key)) {
		web.Header(ctx).Set("logto-tenant-id", tenant.From(ctx).ID)
	}
	return nil, nil
}

// statusTables are what programs ask about the service itself.
func (p *parts) statusTables() []web.Table {
	return []web.Table{
		{Document: "management", Tag: "Status", Routes: []web.Route{
			web.Get("/api/status", p.status,
				web.Doc("GetStatus", "Tell that the service is up"),
				web.About("Who sends the key of the environment variable STATUS_API_KEY in the header logto-status-api-key learns "+
					"the id of the tenant from the header logto-tenant-id.")),
		}},
		{Document: "management", Tag: "Well-known", Routes: []web.Route{
			p.openAPIRoute("experience", "Experience", false),
			p.openAPIRoute("user", "Account", true),
			p.openAPIRoute("management", "Management", true),
		}},
		{Tag: "Well-known", Routes: []web.Route{
			web.Get("/api/.well-known/endpoints/{tenantId}", p.endpoint,
				web.Doc("GetTenantEndpoint", "Tell where a tenant is served"), web.Fails(400, 404)),
		}},
		{Document: "management", Tag: "Swagger.json", Routes: []web.Route{
			web.Raw(http.MethodGet, "/api/swagger.json", p.describe("", "Signet API", true),
				web.Doc("GetSwaggerJson", "Describe every API"),
				web.About("The operations of all three documents in one, as OpenAPI 3.0.")),
		}},
	}
}

type endpointIn struct {
	TenantID string `path:"tenantId" check:"max=21"`
}

type endpointOut struct {
	User string `json:"user" example:"https://auth.example.com"`
}

// endpoint tells at the admin tenant, to whose console operators come, where a
// tenant's people sign in.
func (p *parts) endpoint(ctx context.Context, in *endpointIn) (*endpointOut, error) {
	endpoints := map[string]*url.URL{tenant.Default: p.options.Endpoint, tenant.Admin: p.options.AdminEndpoint}
	at := endpoints[in.TenantID]
	if at == nil || tenant.From(ctx).ID != tenant.Admin {
		return nil, errs.ErrNotFound
	}
	return &endpointOut{at.String()}, nil
}

// openAPIRoute publishes the document of an API.
func (p *parts) openAPIRoute(name, api string, secured bool) web.Route {
	return web.Raw(http.MethodGet, "/api/.well-known/"+name+".openapi.json", p.describe(name, "Signet "+api+" API", secured),
		web.Doc("GetWellKnown"+strings.ToUpper(name[:1])+name[1:]+"OpenapiJson", "Describe the "+api+" API"),
		web.About("As OpenAPI 3.0; the server that it names is the one that answers."))
}

// describe answers with the document of that name, or with all of them in one if
// the name is empty. It is anonymous and large, so it is made once, and encoded
// once for each tenant, whose endpoint it names as its server.
func (p *parts) describe(name, title string, secured bool) func(w http.ResponseWriter, r *http.Request) error {
	document := sync.OnceValue(func() *web.Document {
		tables := p.tables()
		for i := range tables {
			if name == "" && tables[i].Document != "" {
				tables[i].Document = everything
			}
		}
		return web.NewDocument(cmp.Or(name, everything), title, apiVersion, secured, tables...)
	})
	var encoded sync.Map // tenant id → []byte
	return func(w http.ResponseWriter, r *http.Request) error {
		t := tenant.From(r.Context())
		body, ok := encoded.Load(t.ID)
		if !ok {
			made, err := document().Bytes(t.Endpoint.String())
			if err != nil {
				return err
			}
			body, _ = encoded.LoadOrStore(t.ID, web.Fix("application/json; charset=utf-8", made))
		}
		body.(*web.Fixed).Send(w, r)
		return nil
	}
}

// everything names the document that holds all others.
const everything = "everything"

// apiVersion is the version of the published API that Signet is compatible with.
const apiVersion = "1.42.0"
