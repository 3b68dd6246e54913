package client

import (
	"context"
	"errors"
	"net/http"

	"signet/internal/application"
	"signet/internal/oidc/proto"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/tenant"
)

// maxID bounds a client_id; longer ones name nobody.
const maxID = 2048

// Options are what a Directory works with.
type Options struct {
	// Ring opens the secrets with which clients sign.
	Ring  *crypt.Keyring
	Clock clock.Clock
	// Outbound fetches what clients publish, from wherever they say.
	Outbound *http.Client
}

// Directory resolves client ids and checks what clients prove themselves with.
type Directory struct {
	cache     *db.Cache[string, *Client]
	ring      *crypt.Keyring
	published *keySets
}

// NewDirectory returns the directory of the tenants in p.
func NewDirectory(p *db.Pool, o Options) *Directory {
	return &Directory{
		cache: db.NewCache[string, *Client](p, application.Family, 4096),
		ring:  o.Ring, published: newKeySets(o.Outbound, o.Clock),
	}
}

// ByID returns the client of an id. An unknown one is invalid_client, one that
// cannot take part in any flow invalid_client_metadata.
func (d *Directory) ByID(ctx context.Context, t *tenant.Tenant, q db.Q, id string) (*Client, error) {
	c := Builtin(t, id)
	if c == nil {
		var err error
		if c, err = d.registered(ctx, q, id); err != nil {
			return nil, err
		}
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	return c, nil
}

func (d *Directory) registered(ctx context.Context, q db.Q, id string) (*Client, error) {
	if len(id) > maxID {
		return nil, proto.ErrInvalidClient.Describe("invalid client")
	}
	c, err := d.cache.Get(ctx, q, id, func(ctx context.Context, q db.Q) (*Client, error) {
		a, err := application.ByID(ctx, q, id)
		if err != nil {
			return nil, err
		}
		secrets, err := application.Secrets(ctx, q, id)
		if err != nil {
			return nil, err
		}
		return fromApplication(a, secrets), nil
	})
	if errors.Is(err, application.ErrNotFound) {
		return nil, proto.ErrInvalidClient.Describe("invalid client %s", id)
	}
	return c, err
}

// Builtin returns the built-in client of an id; nil if there is none. Its URIs
// follow the tenant's endpoint.
func Builtin(t *tenant.Tenant, id string) *Client {
	switch id {
	case DemoApp:
		return single(id, "Demo app", t.URL("/demo-app"))
	case AccountCenter:
		c := single(id, "Account center", t.URL("/account"), t.URL("/account/callback"))
		c.AlwaysIssues = true
		return c
	}
	return nil
}

// single is a first-party single-page application that returns to the first of
// its URIs after signing out.
func single(id, name string, redirectURIs ...string) *Client {
	return &Client{
		ID: id, Name: name, Kind: KindBuiltin, Type: application.SPA, authMethod: proto.AuthNone,
		RedirectURIs: redirectURIs, PostLogoutRedirectURIs: redirectURIs[:1],
		IDTokenTTL: defaultIDTokenTTL, RefreshTTL: defaultRefreshTTL, RotatesRefresh: true,
	}
}
