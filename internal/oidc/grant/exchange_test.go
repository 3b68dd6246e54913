package grant_test

import (
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/oidc/grant"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/subjecttoken"
	"signet/internal/user"
)

const (
	asImpersonation = "urn:logto:token-type:impersonation_token"
	asAccess        = "urn:ietf:params:oauth:token-type:access_token"
	asPersonal      = "urn:logto:token-type:personal_access_token"
)

func (w *world) trade(kind, value string, pairs ...string) (*grant.Response, error) {
	return w.exchange("exchanger", append([]string{
		"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token", value, "subject_token_type", kind,
	}, pairs...)...)
}

func (w *world) impersonation() (value string) {
	w.t.Helper()
	w.tx(func(tx *db.Tx) (err error) {
		value, err = subjecttoken.Issue(w.ctx, tx, w.now(), subjecttoken.New{UserID: w.user.ID, CreatorID: "operator"})
		return err
	})
	return value
}

// A token that an operator issued is good for one exchange.
func TestTokenExchange_Impersonation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		crew(w)
		value := w.impersonation()
		w.refused("an unknown resource", "oidc.invalid_target", 400, func() (*grant.Response, error) {
			return w.trade(asImpersonation, value, "resource", "https://nobody.example")
		})
		w.refusedAs("another organization", "user is not a member of the organization", func() (*grant.Response, error) {
			return w.trade(asImpersonation, value, "organization_id", "east")
		})
		got, err := w.trade(asImpersonation, value, "resource", harbour, "scope", "openid offline_access read delete invite")
		if err != nil {
			t.Fatal(err)
		}
		_, payload := claims(t, got.AccessToken)
		issued := float64(1_800_000_000)
		want := map[string]any{
			"iss": "https://id.example/oidc", "sub": w.user.ID, "aud": harbour, "client_id": "exchanger", "scope": "read delete",
			"iat": issued, "exp": issued + 900, "jti": payload["jti"],
		}
		if !reflect.DeepEqual(payload, want) || got.IDToken != "" || got.RefreshToken != "" || *got.Scope != "read delete" {
			t.Errorf("%v, %+v", payload, got)
		}
		w.refused("again", "oidc.invalid_grant", 400, func() (*grant.Response, error) {
			return w.trade(asImpersonation, value, "resource", harbour)
		})
		value = w.impersonation()
		w.clock.Advance(10 * time.Minute)
		w.refused("late", "oidc.invalid_grant", 400, func() (*grant.Response, error) { return w.trade(asImpersonation, value) })
		// Under the older name of its kind too.
		if _, err := w.trade(asAccess, w.impersonation()); err != nil {
			t.Error(err)
		}
		value = w.impersonation()
		w.exec(`UPDATE users SET is_suspended = TRUE WHERE tenant_id = $1`)
		w.refused("of somebody suspended", "oidc.invalid_grant", 400, func() (*grant.Response, error) { return w.trade(asImpersonation, value) })
	})
}

// What is not for a resource or an organization is for the provider itself.
func TestTokenExchange_Audiences(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		crew(w)
		w.exec(`UPDATE resources SET is_default = TRUE WHERE tenant_id = $1 AND id = 'harbour'`)
		got, err := w.trade(asImpersonation, w.impersonation(), "scope", "openid profile read")
		if err != nil || !w.works(got.AccessToken) || *got.Scope != "openid profile" || got.IDToken != "" || got.ExpiresIn != 3600 {
			t.Errorf("for the provider: %+v, %v", got, err)
		}
		if got, err = w.trade(asImpersonation, w.impersonation()); err != nil || !w.works(got.AccessToken) || *got.Scope != "" {
			t.Errorf("without scope: %+v, %v", got, err)
		}
		got, err = w.trade(asImpersonation, w.impersonation(), "organization_id", "north", "scope", "steer signal")
		if err != nil {
			t.Fatal(err)
		}
		if _, payload := claims(t, got.AccessToken); payload["aud"] != "urn:logto:organization:north" || payload["scope"] != "steer" {
			t.Errorf("for an organization: %v", payload)
		}
		got, err = w.trade(asImpersonation, w.impersonation(), "organization_id", "south", "resource", harbour, "scope", "write delete")
		if err != nil {
			t.Fatal(err)
		}
		if _, payload := claims(t, got.AccessToken); payload["organization_id"] != "south" || payload["scope"] != "delete" {
			t.Errorf("for a resource in an organization: %v", payload)
		}
	})
}

// Access tokens of first-party applications may be exchanged, again and again.
func TestTokenExchange_AccessTokens(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		crew(w)
		_, first := w.signIn("spa", wanted)
		second := w.mustRefresh("spa", first.RefreshToken, "resource", harbour)
		trade := func(value string, pairs ...string) func() (*grant.Response, error) {
			return func() (*grant.Response, error) { return w.trade(asAccess, value, pairs...) }
		}
		for name, value := range map[string]string{"opaque": first.AccessToken, "JWT": second.AccessToken, "opaque again": first.AccessToken} {
			got, err := trade(value, "scope", "read", "resource", tides)()
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if _, payload := claims(t, got.AccessToken); payload["sub"] != w.user.ID || payload["aud"] != tides || payload["client_id"] != "exchanger" {
				t.Errorf("%s: %v", name, payload)
			}
		}
		mine, err := w.exchange("machine", "grant_type", "client_credentials", "organization_id", "north")
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{
			"an ID token": first.IDToken, "a refresh token": first.RefreshToken, "a machine's": mine.AccessToken, "nothing": "x",
			"a forged one": second.AccessToken[:len(second.AccessToken)-4] + "AAAA", "no JWT": "a.b.c",
		} {
			w.refused(name, "oidc.invalid_grant", 400, trade(value))
		}
		w.exec(`UPDATE applications SET is_third_party = TRUE WHERE tenant_id = $1 AND id = 'spa'`)
		w.tx(func(tx *db.Tx) error { return tx.Touch(w.ctx, application.Family) })
		w.clock.Advance(10e9)
		w.refused("a third party's, opaque", "oidc.invalid_grant", 400, trade(first.AccessToken))
		w.refused("a third party's JWT", "oidc.invalid_grant", 400, trade(second.AccessToken))
		_, other := w.signIn("other", wanted)
		jwt := w.mustRefresh("other", other.RefreshToken, "resource", harbour)
		w.clock.Advance(15 * time.Minute)
		w.refused("an expired one", "oidc.invalid_grant", 400, trade(jwt.AccessToken))
	})
}

func TestTokenExchange_PersonalTokens(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		crew(w)
		token := func(name string, expiresAt *int64) (value string) {
			w.tx(func(tx *db.Tx) error {
				made, err := user.AddToken(w.ctx, tx, w.now(), w.ring, w.user.ID, name, expiresAt)
				if err != nil {
					return err
				}
				shown, err := made.Published(w.ring, "default")
				value = shown.Value
				return err
			})
			return value
		}
		soon := w.now() + 60_000
		lasting, brief := token("lasting", nil), token("brief", &soon)
		for _, value := range []string{lasting, brief, lasting} {
			got, err := w.trade(asPersonal, value, "resource", harbour, "scope", "read")
			if err != nil || *got.Scope != "read" {
				t.Errorf("%+v, %v", got, err)
			}
		}
		w.refused("as an access token", "oidc.invalid_grant", 400, func() (*grant.Response, error) { return w.trade(asAccess, lasting) })
		w.clock.Advance(time.Minute)
		w.refused("late", "oidc.invalid_grant", 400, func() (*grant.Response, error) { return w.trade(asPersonal, brief) })
	})
}

// The token says who acts for whom.
func TestTokenExchange_Actor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		crew(w)
		w.offered = nil
		_, known := w.signIn("spa", "openid")
		_, vague := w.signIn("spa", "profile")
		trade := func(pairs ...string) func() (*grant.Response, error) {
			return func() (*grant.Response, error) {
				return w.trade(asImpersonation, w.impersonation(), append([]string{"resource", harbour}, pairs...)...)
			}
		}
		got, err := trade("actor_token", known.AccessToken, "actor_token_type", asAccess)()
		if err != nil {
			t.Fatal(err)
		}
		if _, payload := claims(t, got.AccessToken); !reflect.DeepEqual(payload["act"], map[string]any{"sub": w.user.ID}) {
			t.Errorf("%v", payload)
		}
		if _, err := trade("actor_token", vague.AccessToken, "actor_token_type", asAccess)(); !isInvalidGrant(err) {
			t.Errorf("without openid: %v", err)
		}
		if _, err := trade("actor_token", known.AccessToken, "actor_token_type", asPersonal)(); !isInvalidGrant(err) {
			t.Errorf("of another kind: %v", err)
		}
		if _, err := trade("actor_token", known.AccessToken)(); err == nil || isInvalidGrant(err) {
			t.Errorf("of no kind: %v", err)
		}
	})
}

func TestTokenExchange_Refuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		crew(w)
		value := w.impersonation()
		w.refused("an application that may not", "oidc.unauthorized_client", 400, func() (*grant.Response, error) {
			return w.exchange("server", "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token", value, "subject_token_type", asImpersonation)
		})
		w.refused("an unknown kind", "oidc.invalid_grant", 400, func() (*grant.Response, error) {
			return w.trade("urn:ietf:params:oauth:token-type:id_token", value)
		})
		w.refused("no kind", "oidc.invalid_request", 400, func() (*grant.Response, error) { return w.trade("", value) })
		w.refused("no token", "oidc.invalid_request", 400, func() (*grant.Response, error) { return w.trade(asImpersonation, "") })
		w.refused("the kind of no actor", "oidc.invalid_request", 400, func() (*grant.Response, error) {
			return w.trade(asImpersonation, value, "actor_token_type", asAccess)
		})
		w.refused("another kind of answer", "oidc.invalid_request", 400, func() (*grant.Response, error) {
			return w.trade(asImpersonation, value, "requested_token_type", "urn:ietf:params:oauth:token-type:id_token")
		})
		if _, err := w.trade(asImpersonation, w.impersonation(), "requested_token_type", asAccess); err != nil {
			t.Errorf("an access token, by its name: %v", err)
		}
		w.exec(`UPDATE applications SET is_access_control_enabled = TRUE WHERE tenant_id = $1 AND id = 'exchanger'`)
		w.tx(func(tx *db.Tx) error { return tx.Touch(w.ctx, application.Family) })
		w.refused("somebody outside the access rules", "oidc.access_denied", 400, func() (*grant.Response, error) {
			return w.trade(asImpersonation, value)
		})
	})
}

func TestTokenExchange_FiftyParallelExchangesYieldOneAnswer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		value := w.impersonation()
		var group sync.WaitGroup
		var won atomic.Int32
		for range 50 {
			group.Go(func() {
				switch _, err := w.trade(asImpersonation, value); {
				case err == nil:
					won.Add(1)
				case !isInvalidGrant(err):
					t.Errorf("%v", err)
				}
			})
		}
		group.Wait()
		if won.Load() != 1 {
			t.Errorf("%d exchanges", won.Load())
		}
	})
}

// Attack test 14: who is exchanging a token while its user is suspended holds none
// that works once the user is let in again, whichever of the two is done first. On
// SQLite the one waits for the other anyway.
func TestTokenExchange_SuspendedMeanwhile(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.Postgres(t))
	value := w.impersonation()
	held, release := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() { // has the exchange wait in its midst
		w.tx(func(tx *db.Tx) error {
			_, err := db.One[string](w.ctx, tx, `SELECT user_id FROM subject_tokens WHERE tenant_id = $1`+tx.Dialect().ForUpdate())
			close(held)
			<-release
			return err
		})
	})
	<-held
	var got *grant.Response
	var refused error
	all.Go(func() { got, refused = w.trade(asImpersonation, value, "scope", "openid") })
	w.waiting(1)
	suspended := make(chan struct{})
	all.Go(func() {
		defer close(suspended)
		w.tx(func(tx *db.Tx) error {
			if _, err := user.Update(w.ctx, tx, w.now(), w.user.ID, user.Patch{IsSuspended: &yes}); err != nil {
				return err
			}
			return token.RevokeUser(w.ctx, tx, w.now(), w.user.ID)
		})
	})
	w.waiting(2, suspended)
	close(release)
	all.Wait()
	w.exec(`UPDATE users SET is_suspended = FALSE WHERE tenant_id = $1`)
	if refused != nil {
		return
	}
	if access, err := token.AccessByValue(w.ctx, w.tenant.DB, w.now(), got.AccessToken); access != nil || err != nil {
		t.Errorf("a token of before the suspension: %+v %v", access, err)
	}
}

// waiting returns when so many transactions wait for others, or something is done.
func (w *world) waiting(n int, done ...chan struct{}) {
	w.t.Helper()
	for {
		got, err := dbtest.Waiting(w.ctx, w.pool)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, d := range done {
			select {
			case <-d:
				return
			default:
			}
		}
		if got >= n {
			return
		}
	}
}
