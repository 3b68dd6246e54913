package accountapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"signet/internal/account"
	"signet/internal/account/accountapi"
	"signet/internal/accountcenter"
	"signet/internal/application"
	"signet/internal/asset"
	"signet/internal/mfa"
	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/event"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
	"signet/internal/signinexp"
	"signet/internal/tenant"
	"signet/internal/user"
)

const (
	origin   = "https://auth.example.com"
	password = "Blue-Harbour-42"
	agent    = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36"
)

// world is a tenant with self-service switched on, and its API.
type world struct {
	t       *testing.T
	pool    *db.Pool
	db      *db.DB
	clock   *clock.Fake
	hasher  *crypt.Hasher
	handler http.Handler
}

// each runs fn in a world on either database.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) { fn(t, newWorld(t, p, tenant.Default)) })
}

func newWorld(t *testing.T, p *db.Pool, tenantID string) *world {
	t.Helper()
	w := &world{
		t: t, pool: p, db: p.For(tenantID), clock: clock.NewFake(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)),
		hasher: crypt.NewHasher(crypt.HasherOptions{MemoryKiB: 64, Passes: 1}),
	}
	w.tx(func(ctx context.Context, tx *db.Tx) error {
		if err := signinexp.Insert(ctx, tx, w.now(), signinexp.ProductSeed(tenantID)); err != nil {
			return err
		}
		return accountcenter.Insert(ctx, tx, w.now(), accountcenter.ProductSeed(tenantID))
	})
	center := accountcenter.NewCache(p)
	api := &accountapi.API{Center: center, Account: &account.Engine{
		Center: center, Experience: signinexp.NewCache(p), Clients: client.NewDirectory(p, client.Options{}),
		Hasher: w.hasher, Clock: w.clock.Now, Assets: w.assets(), Limiter: sentinel.NewLimiter(),
	}}
	endpoint, _ := url.Parse(origin)
	mux := http.NewServeMux()
	web.Mount(mux, web.WriteError, api.Tables()...)
	w.handler = web.Chain(mux, web.Identify(web.Proxies{}), tenant.NewResolver(tenant.New(tenantID, endpoint, p)).Middleware)
	return w
}

func (w *world) assets() *asset.Disk {
	w.t.Helper()
	disk, err := asset.Open(w.t.TempDir(), w.clock.Now)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = disk.Close() })
	return disk
}

func (w *world) now() int64 { return w.clock.Now().UnixMilli() }

func (w *world) tx(fn func(ctx context.Context, tx *db.Tx) error) {
	w.t.Helper()
	ctx := context.Background()
	if err := w.db.Tx(ctx, func(tx *db.Tx) error { return fn(ctx, tx) }); err != nil {
		w.t.Fatal(err)
	}
}

// settings changes the account-center settings.
func (w *world) settings(change func(s *accountcenter.Settings)) {
	w.t.Helper()
	w.tx(func(ctx context.Context, tx *db.Tx) error {
		s, err := accountcenter.Get(ctx, tx)
		if err != nil {
			return err
		}
		change(s)
		return accountcenter.Save(ctx, tx, w.now(), s)
	})
}

// experience changes a JSON column of the sign-in experience.
func (w *world) experience(column string, value any) {
	w.t.Helper()
	w.tx(func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE sign_in_experiences SET `+column+` = $2 WHERE tenant_id = $1`, db.JSON[any]{V: value})
		if err != nil {
			return err
		}
		return tx.Touch(ctx, "experience")
	})
}

// person is a user with an access token.
type person struct {
	*world
	id      string
	session string
	token   string
	// stepUp is the header value of a step-up, "" for none.
	stepUp string
}

// person creates a user of that name, with a password, who signed in to the
// account center.
func (w *world) person(username string) *person {
	w.t.Helper()
	hash, err := w.hasher.Hash(context.Background(), password)
	if err != nil {
		w.t.Fatal(err)
	}
	p := &person{world: w}
	w.tx(func(ctx context.Context, tx *db.Tx) error {
		u, err := user.Create(ctx, tx, w.now(), user.New{Username: username, PasswordHash: hash, CaseSensitive: true})
		if err == nil {
			p.id = u.ID
		}
		return err
	})
	p.session, p.token = p.signIn(client.AccountCenter, account.AllScopes)
	return p
}

// signIn starts a session of the user in which a client gets an access token.
func (p *person) signIn(clientID, scope string) (session, value string) {
	p.t.Helper()
	p.tx(func(ctx context.Context, tx *db.Tx) error {
		s, _, err := token.StartSession(ctx, tx, p.now(), 14*24*time.Hour)
		if err != nil {
			return err
		}
		login := token.Login{UserID: p.id, ClientID: clientID, AMR: []string{"pwd"}}
		if _, err := token.LoginSession(ctx, tx, p.now(), s, login); err != nil {
			return err
		}
		session = s.UID
		return nil
	})
	return session, p.tokenIn(session, clientID, scope)
}

// tokenIn issues a token of an existing session; it outlives the session.
func (p *person) tokenIn(session, clientID, scope string) (value string) {
	p.t.Helper()
	p.tx(func(ctx context.Context, tx *db.Tx) error {
		grant, err := token.SaveGrant(ctx, tx, p.now(), token.Grant{
			UserID: p.id, ClientID: clientID, ClientKind: client.KindBuiltin, SessionUID: &session, IsOffline: true, OIDCScope: scope,
		})
		if err != nil {
			return err
		}
		if _, err := token.AuthorizeClient(ctx, tx, session, clientID, grant.ID, true); err != nil {
			return err
		}
		value, err = token.IssueAccess(ctx, tx, p.now(), grant, token.AccessToken{
			ClientID: clientID, Scope: scope,
		})
		return err
	})
	return value
}

// application registers a client, which may ask for whatever the provider knows.
func (w *world) application(thirdParty bool) string {
	w.t.Helper()
	ring, err := crypt.NewKeyring(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		w.t.Fatal(err)
	}
	var id string
	w.tx(func(ctx context.Context, tx *db.Tx) error {
		a, _, err := application.Create(ctx, tx, w.now(), ring, application.Application{
			Name: "App", Type: application.Traditional, IsThirdParty: thirdParty,
			OIDC: application.ClientMetadata{RedirectURIs: []string{"https://app.example.com/cb"}},
		})
		if err != nil {
			return err
		}
		if id = a.ID; thirdParty {
			err = application.AddConsentScopes(ctx, tx, id, application.ConsentScopes{UserScopes: proto.Scopes[2:]})
		}
		return err
	})
	return id
}

// answer is what the API said.
type answer struct {
	status int
	header http.Header
	text   string
}

// json reads a property by a dotted path.
func (a answer) json(path string) any {
	var tree any
	if json.Unmarshal([]byte(a.text), &tree) != nil {
		return nil
	}
	for name := range strings.SplitSeq(path, ".") {
		object, ok := tree.(map[string]any)
		if !ok {
			return nil
		}
		tree = object[name]
	}
	return tree
}

func (a answer) str(path string) string {
	s, _ := a.json(path).(string)
	return s
}

// call sends a request as the person; body is JSON text or a value.
func (p *person) call(method, path string, body any) answer {
	p.t.Helper()
	headers := http.Header{"Authorization": {"Bearer " + p.token}}
	if p.stepUp != "" {
		headers.Set("logto-verification-id", p.stepUp)
	}
	return p.send(method, path, body, headers)
}

func (w *world) send(method, path string, body any, headers http.Header) answer {
	w.t.Helper()
	var raw []byte
	switch b := body.(type) {
	case nil:
	case string:
		raw = []byte(b)
	default:
		raw, _ = json.Marshal(b)
	}
	r := httptest.NewRequestWithContext(w.t.Context(), method, origin+path, bytes.NewReader(raw))
	r.Header = headers.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Content-Type", "application/json")
	if bytes.HasPrefix(raw, []byte("--")) {
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	}
	r.Header.Set("User-Agent", agent)
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	return answer{recorder.Code, recorder.Header(), recorder.Body.String()}
}

// want checks status and, for a refusal, the code.
func (a answer) want(t *testing.T, status int, code string) answer {
	t.Helper()
	if a.status != status || (code != "" && a.str("code") != code) {
		t.Fatalf("got %d %s, want %d %s", a.status, a.text, status, code)
	}
	return a
}

// proveIt steps up by password.
func (p *person) proveIt() {
	p.t.Helper()
	p.stepUp = p.call("POST", "/api/verifications/password", map[string]any{"password": password}).
		want(p.t, 201, "").str("verificationRecordId")
}

// events returns the names of everything that was told so far.
func (w *world) events() []string {
	w.t.Helper()
	all, err := event.Since(context.Background(), w.db, "", 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	names := []string{}
	for _, e := range all {
		names = append(names, e.Name)
	}
	return names
}

// state is everything that a refused request must leave alone.
type state struct {
	user        user.User
	credentials []mfa.Credential
	records     int64
	sessions    int
	events      int
	uploads     int
}

func (p *person) state() state {
	p.t.Helper()
	ctx := context.Background()
	u, err := user.ByID(ctx, p.db, p.id)
	if err != nil {
		p.t.Fatal(err)
	}
	credentials, err := mfa.CredentialsOf(ctx, p.db, p.id)
	if err != nil {
		p.t.Fatal(err)
	}
	records, err := db.One[int64](ctx, p.db, `SELECT count(*) FROM verification_records WHERE tenant_id = $1`)
	if err != nil {
		p.t.Fatal(err)
	}
	sessions, err := token.SessionsOf(ctx, p.db, p.now(), p.id)
	if err != nil {
		p.t.Fatal(err)
	}
	uploads, err := db.One[int](ctx, p.db, `SELECT count(*) FROM assets WHERE tenant_id = $1`)
	if err != nil {
		p.t.Fatal(err)
	}
	return state{*u, credentials, records, len(sessions), len(p.events()), uploads}
}

// unchanged checks that nothing has happened since before.
func (p *person) unchanged(before state) {
	p.t.Helper()
	if after := p.state(); !reflect.DeepEqual(before, after) {
		p.t.Errorf("a refused request changed something:\nbefore %+v\nafter  %+v", before, after)
	}
}

// grantOf returns the id of the grant made in a session.
func (p *person) grantOf(session string) string {
	p.t.Helper()
	clients, err := token.SessionClients(context.Background(), p.db, session)
	if err != nil || len(clients) == 0 || clients[0].GrantID == nil {
		p.t.Fatal("no grant", err)
	}
	return *clients[0].GrantID
}
