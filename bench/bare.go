package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/tenant"
	"signet/internal/user"
)

// bare is the least that answers like the server: handlers without checks, on the
// server's own database, in a program of its own as the server is.
type bare struct {
	pool *db.Pool
	q    *db.DB
	ring *crypt.Keyring

	plain   *plain     // on PostgreSQL
	writing sync.Mutex // on SQLite
}

// bareFlag has this program be the bare one.
const bareFlag = "-bare"

// order is what the bare program is told.
type order struct {
	// Path or URL is that of the database, as in db.Options.
	Path, URL string
	// JWT is an access token, IDToken one of a refresh: both are signed again and again.
	JWT, IDToken string
	// Replayed are answers by path.
	Replayed map[string]answered
}

// answered is an answer as it went over the wire.
type answered struct {
	Header http.Header
	Body   []byte
}

func openBare(ctx context.Context, o db.Options) (*bare, error) {
	pool, err := db.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	ring, err := crypt.NewKeyring(key)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	b := &bare{pool: pool, q: pool.For(tenant.Default), ring: ring}
	if o.URL != "" {
		if b.plain, err = openPlain(ctx, o.URL, ring); err != nil {
			return nil, errors.Join(err, pool.Close())
		}
	}
	return b, nil
}

func (b *bare) close() error {
	if b.plain != nil {
		b.plain.pool.Close()
	}
	return b.pool.Close()
}

// runBare reads an order, says where it answers, and does until nothing more comes.
func runBare(ctx context.Context, in io.Reader, out io.Writer) (err error) {
	told := json.NewDecoder(in)
	var o order
	if err := told.Decode(&o); err != nil {
		return err
	}
	b, err := openBare(ctx, db.Options{Path: o.Path, URL: o.URL})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	mux := http.NewServeMux()
	mux.HandleFunc("/userinfo", answering(b.userinfo))
	mux.HandleFunc("/introspection", answering(b.introspection))
	sign, err := signing(o.JWT, "at+jwt")
	if err != nil {
		return err
	}
	mux.HandleFunc("/token", answering(issuing(sign)))
	if sign, err = signing(o.IDToken, "JWT"); err != nil {
		return err
	}
	mux.HandleFunc("/refresh", answering(b.refreshing(sign)))
	for path, a := range o.Replayed {
		mux.Handle(path, replaying(a))
	}
	server := httptest.NewServer(mux)
	defer server.Close()
	if _, err := fmt.Fprintln(out, server.URL); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, told.Buffered())
	_, rest := io.Copy(io.Discard, in)
	return errors.Join(err, rest)
}

// startBare starts the bare program and returns its address. It ends with stop.
func startBare(ctx context.Context, o order) (address string, stop func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, self, bareFlag)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() error { return errors.Join(in.Close(), cmd.Wait()) }
	if err := json.NewEncoder(in).Encode(o); err != nil {
		return "", nil, errors.Join(err, stop())
	}
	if _, err := fmt.Fscanln(out, &address); err != nil {
		return "", nil, errors.Join(err, stop())
	}
	return address, stop, nil
}

// answering writes what a function returns as JSON.
func answering(answer func(r *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		content, err := answer(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(w).Encode(content)
	}
}

// userinfo runs the statements of the userinfo endpoint.
func (b *bare) userinfo(r *http.Request) (any, error) {
	ctx := r.Context()
	access, err := b.access(ctx, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	if err != nil {
		return nil, err
	}
	u, err := user.ByID(ctx, b.q, access.UserID)
	if err != nil {
		return nil, err
	}
	claims, err := token.Claims(ctx, b.q, u, access.Scope, token.Every, nil)
	if err == nil {
		claims["sub"] = u.ID
	}
	return claims, err
}

// introspection runs the statement of the introspection endpoint.
func (b *bare) introspection(r *http.Request) (any, error) {
	t, err := b.access(r.Context(), r.PostFormValue("token"))
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"active": true, "client_id": t.ClientID, "exp": t.ExpiresAt / 1000, "iat": t.IssuedAt / 1000,
		"scope": t.Scope, "sub": t.UserID, "token_type": "Bearer",
	}, nil
}

func (b *bare) access(ctx context.Context, value string) (*token.AccessToken, error) {
	t, err := token.AccessByValue(ctx, b.q, clock.Clock(clock.System).Millis(), value)
	if err == nil && t == nil {
		err = errors.New("there is no such token")
	}
	return t, err
}

// refresh runs the statements of a refresh that rotates, in one transaction, as
// the database has them by itself, and returns the successor.
func (b *bare) refresh(ctx context.Context, value string) (next string, err error) {
	if b.plain != nil {
		return b.plain.refresh(ctx, value)
	}
	// One commit after the other: the server's pool would commit those together who
	// wait.
	b.writing.Lock()
	defer b.writing.Unlock()
	next, _, err = b.rotate(ctx, value)
	return next, err
}

// refreshing returns a handler that runs the statements the way the server does,
// and signs.
func (b *bare) refreshing(sign func() (string, error)) func(r *http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		next, access, err := b.rotate(r.Context(), r.PostFormValue("refresh_token"))
		if err != nil {
			return nil, err
		}
		idToken, err := sign()
		return map[string]any{
			"access_token": access, "refresh_token": next, "id_token": idToken,
			"expires_in": 3600, "token_type": "Bearer", "scope": "openid offline_access profile identities",
		}, err
	}
}

// rotate runs the statements through the server's pool.
func (b *bare) rotate(ctx context.Context, value string) (next, access string, err error) {
	now := clock.Clock(clock.System).Millis()
	return next, access, b.q.Tx(ctx, func(tx *db.Tx) error {
		held, err := token.LockRefresh(ctx, tx, now, value)
		if err != nil {
			return err
		}
		t, g := held.Token, held.Grant
		if next, err = held.Rotate(ctx, tx, now, b.ring, t.ExpiresAt); err != nil {
			return err
		}
		access, err = token.IssueAccess(ctx, tx, now, g, token.AccessToken{ClientID: t.ClientID, SessionUID: t.SessionUID, Scope: t.Scope})
		if err != nil {
			return err
		}
		_, err = token.Claims(ctx, tx, held.User, t.Scope, func(string) bool { return false }, nil)
		return err
	})
}

// replaying returns a handler that writes the same bytes every time: those of the
// header too.
func replaying(a answered) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		header := w.Header()
		for name, values := range a.Header {
			if name != "Date" { // which everybody's has
				header[name] = values
			}
		}
		_, _ = w.Write(a.Body)
	})
}

// issuing returns a handler that answers with an access token.
func issuing(sign func() (string, error)) func(r *http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return nil, err
		}
		access, err := sign()
		return map[string]any{"access_token": access, "expires_in": 3600, "token_type": "Bearer", "scope": "all"}, err
	}
}

// signing returns a function that signs a JWT like the one given, with a key of
// its own and another jti each time.
func signing(jwt string, kind jose.ContentType) (func() (string, error), error) {
	encoded := strings.Split(jwt, ".")
	if len(encoded) != 3 {
		return nil, fmt.Errorf("no JWT: %.40s", jwt)
	}
	payload, err := base64.RawURLEncoding.DecodeString(encoded[1])
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES384, Key: key}, (&jose.SignerOptions{}).WithType(kind))
	if err != nil {
		return nil, err
	}
	return func() (string, error) {
		var claims map[string]any
		if err := json.Unmarshal(payload, &claims); err != nil {
			return "", err
		}
		claims["jti"] = rand.Text()
		content, err := json.Marshal(claims)
		if err != nil {
			return "", err
		}
		signed, err := signer.Sign(content)
		if err != nil {
			return "", err
		}
		return signed.CompactSerialize()
	}, nil
}
