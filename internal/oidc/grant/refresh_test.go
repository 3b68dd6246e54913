package grant_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signet/internal/oidc/grant"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/errs"
	"signet/internal/resource"
	"signet/internal/settings"
	"signet/internal/user"
)

const offline = "openid offline_access profile email"

func TestRefresh_RotatesPublicClients(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		_, first := w.signIn("spa", offline)
		second := w.mustRefresh("spa", first.RefreshToken)
		if second.RefreshToken == first.RefreshToken || second.AccessToken == first.AccessToken || *second.Scope != offline {
			t.Errorf("%+v", second)
		}
		if _, got := claims(t, second.IDToken); got["nonce"] != "n-0S6" || got["email"] != "robin@example.com" {
			t.Errorf("%v", got)
		}
		if !w.works(first.AccessToken) || !w.works(second.AccessToken) {
			t.Error("a refresh does not end earlier access tokens")
		}
		third := w.mustRefresh("spa", second.RefreshToken)
		if third.RefreshToken == second.RefreshToken {
			t.Error("did not rotate again")
		}
	})
}

// Over a network every journey to the database counts: the grant with its token and
// user, the token's end, and all the rest with the commit.
func TestRefresh_MakesFewJourneys(t *testing.T) {
	t.Parallel()
	var journeys atomic.Int64
	o := dbtest.With(t, dbtest.PostgresOptions(t), "pool_max_conns", "1")
	w := setup(t, dbtest.Open(t, dbtest.Behind(t, o, func() { journeys.Add(1) }, func() bool { return true })))
	_, held := w.signIn("spa", offline)
	for i := range 3 { // statements are prepared first
		before := journeys.Load()
		held = w.mustRefresh("spa", held.RefreshToken)
		if n := journeys.Load() - before; i == 2 && n != 2 {
			t.Errorf("a refresh makes %d journeys", n)
		}
	}
}

// A narrower scope narrows this answer, ID token included, but not the token.
func TestRefresh_Scope(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		_, first := w.signIn("spa", offline)
		w.refused("more than it has", "oidc.invalid_scope", 400, func() (*grant.Response, error) {
			return w.refresh("spa", first.RefreshToken, "scope", "openid roles")
		})
		narrow := w.mustRefresh("spa", first.RefreshToken, "scope", "openid profile")
		if _, got := claims(t, narrow.IDToken); *narrow.Scope != "openid profile" || got["email"] != nil || got["name"] != "Robin Finch" {
			t.Errorf("%+v %v", narrow, got)
		}
		if bare := w.mustRefresh("spa", narrow.RefreshToken, "scope", "email"); bare.IDToken != "" || *bare.Scope != "email" {
			t.Errorf("%+v", bare)
		}
		if full := w.mustRefresh("spa", narrow.RefreshToken); *full.Scope != offline {
			t.Errorf("%+v", full)
		}
	})
}

// Within the leeway a used token answers with the very successor it had, and
// with an access token of this request's scope.
func TestRefresh_ReuseWithinLeewayGetsTheSameSuccessor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		a, first := w.signIn("spa", offline)
		second := w.mustRefresh("spa", first.RefreshToken)
		w.clock.Advance(token.ReuseLeeway - time.Millisecond)
		again := w.mustRefresh("spa", first.RefreshToken, "scope", "openid")
		if again.RefreshToken != second.RefreshToken || again.AccessToken == second.AccessToken || *again.Scope != "openid" {
			t.Errorf("%+v", again)
		}
		if _, got := claims(t, again.IDToken); got["name"] != nil {
			t.Errorf("%v", got)
		}
		// A slower client that still holds the first token is led to the newest.
		third := w.mustRefresh("spa", second.RefreshToken)
		if slow := w.mustRefresh("spa", first.RefreshToken); slow.RefreshToken != third.RefreshToken {
			t.Errorf("%q, want %q", slow.RefreshToken, third.RefreshToken)
		}
		if w.isRevoked(a.grantID) {
			t.Error("revoked within the leeway")
		}
	})
}

// Attack 13: a token replayed after the leeway ends the grant, whatever process
// answers.
func TestRefresh_LaterReuseKillsTheFamily(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		a, first := w.signIn("spa", offline)
		second := w.mustRefresh("spa", first.RefreshToken)
		w.clock.Advance(token.ReuseLeeway)
		// A restart: nothing but the database remembers.
		w.keys = token.NewKeys(p, w.ring, w.clock.Now)
		w.endpoint = &grant.Endpoint{Clock: w.clock.Now, Ring: w.ring, Keys: w.keys, Settings: settings.NewReader(p), Clients: w.clients, Resources: resource.NewCache(p)}
		if _, err := w.refresh("spa", first.RefreshToken); !isInvalidGrant(err) {
			t.Fatalf("replayed: %v", err)
		}
		if !w.isRevoked(a.grantID) || w.works(second.AccessToken) || w.works(first.AccessToken) {
			t.Error("tokens of the family still work")
		}
		w.refused("the successor", "oidc.invalid_grant", 400, func() (*grant.Response, error) { return w.refresh("spa", second.RefreshToken) })
	})
}

// A replay gives itself away by what it asks for no less.
func TestRefresh_LaterReuseForAnotherScopeKillsTheFamily(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		a, first := w.signIn("spa", offline)
		second := w.mustRefresh("spa", first.RefreshToken)
		beyond := func() (*grant.Response, error) { return w.refresh("spa", first.RefreshToken, "scope", "roles") }
		w.refused("within the leeway", "oidc.invalid_scope", 400, beyond)
		if w.isRevoked(a.grantID) {
			t.Error("a mistake of the client ended everything")
		}
		w.clock.Advance(token.ReuseLeeway)
		if _, err := beyond(); !errors.Is(err, proto.ErrInvalidScope) {
			t.Errorf("later: %v", err)
		}
		if !w.isRevoked(a.grantID) || w.works(second.AccessToken) {
			t.Error("tokens of the family still work")
		}
	})
}

func isInvalidGrant(err error) bool {
	e, ok := errs.As(err)
	return ok && e.Code == "oidc.invalid_grant"
}

// Attack 12: fifty parallel refreshes with one token leave one live chain.
func TestRefresh_ParallelUseLeavesOneLiveChain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		a, first := w.signIn("spa", offline)
		answers := make([]*grant.Response, 50)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() {
				var err error
				if answers[i], err = w.refresh("spa", first.RefreshToken); err != nil {
					t.Errorf("refresh %d: %v", i, err)
				}
			})
		}
		all.Wait()
		if t.Failed() {
			return
		}
		for _, answer := range answers {
			if answer.RefreshToken != answers[0].RefreshToken || !w.works(answer.AccessToken) {
				t.Errorf("%+v", answer)
			}
		}
		live, err := db.One[int64](w.ctx, w.tenant.DB, `SELECT count(*) FROM refresh_tokens WHERE tenant_id = $1 AND grant_id = $2 AND consumed_at IS NULL`, a.grantID)
		if err != nil || live != 1 {
			t.Errorf("%d live tokens, %v", live, err)
		}
		w.mustRefresh("spa", answers[7].RefreshToken)
	})
}

// Attack 9: a refresh token is worth nothing to another client, and failing
// costs its owner nothing. Attack 15: nor is anything that resembles it.
func TestRefresh_RefusesTheWrongParty(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		_, first := w.signIn("spa", offline)
		value := first.RefreshToken
		flipped := value[:10] + string(value[10]^1) + value[11:]
		for name, do := range map[string]func() (*grant.Response, error){
			"another client":        func() (*grant.Response, error) { return w.refresh("other", value) },
			"truncated":             func() (*grant.Response, error) { return w.refresh("spa", value[:42]) },
			"extended":              func() (*grant.Response, error) { return w.refresh("spa", value+"A") },
			"flipped":               func() (*grant.Response, error) { return w.refresh("spa", flipped) },
			"its access token":      func() (*grant.Response, error) { return w.refresh("spa", first.AccessToken) }, // attack 18
			"its ID token":          func() (*grant.Response, error) { return w.refresh("spa", first.IDToken) },     // attack 18
			"as authorization code": func() (*grant.Response, error) { return w.redeem("spa", value) },
		} {
			w.refused(name, "oidc.invalid_grant", 400, do)
		}
		w.refused("no token", "oidc.invalid_request", 400, func() (*grant.Response, error) { return w.exchange("spa", "grant_type", "refresh_token") })
		w.refused("a resource", "oidc.invalid_target", 400, func() (*grant.Response, error) { return w.refresh("spa", value, "resource", "https://api.example") })
		w.refused("an organization", "oidc.access_denied", 403, func() (*grant.Response, error) { return w.refresh("spa", value, "organization_id", "x") })
		w.mustRefresh("spa", value)
	})
}

// Attack 14: suspension, deletion, sign-out and revocation end refreshing.
func TestRefresh_AfterTheUserIsGone(t *testing.T) {
	t.Parallel()
	yes := true
	for name, end := range map[string]func(w *world, tx *db.Tx, a authorized) error{
		"suspended": func(w *world, tx *db.Tx, _ authorized) error {
			_, err := user.Update(w.ctx, tx, w.now(), w.user.ID, user.Patch{IsSuspended: &yes})
			return err
		},
		"suspended and signed out": func(w *world, tx *db.Tx, _ authorized) error { return token.RevokeUser(w.ctx, tx, w.now(), w.user.ID) },
		"deleted":                  func(w *world, tx *db.Tx, _ authorized) error { return deleteUser(w, tx) },
		"revoked":                  func(w *world, tx *db.Tx, a authorized) error { return token.RevokeGrant(w.ctx, tx, w.now(), a.grantID) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, p *db.Pool) {
				w := setup(t, p)
				a, first := w.signIn("spa", offline)
				w.tx(func(tx *db.Tx) error { return end(w, tx, a) })
				w.refused("refresh", "oidc.invalid_grant", 400, func() (*grant.Response, error) { return w.refresh("spa", first.RefreshToken) })
				if w.works(first.AccessToken) {
					t.Error("the access token still works")
				}
			})
		})
	}
}

func deleteUser(w *world, tx *db.Tx) error {
	_, err := tx.Exec(w.ctx, `DELETE FROM users WHERE tenant_id = $1 AND id = $2`, w.user.ID)
	return err
}

// Claims are those of now, not of the sign-in.
func TestRefresh_ClaimsAreLive(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	_, first := w.signIn("spa", "openid offline_access roles")
	w.tx(func(tx *db.Tx) error {
		_, err := tx.Exec(w.ctx, `DELETE FROM user_roles WHERE tenant_id = $1 AND user_id = $2`, w.user.ID)
		return err
	})
	second := w.mustRefresh("spa", first.RefreshToken)
	if _, got := claims(t, second.IDToken); len(got["roles"].([]any)) != 0 {
		t.Errorf("%v", got)
	}
}

// Tokens without offline_access end with the session; those with it live on.
func TestRefresh_AndSessions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		w.tx(func(tx *db.Tx) error {
			_, err := tx.Exec(w.ctx, `UPDATE applications SET custom_client_metadata = '{"alwaysIssueRefreshToken":true}' WHERE tenant_id = $1 AND id = 'spa'`)
			return err
		})
		bound, online := w.signIn("spa", "openid")
		if online.RefreshToken == "" {
			t.Fatal("no refresh token without offline_access")
		}
		kept, away := w.signIn("spa", offline)
		for _, uid := range []string{bound.sessionUID, kept.sessionUID} {
			w.tx(func(tx *db.Tx) error { return token.EndSession(w.ctx, tx, w.now(), uid) })
		}
		w.refused("session ended", "oidc.invalid_grant", 400, func() (*grant.Response, error) { return w.refresh("spa", online.RefreshToken) })
		if w.works(online.AccessToken) || !w.works(away.AccessToken) {
			t.Error("access tokens follow their session, or do not")
		}
		w.mustRefresh("spa", away.RefreshToken)

		_, online = w.signIn("spa", "openid")
		w.clock.Advance(15 * 24 * time.Hour) // the session expires by itself; so has the token
		w.refused("session expired", "oidc.invalid_grant", 400, func() (*grant.Response, error) { return w.refresh("spa", online.RefreshToken) })
	})
}

func TestRefresh_Lifetimes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		const day = 24 * time.Hour
		w := setup(t, p)
		expires := func(value string) time.Duration {
			t.Helper()
			rt, err := token.RefreshByValue(w.ctx, w.tenant.DB, value)
			if err != nil || rt == nil {
				t.Fatal(rt, err)
			}
			return time.Duration(rt.ExpiresAt-w.now()) * time.Millisecond
		}
		_, spa := w.signIn("spa", offline)
		_, native := w.signIn("native", offline)
		_, server := w.signIn("server", offline)
		_, fixed := w.signIn("fixed", offline)
		_, long := w.signIn("long", offline)
		w.clock.Advance(9 * day)
		if got := expires(w.mustRefresh("spa", spa.RefreshToken).RefreshToken); got != 5*day {
			t.Errorf("a browser's token got %v", got)
		}
		if got := expires(w.mustRefresh("native", native.RefreshToken).RefreshToken); got != 14*day {
			t.Errorf("a native one got %v", got)
		}
		if got := w.mustRefresh("server", server.RefreshToken); got.RefreshToken != server.RefreshToken {
			t.Error("a confidential client's token rotated before 70 % of its life")
		}
		if got := w.mustRefresh("fixed", fixed.RefreshToken); got.RefreshToken != fixed.RefreshToken {
			t.Error("rotated though the application does not")
		}
		w.clock.Advance(day)
		rotated := w.mustRefresh("server", server.RefreshToken)
		if rotated.RefreshToken == server.RefreshToken || expires(rotated.RefreshToken) != 14*day {
			t.Error("a confidential client's token did not rotate past 70 % of its life")
		}
		w.clock.Advance(4 * day)
		w.refused("expired", "oidc.invalid_grant", 400, func() (*grant.Response, error) { return w.refresh("fixed", fixed.RefreshToken) })
		w.clock.Advance(100 * day)
		if got := expires(w.mustRefresh("long", long.RefreshToken).RefreshToken); got != token.GrantTTL-114*day {
			t.Errorf("a token outlives its grant: %v", got)
		}
		w.clock.Advance(66 * day)
		w.refused("grant expired", "oidc.invalid_grant", 400, func() (*grant.Response, error) { return w.refresh("long", long.RefreshToken) })
	})
}

// A family of a year and a quarter of a day rotates no more.
func TestRefresh_OldFamilyKeepsItsToken(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	a, first := w.signIn("native", offline)
	w.tx(func(tx *db.Tx) error {
		start := w.now() - (365*24+6)*time.Hour.Milliseconds()
		_, err := tx.Exec(w.ctx, `UPDATE refresh_tokens SET family_started_at = $3 WHERE tenant_id = $1 AND grant_id = $2`, a.grantID, start)
		return err
	})
	if got := w.mustRefresh("native", first.RefreshToken); got.RefreshToken != first.RefreshToken {
		t.Error("rotated")
	}
}

func BenchmarkRefresh(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *db.Pool{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			w := setup(b, open(b))
			_, answer := w.signIn("spa", "openid offline_access profile")
			for b.Loop() {
				answer = w.mustRefresh("spa", answer.RefreshToken)
			}
		})
	}
}
