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
	"signet/internal/sentinel"
	"signet/internal/settings"
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
	// Limiter bounds how often one address has us fetch something; nil does not.
	Limiter *sentinel.Limiter
	// Settings say whether clients may be known by an address, Algorithms with
	// what the ID tokens of the tenant of q can be signed.
	Settings   *settings.Reader
	Algorithms func(ctx context.Context, q db.Q) ([]string, error)
}

// Directory resolves client ids and checks what clients prove themselves with.
type Directory struct {
	cache     *db.Cache[string, *Client]
	options   Options
	published *keySets
	documents *documents
}

// NewDirectory returns the directory of the tenants in p.
func NewDirectory(p *db.Pool, o Options) *Directory {
	return &Directory{
		cache:   db.NewCache[string, *Client](p, application.Family, 4096),
		options: o, published: newKeySets(o.Outbound, o.Clock), documents: newDocuments(o),
	}
}

// IsGone reports whether an error of ByID says that there is no such client, or none
// that can take part in any flow. Any other leaves that open.
func IsGone(err error) bool {
	return errors.Is(err, proto.ErrInvalidClient) || errors.Is(err, proto.ErrInvalidClientMetadata)
}

// ByID returns the client of an id. An unknown one is invalid_client, one that
// cannot take part in any flow invalid_client_metadata: see IsGone. A client that
// describes itself is also sentinel.ErrRateLimited or request.unavailable, when its
// document must be fetched and too many are.
func (d *Directory) ByID(ctx context.Context, t *tenant.Tenant, q db.Q, id string) (*Client, error) {
	c := Builtin(t, id)
	if c == nil {
		var err error
		if c, err = d.find(ctx, q, id); err != nil {
			return nil, err
		}
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	return c, nil
}

func (d *Directory) find(ctx context.Context, q db.Q, id string) (*Client, error) {
	if IsAddress(id) && d.options.Settings != nil {
		config, err := d.options.Settings.OIDC(ctx, q)
		if err != nil {
			return nil, err
		}
		if config.TakesDocuments {
			return d.described(ctx, q, id)
		}
	}
	return d.registered(ctx, q, id)
}

// described returns the client that describes itself at an address, under the
// rules of this moment.
func (d *Directory) described(ctx context.Context, q db.Q, id string) (*Client, error) {
	if !isDocumentURL(id) {
		return nil, errNoDocument
	}
	algorithms, err := d.options.Algorithms(ctx, q)
	if err != nil {
		return nil, err
	}
	raw, err := d.documents.get(ctx, q, id, func(body []byte) error {
		_, err := readDocument(id, body, algorithms)
		return err
	})
	if err != nil {
		return nil, err
	}
	return readDocument(id, raw, algorithms)
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
	case DeviceDemoApp:
		return &Client{
			ID: id, Name: "Device demo app", Kind: KindBuiltin, Type: application.Native, authMethod: proto.AuthNone, SignsInDevices: true,
			IDTokenTTL: defaultIDTokenTTL, RefreshTTL: defaultRefreshTTL, RotatesRefresh: true,
		}
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
