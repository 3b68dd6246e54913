package grant_test

import (
	"crypto/sha256"
	"encoding/base64"
	"reflect"
	"strings"
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
	"signet/internal/user"
)

func TestCode(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		_, got := w.signIn("spa", "openid offline_access profile")
		if got.TokenType != "Bearer" || got.ExpiresIn != 3600 || *got.Scope != "openid offline_access profile" ||
			len(got.AccessToken) < 43 || len(got.RefreshToken) < 43 || got.IDToken == "" || !w.works(got.AccessToken) {
			t.Errorf("%+v", got)
		}
	})
}

// What is answered follows the scope: no ID token without openid, no refresh
// token without offline_access unless the client always gets one.
func TestCode_ScopeDecidesTheAnswer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		if _, got := w.signIn("spa", "profile"); got.IDToken != "" || got.RefreshToken != "" || *got.Scope != "profile" {
			t.Errorf("%+v", got)
		}
		// The grant has less than was asked for: the user refused some of it.
		a := w.authorize("spa", "openid", func(c *token.Code) { c.Scope = "openid email read:data" })
		if got, err := w.redeem("spa", a.code); err != nil || *got.Scope != "openid" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// Attacks 9 and 10: a code is worth something only to the client that asked for
// it, with the verifier of its challenge and the same redirect URI. What the
// wrong party sends leaves it as it was.
func TestCode_RefusesTheWrongParty(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		a := w.authorize("spa", "openid offline_access")
		send := func(clientID string, pairs ...string) func() (*grant.Response, error) {
			return func() (*grant.Response, error) {
				return w.exchange(clientID, append([]string{"grant_type", "authorization_code"}, pairs...)...)
			}
		}
		const invalid = "oidc.invalid_grant"
		w.refused("another client", invalid, 400, send("other", "code", a.code, "redirect_uri", redirectURI, "code_verifier", verifier))
		w.refused("a confidential client", invalid, 400, send("server", "code", a.code, "redirect_uri", redirectURI, "code_verifier", verifier))
		w.refused("verifier dropped", invalid, 400, send("spa", "code", a.code, "redirect_uri", redirectURI))
		w.refused("another verifier", invalid, 400, send("spa", "code", a.code, "redirect_uri", redirectURI, "code_verifier", verifier+"x"))
		w.refused("short verifier", invalid, 400, send("spa", "code", a.code, "redirect_uri", redirectURI, "code_verifier", "short"))
		w.refused("strange verifier", invalid, 400, send("spa", "code", a.code, "redirect_uri", redirectURI, "code_verifier", verifier+" "))
		w.refused("another redirect URI", invalid, 400, send("spa", "code", a.code, "redirect_uri", redirectURI+"/", "code_verifier", verifier))
		w.refused("another code", invalid, 400, send("spa", "code", a.code+"x", "redirect_uri", redirectURI, "code_verifier", verifier))
		w.refused("truncated code", invalid, 400, send("spa", "code", a.code[:42], "redirect_uri", redirectURI, "code_verifier", verifier))
		w.refused("no code", "oidc.invalid_request", 400, send("spa", "redirect_uri", redirectURI))
		w.refused("a resource", "oidc.invalid_target", 400, send("spa", "code", a.code, "redirect_uri", redirectURI, "code_verifier", verifier, "resource", "https://api.example"))
		if _, err := w.redeem("spa", a.code); err != nil {
			t.Errorf("the right party came too late: %v", err)
		}
	})
}

// Attack 10: the challenge that was sent is no challenge "plain", and a verifier
// for a code without challenge means that somebody removed it.
func TestCode_NoDowngrade(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		plain := verifier
		a := w.authorize("spa", "openid", func(c *token.Code) { c.CodeChallenge = &plain })
		w.refused("plain", "oidc.invalid_grant", 400, func() (*grant.Response, error) { return w.redeem("spa", a.code) })
		a = w.authorize("server", "openid", func(c *token.Code) { c.CodeChallenge = nil })
		w.refused("verifier added", "oidc.invalid_grant", 400, func() (*grant.Response, error) { return w.redeem("server", a.code) })
		if _, err := w.exchange("server", "grant_type", "authorization_code", "code", a.code, "redirect_uri", redirectURI); err != nil {
			t.Errorf("confidential client without PKCE: %v", err)
		}
		a = w.authorize("spa", "openid", func(c *token.Code) { c.CodeChallenge = nil })
		w.refused("public client without PKCE", "oidc.invalid_grant", 400, func() (*grant.Response, error) {
			return w.exchange("spa", "grant_type", "authorization_code", "code", a.code, "redirect_uri", redirectURI)
		})
	})
}

// Attack 10: what is no verifier is refused even if the challenge was made of
// it (RFC 7636 section 4.1).
func TestCode_VerifierHasItsForm(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		redeem := func(verifier string) func() (*grant.Response, error) {
			sum := sha256.Sum256([]byte(verifier))
			challenge := base64.RawURLEncoding.EncodeToString(sum[:])
			a := w.authorize("spa", "openid", func(c *token.Code) { c.CodeChallenge = &challenge })
			return func() (*grant.Response, error) {
				return w.exchange("spa", "grant_type", "authorization_code", "code", a.code, "redirect_uri", redirectURI, "code_verifier", verifier)
			}
		}
		for name, verifier := range map[string]string{
			"short": strings.Repeat("a", 42), "endless": strings.Repeat("a", 129), "with a space": strings.Repeat("a", 42) + " ",
		} {
			w.refused(name, "oidc.invalid_grant", 400, redeem(verifier))
		}
		for _, length := range []int{43, 128} {
			if _, err := redeem(strings.Repeat("a", length))(); err != nil {
				t.Errorf("%d characters: %v", length, err)
			}
		}
	})
}

func TestCode_OmittedRedirectURI(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	a := w.authorize("spa", "openid")
	if _, err := w.exchange("spa", "grant_type", "authorization_code", "code", a.code, "code_verifier", verifier); err != nil {
		t.Errorf("the only registered one: %v", err)
	}
}

// Attack 11: a code that is used again revokes what came of the first use.
func TestCode_ReuseRevokesItsTokens(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		a, first := w.signIn("spa", "openid offline_access")
		w.clock.Advance(2 * token.CodeTTL) // even after the code would have expired
		if _, err := w.redeem("spa", a.code); err == nil {
			t.Fatal("redeemed twice")
		}
		if !w.isRevoked(a.grantID) || w.works(first.AccessToken) {
			t.Error("the first tokens still work")
		}
		w.refused("refresh after reuse", "oidc.invalid_grant", 400, func() (*grant.Response, error) { return w.refresh("spa", first.RefreshToken) })
	})
}

// Attack 11: of fifty parallel redemptions one succeeds, and the others end what
// it got.
func TestCode_FiftyParallelRedemptionsYieldOneAnswer(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		a := w.authorize("spa", "openid offline_access")
		var succeeded atomic.Int32
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				_, err := w.redeem("spa", a.code)
				if err == nil {
					succeeded.Add(1)
				} else if e, ok := errs.As(err); !ok || e.Code != "oidc.invalid_grant" {
					t.Errorf("unexpected: %v", err)
				}
			})
		}
		all.Wait()
		if succeeded.Load() != 1 || !w.isRevoked(a.grantID) {
			t.Errorf("%d succeeded, revoked %v", succeeded.Load(), w.isRevoked(a.grantID))
		}
	})
}

func TestCode_ExpiresAndDiesWithItsSession(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		redeem := func(a authorized) func() (*grant.Response, error) {
			return func() (*grant.Response, error) { return w.redeem("spa", a.code) }
		}
		ended := w.authorize("spa", "openid")
		w.tx(func(tx *db.Tx) error { return token.EndSession(w.ctx, tx, w.now(), ended.sessionUID) })
		w.refused("session ended", "oidc.invalid_grant", 400, redeem(ended))
		revoked := w.authorize("spa", "openid")
		w.tx(func(tx *db.Tx) error { return token.RevokeGrant(w.ctx, tx, w.now(), revoked.grantID) })
		w.refused("grant revoked", "oidc.invalid_grant", 400, redeem(revoked))
		late := w.authorize("spa", "openid")
		w.clock.Advance(token.CodeTTL)
		w.refused("expired", "oidc.invalid_grant", 400, redeem(late))
		suspended := w.authorize("spa", "openid")
		yes := true
		w.tx(func(tx *db.Tx) error {
			_, err := user.Update(w.ctx, tx, w.now(), w.user.ID, user.Patch{IsSuspended: &yes})
			return err
		})
		w.refused("user suspended", "oidc.invalid_grant", 400, redeem(suspended))
	})
}

func TestExchange_GrantType(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	send := func(clientID string, pairs ...string) func() (*grant.Response, error) {
		return func() (*grant.Response, error) { return w.exchange(clientID, pairs...) }
	}
	w.refused("none", "oidc.invalid_request", 400, send("spa"))
	w.refused("unknown", "oidc.unsupported_grant_type", 400, send("spa", "grant_type", "password"))
	w.refused("not for this client", "oidc.unauthorized_client", 400, send("machine", "grant_type", "authorization_code", "code", "x"))
}

// The ID token is exactly this.
func TestIDToken(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		a, response := w.signIn("sid", allScopes)
		header, got := claims(t, response.IDToken)
		keys, err := token.SigningKeys(w.ctx, w.tenant.DB, w.now())
		if err != nil {
			t.Fatal(err)
		}
		if want := map[string]any{"alg": "ES384", "kid": keys[0].ID}; !reflect.DeepEqual(header, want) {
			t.Errorf("header %v", header)
		}
		issued := float64(1_800_000_000)
		want := map[string]any{
			"iss": "https://id.example/oidc", "sub": "user00000001", "aud": "sid", "iat": issued, "exp": issued + 3600,
			"nonce": "n-0S6", "sid": a.sid,
			"name": "Robin Finch", "picture": nil, "username": "robin", "preferred_username": "robin", "given_name": "Robin",
			"created_at": issued * 1000, "updated_at": issued * 1000,
			"email": "robin@example.com", "email_verified": true, "phone_number": nil, "phone_number_verified": false,
			"address": map[string]any{"streetAddress": "1 Quay", "locality": "Harbour"},
			"roles":   []any{"editor"}, "organizations": []any{}, "organization_roles": []any{},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	})
}

func TestIDToken_AuthTimeOnlyWhenAskedFor(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	a := w.authorize("spa", "openid", func(c *token.Code) { c.IsAuthTimeRequested, c.AuthTime = true, w.now()-5000 })
	response, err := w.redeem("spa", a.code)
	if err != nil {
		t.Fatal(err)
	}
	if _, got := claims(t, response.IDToken); got["auth_time"] != float64(1_800_000_000-5) {
		t.Errorf("%v", got)
	}
	_, response = w.signIn("spa", "openid")
	if _, got := claims(t, response.IDToken); got["auth_time"] != nil || got["sid"] != nil {
		t.Errorf("%v", got)
	}
}

// Codes are for use within CodeTTL, measured by the clock of the server.
func TestCode_LivesAMinute(t *testing.T) {
	t.Parallel()
	w := setup(t, dbtest.SQLite(t))
	a := w.authorize("spa", "openid")
	w.clock.Advance(token.CodeTTL - time.Millisecond)
	if _, err := w.redeem("spa", a.code); err != nil {
		t.Error(err)
	}
	if token.CodeTTL != time.Minute || !proto.IsScope("openid") {
		t.Error("the life of a code is part of the contract")
	}
}

// ID tokens of a refresh say what the first one said about the sign-in, also when
// the session has ended (OpenID Connect Core section 12.2).
func TestIDToken_OfARefreshNamesTheSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		about := token.Authentication{Class: "phr", Methods: []string{"hwk"}}
		for name, c := range map[string]struct {
			client string
			how    *token.Authentication
		}{"session and time": {"sid", nil}, "time": {"spa", nil}, "everything": {"sid", &about}} {
			a := w.authorize(c.client, offline, func(code *token.Code) {
				code.IsAuthTimeRequested, code.AuthTime, code.Authentication = true, w.now()-5000, c.how
			})
			held, err := w.redeem(c.client, a.code)
			if err != nil {
				t.Fatal(err)
			}
			_, first := claims(t, held.IDToken)
			w.tx(func(tx *db.Tx) error { return token.EndSession(w.ctx, tx, w.now(), a.sessionUID) })
			for range 2 { // of the first refresh token and of one that followed it
				held = w.mustRefresh(c.client, held.RefreshToken)
				if _, got := claims(t, held.IDToken); !reflect.DeepEqual(got, first) || got["auth_time"] == nil || (got["sid"] != nil) != (c.client == "sid") {
					t.Errorf("%s: %v, first %v", name, got, first)
				}
			}
		}
	})
}
