package oidcapi_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/application"
	"signet/internal/audit"
	"signet/internal/oidc/client"
	"signet/internal/oidc/logout"
	"signet/internal/oidc/signedin"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/fetch"
	"signet/internal/platform/job"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// party is an application that is told when its users sign out.
type party struct {
	*httptest.Server

	mu     sync.Mutex
	told   []notice
	answer int
}

// notice is a logout token as its receiver sees it.
type notice struct {
	header jose.Header
	claims map[string]any
}

// sub and sid are "" if the token has none.
func (n notice) sub() string { s, _ := n.claims["sub"].(string); return s }
func (n notice) sid() string { s, _ := n.claims["sid"].(string); return s }

// party starts an application that verifies logout tokens with the published
// keys.
func (s *provider) party() *party {
	p := &party{answer: http.StatusOK}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := s.read(r)
		p.mu.Lock()
		defer p.mu.Unlock()
		if err != nil {
			s.t.Error(err)
			return
		}
		p.told = append(p.told, n)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(p.answer)
	}))
	s.t.Cleanup(p.Close)
	return p
}

func (s *provider) read(r *http.Request) (notice, error) {
	raw := r.PostFormValue("logout_token")
	if r.Method != http.MethodPost || r.URL.Path != "/told" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		return notice{}, errors.New(r.Method + " " + r.URL.Path)
	}
	set, err := s.keys.Set(s.ctx, s.db)
	if err != nil {
		return notice{}, err
	}
	var published jose.JSONWebKeySet
	if err := json.Unmarshal(set.JWKS, &published); err != nil {
		return notice{}, err
	}
	signed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.ES384, jose.EdDSA})
	if err != nil {
		return notice{}, err
	}
	n := notice{header: signed.Signatures[0].Protected}
	payload, err := signed.Verify(published)
	if err != nil {
		return notice{}, err
	}
	return n, json.Unmarshal(payload, &n.claims)
}

// received returns what the application was told since the last call.
func (p *party) received() []notice {
	p.mu.Lock()
	defer p.mu.Unlock()
	told := p.told
	p.told = nil
	return told
}

func (p *party) answers(status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = status
}

// tells registers the back-channel logout URI of an application.
func (s *provider) tells(p *party, clientID string, requiresSession bool, custom application.CustomMetadata) {
	s.t.Helper()
	s.tx(func(tx *db.Tx) error {
		a, err := application.ByID(s.ctx, tx, clientID)
		if err != nil {
			return err
		}
		a.OIDC.BackchannelLogoutURI, a.OIDC.BackchannelLogoutSessionRequired = p.URL+"/told", &requiresSession
		_, err = application.Update(s.ctx, tx, clientID, application.Patch{
			OIDC:   web.Opt[application.ClientMetadata]{Set: true, Value: a.OIDC},
			Custom: web.Opt[application.CustomMetadata]{Set: true, Value: custom},
		})
		return err
	})
}

// deliver does what is due of what applications must be told.
func (s *provider) deliver() { s.deliverOver(fetch.Options{AllowPrivate: true}) }

func (s *provider) deliverOver(o fetch.Options) {
	s.t.Helper()
	pool := s.db.Pool()
	trail := audit.NewTrail(pool, s.clock.Now)
	defer trail.Close()
	d := &logout.Dispatcher{
		Clients: client.NewDirectory(pool, client.Options{Ring: s.ring}), Keys: s.keys, Clock: s.clock.Now, HTTP: fetch.New(o), Trail: trail,
		Tenant: func(id string) *tenant.Tenant {
			if id != s.tenant.ID {
				return nil
			}
			return s.tenant
		},
	}
	job.NewQueue(pool, s.clock.Now, slog.New(slog.DiscardHandler), map[string]job.Kind{token.KindLogoutNotice: d.Work()}).RunDue(s.ctx)
}

// everywhere signs a person in to two applications in one browser.
func (s *provider) everywhere(userID string) *browser {
	s.t.Helper()
	b := s.browser()
	b.authorized(userID)
	b.follow("/oidc/auth?" + request("client_id", traditional).Encode())
	return b
}

func (s *provider) sidOf(clientID string) string {
	s.t.Helper()
	sid, err := db.One[string](s.ctx, s.db, `SELECT sid FROM session_clients WHERE tenant_id = $1 AND client_id = $2`, clientID)
	must(s.t, err)
	return sid
}

func TestBackchannelLogout_TellsEveryApplicationOfTheSession(t *testing.T) {
	t.Parallel()
	onFake(t, func(t *testing.T, s *provider) {
		simple, exact := s.party(), s.party()
		s.tells(simple, spa, false, application.CustomMetadata{})
		s.tells(exact, traditional, true, application.CustomMetadata{})
		elsewhere := s.everywhere(bob)
		b := s.everywhere(alice)
		sid, err := db.One[string](s.ctx, s.db, `SELECT sid FROM session_clients WHERE tenant_id = $1 AND client_id = 'traditional'
			AND session_uid IN (SELECT uid FROM sessions WHERE tenant_id = $1 AND user_id = $2)`, alice)
		must(t, err)
		b.confirm(b.endSession(nil))
		if len(simple.received())+len(exact.received()) != 0 {
			t.Error("the sign-out waited for the applications")
		}
		s.clock.Advance(3 * time.Second)
		s.deliver()
		toSimple, toExact := simple.received(), exact.received()
		if len(toSimple) != 1 || len(toExact) != 1 {
			t.Fatalf("told %d and %d times", len(toSimple), len(toExact))
		}
		at := float64(s.now() / 1000)
		want := map[string]any{
			"iss": "https://id.example.com/oidc", "aud": spa, "sub": alice, "iat": at, "exp": at + 120, "jti": toSimple[0].claims["jti"],
			"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
		}
		if !reflect.DeepEqual(toSimple[0].claims, want) {
			t.Errorf("the token says %v", toSimple[0].claims)
		}
		if h := toSimple[0].header; h.ExtraHeaders[jose.HeaderType] != "logout+jwt" || h.Algorithm != "ES384" || h.KeyID == "" {
			t.Errorf("its header %+v", h)
		}
		if n := toExact[0]; n.sid() != sid || n.sub() != alice || n.claims["aud"] != traditional || n.claims["jti"] == want["jti"] {
			t.Errorf("with a session %v", n.claims)
		}
		s.deliver()
		if len(simple.received())+len(exact.received()) != 0 {
			t.Error("told twice")
		}
		if s.count("sessions", "user_id = $2", bob) != 1 || elsewhere.cookie("_session") == "" {
			t.Error("somebody else was signed out")
		}
		if n := s.count("audit_logs", "key = 'BackchannelLogout' AND user_id = $2 AND is_success", alice); n != 2 {
			t.Errorf("%d audit entries", n)
		}
	})
}

func onFake(t *testing.T, fn func(t *testing.T, s *provider)) {
	dbtest.Each(t, func(t *testing.T, p *db.Pool) { fn(t, newProvider(t, p)) })
}

// An application that is away is told later, by a token that is fresh again.
func TestBackchannelLogout_ComesAgain(t *testing.T) {
	t.Parallel()
	onFake(t, func(t *testing.T, s *provider) {
		p := s.party()
		s.tells(p, spa, false, application.CustomMetadata{})
		b := s.everywhere(alice)
		b.confirm(b.endSession(nil))
		var ids []any
		for i, status := range []int{500, 302, 400, 404, 503} {
			p.answers(status)
			s.clock.Advance([]time.Duration{0, 10 * time.Second, time.Minute, 8 * time.Minute, 30 * time.Minute}[i])
			s.deliver()
			told := p.received()
			if len(told) != 1 || told[0].claims["iat"] != float64(s.now()/1000) {
				t.Fatalf("attempt %d: %v", i, told)
			}
			ids = append(ids, told[0].claims["jti"])
		}
		if ids[0] == ids[4] {
			t.Error("two attempts have one jti")
		}
		s.clock.Advance(24 * time.Hour)
		if s.deliver(); len(p.received()) != 0 || s.count("jobs", "done_at IS NULL") != 0 {
			t.Error("it is never given up")
		}
		if n := s.count("audit_logs", "key = 'BackchannelLogout' AND NOT is_success"); n != 5 {
			t.Errorf("%d failures on record", n)
		}
		reason, err := db.One[string](s.ctx, s.db, `SELECT last_error FROM jobs WHERE tenant_id = $1`)
		if err != nil || !strings.Contains(reason, "answered 503") {
			t.Errorf("%q, %v", reason, err)
		}
	})
}

// Attack 66: an application's address leads into the operator's own network.
func TestBackchannelLogout_ReachesNoPrivateNetwork(t *testing.T) {
	t.Parallel()
	onFake(t, func(t *testing.T, s *provider) {
		p := s.party()
		s.tells(p, spa, false, application.CustomMetadata{})
		b := s.everywhere(alice)
		b.confirm(b.endSession(nil))
		s.deliverOver(fetch.Options{})
		if len(p.received()) != 0 || s.count("jobs", "last_error IS NOT NULL") != 1 {
			t.Error("a loopback address was called")
		}
	})
}

// What names no session would end the one that has begun since.
func TestBackchannelLogout_SparesWhoHasReturned(t *testing.T) {
	t.Parallel()
	onFake(t, func(t *testing.T, s *provider) {
		simple, exact := s.party(), s.party()
		s.tells(simple, spa, false, application.CustomMetadata{})
		s.tells(exact, traditional, true, application.CustomMetadata{})
		b := s.everywhere(alice)
		simple.answers(503)
		exact.answers(503)
		b.confirm(b.endSession(nil))
		s.deliver()
		simple.received()
		first := exact.received()[0].sid()
		s.clock.Advance(10 * time.Second)
		s.everywhere(alice)
		s.deliver()
		if len(simple.received()) != 0 {
			t.Error("the new session was ended")
		}
		if told := exact.received(); len(told) != 1 || told[0].sid() != first {
			t.Errorf("with a session %v", told)
		}
	})
}

func TestBackchannelLogout_OfOperators(t *testing.T) {
	t.Parallel()
	clients := func(s *provider) *client.Directory {
		return client.NewDirectory(s.db.Pool(), client.Options{Ring: s.ring})
	}
	grantOf := func(s *provider, clientID string) string {
		id, err := db.One[string](s.ctx, s.db, `SELECT id FROM grants WHERE tenant_id = $1 AND client_id = $2 AND revoked_at IS NULL`, clientID)
		must(s.t, err)
		return id
	}
	for name, c := range map[string]struct {
		do            func(s *provider) error
		simple, exact int
	}{
		"session": {func(s *provider) error {
			uid, err := db.One[string](s.ctx, s.db, `SELECT uid FROM sessions WHERE tenant_id = $1`)
			must(s.t, err)
			return signedin.End(s.ctx, clients(s), s.now(), alice, uid, signedin.RevokeNone)
		}, 1, 1},
		"grant":   {func(s *provider) error { return signedin.EndGrant(s.ctx, s.now(), alice, grantOf(s, spa)) }, 1, 0},
		"another": {func(s *provider) error { return signedin.EndGrant(s.ctx, s.now(), alice, grantOf(s, traditional)) }, 0, 1},
		"suspension": {func(s *provider) error {
			return s.db.Tx(s.ctx, func(tx *db.Tx) error { return token.RevokeUser(s.ctx, tx, s.now(), alice) })
		}, 1, 1},
		"nothing that happened": {func(s *provider) error {
			if err := signedin.EndGrant(s.ctx, s.now(), bob, grantOf(s, spa)); !errors.Is(err, signedin.ErrGrantNotFound) {
				return err
			}
			return nil
		}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onFake(t, func(t *testing.T, s *provider) {
				simple, exact := s.party(), s.party()
				s.tells(simple, spa, false, application.CustomMetadata{})
				s.tells(exact, traditional, true, application.CustomMetadata{})
				s.everywhere(alice)
				sid := s.sidOf(traditional)
				must(t, c.do(s))
				s.deliver()
				toSimple, toExact := simple.received(), exact.received()
				if len(toSimple) != c.simple || len(toExact) != c.exact {
					t.Errorf("told %d and %d times", len(toSimple), len(toExact))
				}
				for _, n := range append(toSimple, toExact...) {
					if n.sub() != alice || (n.claims["aud"] == traditional) != (n.sid() == sid) {
						t.Errorf("told %v", n.claims)
					}
				}
			})
		})
	}
}

// Somebody who is suspended is signed out where their session ended long ago, once
// for all their grants.
func TestBackchannelLogout_OfGrantsWithoutASession(t *testing.T) {
	t.Parallel()
	onFake(t, func(t *testing.T, s *provider) {
		p := s.party()
		for range 2 {
			b := s.browser()
			b.authorized(alice, "scope", "openid offline_access", "prompt", "consent")
			b.confirm(b.endSession(nil))
		}
		s.tells(p, spa, false, application.CustomMetadata{})
		s.clock.Advance(time.Minute)
		s.tx(func(tx *db.Tx) error { return token.RevokeUser(s.ctx, tx, s.now(), alice) })
		s.deliver()
		if told := p.received(); len(told) != 1 || told[0].sub() != alice {
			t.Errorf("told %v", told)
		}
	})
}

// A grant that gives way ends one session of the user. Where that cannot be
// named, the application is not told: it would end the newest one too.
func TestBackchannelLogout_OfEviction(t *testing.T) {
	t.Parallel()
	onFake(t, func(t *testing.T, s *provider) {
		one := int64(1)
		simple, exact := s.party(), s.party()
		s.tells(simple, spa, false, application.CustomMetadata{MaxAllowedGrants: &one})
		s.tells(exact, traditional, true, application.CustomMetadata{MaxAllowedGrants: &one})
		s.everywhere(alice)
		oldest := s.sidOf(traditional)
		s.clock.Advance(time.Second)
		s.everywhere(alice)
		s.deliver()
		if told := simple.received(); len(told) != 0 {
			t.Errorf("without a session %v", told)
		}
		if told := exact.received(); len(told) != 1 || told[0].sid() != oldest {
			t.Errorf("with a session %v", told)
		}
	})
}

func TestBackchannelLogout_FiftyParallelSignOutsTellOnce(t *testing.T) {
	t.Parallel()
	onFake(t, func(t *testing.T, s *provider) {
		p := s.party()
		s.tells(p, spa, false, application.CustomMetadata{})
		s.everywhere(alice)
		uid, err := db.One[string](s.ctx, s.db, `SELECT uid FROM sessions WHERE tenant_id = $1`)
		must(t, err)
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if err := s.db.Tx(s.ctx, func(tx *db.Tx) error { return token.EndSession(s.ctx, tx, s.now(), uid) }); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		s.deliver()
		if told := p.received(); len(told) != 1 {
			t.Errorf("told %d times", len(told))
		}
	})
}

// The logout token has the algorithm of the application's ID tokens.
func TestBackchannelLogout_InTheChosenAlgorithm(t *testing.T) {
	t.Parallel()
	s := newProvider(t, dbtest.SQLite(t))
	key, err := token.GenerateKey(token.EdDSA)
	must(t, err)
	s.tx(func(tx *db.Tx) error { return token.AddSigningKey(s.ctx, tx, s.now(), s.ring, key) })
	p := s.party()
	s.tells(p, spa, false, application.CustomMetadata{IDTokenSignedResponseAlg: token.EdDSA})
	b := s.everywhere(alice)
	b.confirm(b.endSession(nil))
	s.deliver()
	if told := p.received(); len(told) != 1 || told[0].header.Algorithm != "EdDSA" {
		t.Errorf("told %v", told)
	}
}

// Modules of the plan oidcc-backchannel-rp-initiated-logout-certification.
func TestConformance_BackchannelRPInitiatedLogout(t *testing.T) {
	t.Parallel()
	t.Run("oidcc-backchannel-rp-initiated-logout-discovery-endpoint-verification", func(t *testing.T) {
		t.Parallel()
		got := decode(t, setup(t, dbtest.SQLite(t)).do("GET", "/oidc/.well-known/openid-configuration", ""))
		if got["backchannel_logout_supported"] != true || got["backchannel_logout_session_supported"] != true || got["end_session_endpoint"] == nil {
			t.Errorf("discovery says %v", got)
		}
	})
	t.Run("oidcc-backchannel-rp-initiated-logout", func(t *testing.T) {
		t.Parallel()
		s := newProvider(t, dbtest.SQLite(t))
		p := s.party()
		s.tells(p, spa, true, application.CustomMetadata{})
		b := s.browser()
		b.authorized(alice)
		sid := s.sidOf(spa)
		page := b.endSession(url.Values{"id_token_hint": {s.idToken(spa, alice)}, "post_logout_redirect_uri": {bye}, "state": {"st"}})
		if got := b.confirm(page).Header.Get("Location"); got != bye+"?state=st" {
			t.Errorf("it leads to %s", got)
		}
		s.deliver()
		if told := p.received(); len(told) != 1 || told[0].sid() != sid || told[0].claims["nonce"] != nil {
			t.Errorf("told %v", told)
		}
		if got := b.authorize("prompt", "none").location(t).Query().Get("error"); got != "login_required" {
			t.Errorf("afterwards %s", got)
		}
	})
}

// Modules of the plan oidcc-rp-initiated-logout-certification.
func TestConformance_RPInitiatedLogout(t *testing.T) {
	t.Parallel()
	const here, nowhere = "/oidc/session/end/success", ""
	hint := func(v url.Values) func(string) url.Values {
		return func(idToken string) url.Values {
			v.Set("id_token_hint", idToken)
			return v
		}
	}
	plain := func(v url.Values) func(string) url.Values { return func(string) url.Values { return v } }
	for module, c := range map[string]struct {
		query func(idToken string) url.Values
		want  string // where the browser ends; nowhere is a refusal
	}{
		"oidcc-rp-initiated-logout": {hint(url.Values{"post_logout_redirect_uri": {bye}, "state": {"st"}}), bye + "?state=st"},
		"oidcc-rp-initiated-logout-bad-post-logout-redirect-uri": {
			hint(url.Values{"post_logout_redirect_uri": {"https://evil.example/"}, "state": {"st"}}), nowhere},
		"oidcc-rp-initiated-logout-modified-id-token-hint": {func(idToken string) url.Values {
			parts := strings.Split(idToken, ".")
			return url.Values{"id_token_hint": {parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2]))}, "post_logout_redirect_uri": {bye}, "state": {"st"}}
		}, nowhere},
		"oidcc-rp-initiated-logout-bad-id-token-hint": {
			plain(url.Values{"id_token_hint": {"bad"}, "post_logout_redirect_uri": {bye}, "state": {"st"}}), nowhere},
		"oidcc-rp-initiated-logout-no-id-token-hint": {
			plain(url.Values{"post_logout_redirect_uri": {bye}, "state": {"st"}}), here},
		"oidcc-rp-initiated-logout-no-params":                   {plain(nil), here},
		"oidcc-rp-initiated-logout-no-post-logout-redirect-uri": {hint(url.Values{"state": {"st"}}), here},
		"oidcc-rp-initiated-logout-no-state":                    {hint(url.Values{"post_logout_redirect_uri": {bye}}), bye},
		"oidcc-rp-initiated-logout-only-state":                  {plain(url.Values{"state": {"st"}}), here},
		"oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri": {
			hint(url.Values{"post_logout_redirect_uri": {bye + "?extra=1"}, "state": {"st"}}), nowhere},
	} {
		t.Run(module, func(t *testing.T) {
			t.Parallel()
			s := newProvider(t, dbtest.SQLite(t))
			b := s.browser()
			b.authorized(alice)
			query := c.query(s.idToken(spa, alice))
			if c.want == nowhere {
				a := b.get("/oidc/session/end?" + query.Encode())
				if got := a.failure(t); !strings.HasPrefix(got, "400 oidc.invalid_request") || a.Header.Get("Location") != "" {
					t.Errorf("not refused: %s", got)
				}
				return
			}
			if got := b.confirm(b.endSession(query)).Header.Get("Location"); got != c.want {
				t.Errorf("it leads to %s", got)
			}
			if got := b.authorize("prompt", "none").location(t).Query().Get("error"); got != "login_required" {
				t.Errorf("afterwards %s", got)
			}
		})
	}
	t.Run("oidcc-rp-initiated-logout-discovery-endpoint-verification", func(t *testing.T) {
		t.Parallel()
		got := decode(t, setup(t, dbtest.SQLite(t)).do("GET", "/oidc/.well-known/openid-configuration", ""))
		if got["end_session_endpoint"] != "https://id.example/auth/oidc/session/end" {
			t.Errorf("discovery says %v", got["end_session_endpoint"])
		}
	})
}
