package oidcapi_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/application"
	"signet/internal/audit"
	"signet/internal/oidc/client"
	"signet/internal/oidc/logout"
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

func onFake(t *testing.T, fn func(t *testing.T, s *provider)) {
	dbtest.Each(t, func(t *testing.T, p *db.Pool) { fn(t, newProvider(t, p)) })
}

// parties are the applications spa and traditional, of which the second wants its
// session to be named.
func (s *provider) parties() (simple, exact *party) {
	s.t.Helper()
	simple, exact = s.party(), s.party()
	s.tells(simple, spa, false, application.CustomMetadata{})
	s.tells(exact, traditional, true, application.CustomMetadata{})
	return simple, exact
}
