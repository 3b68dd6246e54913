package grant_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/oidc/client"
	"signet/internal/oidc/grant"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/resource"
	"signet/internal/role"
	"signet/internal/settings"
	"signet/internal/tenant"
	"signet/internal/user"
)

const (
	redirectURI = "https://app.example/cb"
	verifier    = "abcdefghijklmnopqrstuvwxyz-0123456789._~ABCDEFG"
	allScopes   = "openid offline_access profile email phone address custom_data identities roles urn:logto:scope:organizations urn:logto:scope:organization_roles"
)

// world is a tenant with one user and applications of every kind, and the
// endpoint that serves them.
type world struct {
	t        testing.TB
	ctx      context.Context
	tenant   *tenant.Tenant
	pool     *db.Pool
	ring     *crypt.Keyring
	clock    *clock.Fake
	keys     *token.Keys
	clients  *client.Directory
	endpoint *grant.Endpoint
	user     *user.User
	// offered are the scopes that authorizations ask for, by resource.
	offered map[string]string
}

// signingKey is shared: making one takes longer than most tests.
var signingKey, signingKeyErr = token.GenerateKey(token.ES384)

func setup(t testing.TB, p *db.Pool) *world {
	t.Helper()
	ring, err := crypt.NewKeyring([]byte("0123456789abcdefghijklmnopqrstuv"))
	if err != nil || signingKeyErr != nil {
		t.Fatal(err, signingKeyErr)
	}
	endpoint, _ := url.Parse("https://id.example")
	w := &world{
		t: t, ring: ring, pool: p, tenant: tenant.New("default", endpoint, p),
		clock:   clock.NewFake(time.UnixMilli(1_800_000_000_000)),
		clients: client.NewDirectory(p, client.Options{}),
	}
	w.ctx = tenant.With(context.Background(), w.tenant)
	w.keys = token.NewKeys(p, ring, w.clock.Now)
	w.endpoint = &grant.Endpoint{Clock: w.clock.Now, Ring: ring, Keys: w.keys, Settings: settings.NewReader(p), Clients: w.clients, Resources: resource.NewCache(p)}
	now := w.now()
	w.tx(func(tx *db.Tx) error {
		if err := token.SeedKeys(w.ctx, tx, now, ring, signingKey); err != nil {
			return err
		}
		if err := settings.Seed(w.ctx, tx, now); err != nil {
			return err
		}
		r, err := role.Create(w.ctx, tx, now, role.Role{Name: "editor", Description: "Edits.", Type: role.User})
		if err != nil {
			return err
		}
		if w.user, err = user.Create(w.ctx, tx, now, person); err != nil {
			return err
		}
		return role.Assign(w.ctx, tx, now, w.user.ID, r.ID)
	})
	for _, a := range applications {
		a.OIDC = application.ClientMetadata{RedirectURIs: []string{redirectURI}}
		if a.ID == "sid" {
			a.OIDC.BackchannelLogoutURI, a.OIDC.BackchannelLogoutSessionRequired = "https://app.example/out", new(true)
		}
		w.tx(func(tx *db.Tx) error {
			_, _, err := application.Create(w.ctx, tx, now, ring, a)
			return err
		})
	}
	return w
}

var (
	street, city, given = "1 Quay", "Harbour", "Robin"
	no, yes, year       = false, true, int64(180)

	person = user.New{
		ID: "user00000001", Username: "robin", PrimaryEmail: "robin@example.com", Name: "Robin Finch",
		Profile:    user.Profile{GivenName: &given, Address: &user.Address{StreetAddress: &street, Locality: &city}},
		CustomData: map[string]any{"plan": "gold"},
	}
	applications = []application.Application{
		{ID: "spa", Name: "SPA", Type: application.SPA},
		{ID: "native", Name: "Native", Type: application.Native},
		{ID: "server", Name: "Server", Type: application.Traditional},
		{ID: "other", Name: "Other", Type: application.SPA},
		{ID: "sid", Name: "Back-channel", Type: application.SPA},
		{ID: "fixed", Name: "Fixed", Type: application.Native, Custom: application.CustomMetadata{RotateRefreshToken: &no}},
		{ID: "long", Name: "Long", Type: application.Native, Custom: application.CustomMetadata{RefreshTokenTTLInDays: &year}},
		{ID: "exchanger", Name: "Exchanger", Type: application.Traditional, Custom: application.CustomMetadata{AllowTokenExchange: &yes}},
		{ID: "machine", Name: "Machine", Type: application.MachineToMachine},
	}
)

func (w *world) now() int64 { return w.clock.Now().UnixMilli() }

func (w *world) tx(fn func(tx *db.Tx) error) {
	w.t.Helper()
	if err := w.tenant.DB.Tx(w.ctx, fn); err != nil {
		w.t.Fatal(err)
	}
}

// authorized is what an authorization request has left behind.
type authorized struct {
	code, grantID, sessionUID, sid string
}

// authorize does what the authorization endpoint does once the user has signed
// in: session, grant and code. change may alter the code.
func (w *world) authorize(clientID, scope string, change ...func(*token.Code)) authorized {
	w.t.Helper()
	var out authorized
	now := w.now()
	w.tx(func(tx *db.Tx) error {
		s, _, err := token.StartSession(w.ctx, tx, now, 14*24*time.Hour)
		if err != nil {
			return err
		}
		if _, err = token.LoginSession(w.ctx, tx, now, s, token.Login{UserID: w.user.ID, ClientID: clientID}); err != nil {
			return err
		}
		offline := proto.HasScope(scope, proto.ScopeOfflineAccess)
		g, err := token.SaveGrant(w.ctx, tx, now, token.Grant{
			UserID: w.user.ID, ClientID: clientID, ClientKind: client.KindApplication, SessionUID: &s.UID, IsOffline: offline,
			OIDCScope: proto.IntersectScope(scope, proto.JoinScope(proto.Scopes)), ResourceScopes: w.offered,
		})
		if err != nil {
			return err
		}
		out.grantID, out.sessionUID = g.ID, s.UID
		if out.sid, err = token.AuthorizeClient(w.ctx, tx, s.UID, clientID, g.ID, offline); err != nil {
			return err
		}
		sum := sha256.Sum256([]byte(verifier))
		challenge, nonce := base64.RawURLEncoding.EncodeToString(sum[:]), "n-0S6"
		code := token.Code{
			Approval: token.Approval{
				ClientID: clientID, SessionUID: &s.UID, Nonce: &nonce, Scope: scope, AuthTime: now,
				Resources: slices.Sorted(maps.Keys(w.offered)),
			},
			RedirectURI: redirectURI, CodeChallenge: &challenge,
		}
		for _, c := range change {
			c(&code)
		}
		out.code, err = token.IssueCode(w.ctx, tx, now, g, code)
		return err
	})
	return out
}

// exchange sends a token request of a client that has proved to be itself.
func (w *world) exchange(clientID string, pairs ...string) (*grant.Response, error) {
	params := proto.Params{}
	for i := 0; i < len(pairs); i += 2 {
		params[pairs[i]] = []string{pairs[i+1]}
	}
	return w.exchangeParams(clientID, params)
}

func (w *world) exchangeParams(clientID string, params proto.Params) (*grant.Response, error) {
	return w.endpoint.Exchange(w.ctx, w.tenant, params, func() (*client.Authenticated, error) {
		c, err := w.clients.ByID(w.ctx, w.tenant, w.tenant.DB, clientID)
		if err != nil {
			return nil, err
		}
		return &client.Authenticated{Client: c}, nil
	})
}

func (w *world) redeem(clientID, code string) (*grant.Response, error) {
	return w.exchange(clientID, "grant_type", "authorization_code", "code", code, "redirect_uri", redirectURI, "code_verifier", verifier)
}

// signIn authorizes and redeems.
func (w *world) signIn(clientID, scope string) (authorized, *grant.Response) {
	w.t.Helper()
	a := w.authorize(clientID, scope)
	response, err := w.redeem(clientID, a.code)
	if err != nil {
		w.t.Fatal(err)
	}
	return a, response
}

func (w *world) refresh(clientID, refreshToken string, pairs ...string) (*grant.Response, error) {
	return w.exchange(clientID, append([]string{"grant_type", "refresh_token", "refresh_token", refreshToken}, pairs...)...)
}

func (w *world) mustRefresh(clientID, refreshToken string, pairs ...string) *grant.Response {
	w.t.Helper()
	response, err := w.refresh(clientID, refreshToken, pairs...)
	if err != nil {
		w.t.Fatal(err)
	}
	return response
}

// works reports whether an access token is good for something.
func (w *world) works(access string) bool {
	w.t.Helper()
	t, err := token.AccessByValue(w.ctx, w.tenant.DB, w.now(), access)
	if err != nil {
		w.t.Fatal(err)
	}
	return t != nil
}

func (w *world) isRevoked(grantID string) bool {
	w.t.Helper()
	g, err := token.GrantByID(w.ctx, w.tenant.DB, grantID)
	if err != nil || g == nil {
		w.t.Fatal(g, err)
	}
	return g.RevokedAt != nil
}

// rows counts what a refusal must not have written.
func (w *world) rows() string {
	w.t.Helper()
	count, err := db.One[string](w.ctx, w.tenant.DB, `SELECT
		CAST((SELECT count(*) FROM access_tokens WHERE tenant_id = $1) AS TEXT) || ' access, ' ||
		CAST((SELECT count(*) FROM refresh_tokens WHERE tenant_id = $1) AS TEXT) || ' refresh, ' ||
		CAST((SELECT count(*) FROM refresh_tokens WHERE tenant_id = $1 AND consumed_at IS NOT NULL) AS TEXT) || ' used, ' ||
		CAST((SELECT count(*) FROM authorization_codes WHERE tenant_id = $1 AND consumed_at IS NOT NULL) AS TEXT) || ' codes used, ' ||
		CAST((SELECT count(*) FROM grants WHERE tenant_id = $1 AND revoked_at IS NOT NULL) AS TEXT) || ' revoked'`)
	if err != nil {
		w.t.Fatal(err)
	}
	return count
}

// refused asserts the error and that nothing was written.
func (w *world) refused(name string, code string, status int, do func() (*grant.Response, error)) {
	w.t.Helper()
	before := w.rows()
	response, err := do()
	e, ok := errs.As(err)
	if !ok || e.Code != code || e.Status != status || response != nil {
		w.t.Errorf("%s: %v, %v", name, response, err)
	}
	if code == "oidc.invalid_grant" && ok && e.Detail != "grant request is invalid" {
		w.t.Errorf("%s says %q", name, e.Detail)
	}
	if after := w.rows(); after != before {
		w.t.Errorf("%s wrote: %s, before %s", name, after, before)
	}
}

// refusedAs asserts that an organization is denied, with the reason.
func (w *world) refusedAs(name, reason string, do func() (*grant.Response, error)) {
	w.t.Helper()
	w.refused(name, "oidc.access_denied", 403, func() (*grant.Response, error) {
		response, err := do()
		if e, ok := errs.As(err); ok && e.Detail != reason {
			w.t.Errorf("%s says %q", name, e.Detail)
		}
		return response, err
	})
}

// claims decodes a token.
func claims(t testing.TB, idToken string) (header, payload map[string]any) {
	t.Helper()
	parts := strings.Split(idToken, ".")
	if len(parts) != 3 {
		t.Fatalf("no JWT: %q", idToken)
	}
	for i, into := range []*map[string]any{&header, &payload} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatal(err)
		}
	}
	return header, payload
}
