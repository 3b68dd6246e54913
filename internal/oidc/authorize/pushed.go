package authorize

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"strings"
	"time"

	"signet/internal/oidc/proto"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
	"signet/internal/tenant"
)

// PushedTTL is how long a request that was sent ahead may be used.
const PushedTTL = time.Minute

// pushedPrefix begins the URI of a request that was sent ahead (RFC 9126 section
// 2.2).
const pushedPrefix = "urn:ietf:params:oauth:request_uri:"

// errInvalidRequestURI: the URI names no request, or one that was used.
var errInvalidRequestURI = errs.New(400, "oidc.invalid_request_uri").Describe("request_uri is invalid, expired, or was already used")

// credentials are the parameters that prove who pushes; they are no part of the
// request.
var credentials = []string{"client_secret", "client_assertion", "client_assertion_type"}

// sealable are the parameters that sign somebody in by themselves; they are sealed
// where a request is kept.
var sealable = []string{paramOneTimeToken, paramGoogleOneTap}

// Push checks an authorization request that a client, which has proved to be
// itself, sends ahead of its user's browser, and keeps it for PushedTTL. key is
// the one that the client proves to hold, "" for none. It returns the URI by which
// the browser names the request. Who sends too many from one address for a client
// that anybody can be gets sentinel.ErrRateLimited.
func (e *Engine) Push(ctx context.Context, d *db.DB, sent proto.Params, key string) (uri string, err error) {
	if sent.Has("request_uri") {
		return "", proto.ErrInvalidRequest.Describe("`request_uri` parameter must not be used at the pushed_authorization_request_endpoint")
	}
	rq := &Request{engine: e, sent: sent, now: e.Clock.Millis(), isPushing: true, provenKey: key}
	if _, err := rq.check(ctx, d); err != nil {
		return "", err
	}
	if err := rq.allowPush(ctx, d); err != nil {
		return "", err
	}
	kept := maps.Clone(rq.sent)
	for _, name := range credentials {
		delete(kept, name)
	}
	uri = pushedPrefix + ids.Token()
	for _, name := range sealable {
		if secret := kept.Get(name); secret != "" {
			sealed := e.Ring.Seal([]byte(secret), "pushed_requests", "params", tenant.From(ctx).ID, uri+" "+name)
			kept[name] = []string{base64.RawStdEncoding.EncodeToString(sealed)}
		}
	}
	_, err = d.Exec(ctx, `INSERT INTO pushed_requests (tenant_id, uri_hash, client_id, params, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		crypt.Hash(uri), rq.Client.ID, db.JSON[proto.Params]{V: kept}, rq.now+PushedTTL.Milliseconds())
	return uri, err
}

// allowPush bounds what is stored for people who are not signed in, as allowStranger
// does. A server that proves to be its client sends for all of its users.
func (rq *Request) allowPush(ctx context.Context, q db.Q) error {
	if !rq.Client.IsAnybody() {
		return nil
	}
	return rq.allowAddress(ctx, q, "pushed-request")
}

// takePushed puts the request that was sent ahead in the place of the one that
// names it, once (RFC 9126 section 4). Whatever else stands beside the name
// counts for nothing.
func takePushed(ctx context.Context, _ db.Q, rq *Request) error {
	uri := rq.sent.Get("request_uri")
	if !strings.HasPrefix(uri, pushedPrefix) {
		return nil // refused among the other checks, where there is one
	}
	clientID, err := rq.sent.Require("client_id")
	if err != nil {
		return err
	}
	// SQLite writes in transactions alone what it also returns.
	err = tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		kept, err := db.One[db.JSON[proto.Params]](ctx, tx, `UPDATE pushed_requests SET consumed_at = $4
			WHERE tenant_id = $1 AND uri_hash = $2 AND client_id = $3 AND consumed_at IS NULL AND expires_at > $4
			RETURNING params`, crypt.Hash(uri), clientID, rq.now)
		if errors.Is(err, db.ErrNoRows) {
			return errInvalidRequestURI
		}
		rq.sent, rq.isPushed = kept.V, true
		return err
	})
	if err != nil {
		return err
	}
	return rq.unseal(ctx, uri)
}

// unseal opens what Push has sealed of the request that uri names.
func (rq *Request) unseal(ctx context.Context, uri string) error {
	for _, name := range sealable {
		text := rq.sent.Get(name)
		if text == "" {
			continue
		}
		sealed, err := base64.RawStdEncoding.DecodeString(text)
		if err != nil {
			return err
		}
		secret, err := rq.engine.Ring.Open(sealed, "pushed_requests", "params", tenant.From(ctx).ID, uri+" "+name)
		if err != nil {
			return err
		}
		rq.sent[name] = []string{string(secret)}
	}
	return nil
}
