package client

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"signet/internal/platform/errs"
	"signet/internal/platform/web"
)

const (
	// maxJWT bounds what a client has signed, in bytes.
	maxJWT = 16 << 10
	// maxLife is how long it may be good for: what is spent must be remembered as
	// long.
	maxLife = time.Hour
	// tolerance is how far the clock of a client may be off.
	tolerance = 15 * time.Second
)

// reason says why what a client has signed is refused, for the log alone. Other
// errors are failures of ours.
type reason string

// Error returns the reason.
func (r reason) Error() string { return "client: " + string(r) }

const (
	errTooLong     reason = "the JWT is too long"
	errForeignType reason = "the JWT is of another type"
	errSignature   reason = "no key of the client has signed the JWT"
	errIssuer      reason = "the JWT is not the client's own"
	errAudience    reason = "the JWT is for somebody else"
	errNoExpiry    reason = "the JWT has no exp"
	errExpired     reason = "the JWT has expired"
	errLongLived   reason = "the JWT is good for too long"
	errEarly       reason = "the JWT is not valid yet"
	errSubject     reason = "the assertion is not about the client"
	errNoID        reason = "the assertion has no jti"
	errReplayed    reason = "the assertion was used before"
)

// because makes a refusal of a reason, which it logs for the people who run the
// client, and leaves other errors as they are.
func because(ctx context.Context, refusal *errs.Error, err error) error {
	why, ok := errors.AsType[reason](err)
	if !ok {
		return err
	}
	slog.InfoContext(ctx, "what a client has signed is refused", "request_id", web.Info(ctx).ID, "reason", string(why[:min(len(why), 200)]))
	return refusal.Wrap(err)
}

// received is a JWT of which nothing is believed yet.
type received struct {
	*jwt.JSONWebToken
	algorithm, keyID string
}

// parseJWT reads a JWT in the compact serialisation that is signed with one of the
// algorithms and has one of the types, or none (RFC 8725 sections 3.1 and 3.11).
// Whatever key its header brings or names by address counts for nothing.
func parseJWT(raw string, algorithms []string, types ...string) (*received, error) {
	if len(raw) > maxJWT {
		return nil, errTooLong
	}
	permitted := make([]jose.SignatureAlgorithm, len(algorithms))
	for i, a := range algorithms {
		permitted[i] = jose.SignatureAlgorithm(a)
	}
	token, err := jwt.ParseSigned(raw, permitted)
	if err != nil {
		return nil, reason(err.Error())
	}
	header := token.Headers[0]
	if typ, ok := header.ExtraHeaders[jose.HeaderType]; ok {
		text, _ := typ.(string)
		text = strings.TrimPrefix(strings.ToLower(text), "application/")
		if text != "jwt" && !slices.Contains(types, text) {
			return nil, errForeignType
		}
	}
	return &received{token, header.Algorithm, header.KeyID}, nil
}

// verify checks the signature with the client's keys and reads the claims.
func (d *Directory) verify(ctx context.Context, c *Client, token *received, claims ...any) error {
	keys := c.keys
	if c.keysURI != "" {
		var err error
		if keys, err = d.published.get(ctx, c.keysURI, token.keyID); err != nil {
			return err
		}
	}
	for _, key := range keys {
		if !token.mayBeOf(key) {
			continue
		}
		if err := token.Claims(verifier(key.Key), claims...); err == nil {
			return nil
		}
	}
	return errSignature
}

// mayBeOf reports whether a key is one that the header asks for.
func (r *received) mayBeOf(key jose.JSONWebKey) bool {
	if r.keyID != "" && r.keyID != key.KeyID {
		return false
	}
	_, isEd25519 := key.Key.(ed25519.PublicKey)
	return isEd25519 || key.Algorithm == "" || key.Algorithm == r.algorithm
}

// verifier is what checks signatures with a key. That of Ed25519 knows both names
// of its algorithm (RFC 9864 section 2.2).
func verifier(key any) any {
	if public, ok := key.(ed25519.PublicKey); ok {
		return edwards(public)
	}
	return key
}

type edwards ed25519.PublicKey

// VerifyPayload is of jose.OpaqueVerifier.
func (k edwards) VerifyPayload(payload, signature []byte, alg jose.SignatureAlgorithm) error {
	if (alg != "Ed25519" && alg != jose.EdDSA) || !ed25519.Verify(ed25519.PublicKey(k), payload, signature) {
		return errSignature
	}
	return nil
}

// check refuses claims that are not of the client, for none but us, and of now,
// in epoch milliseconds (RFC 7523 section 3, RFC 9101 section 4).
func (c *Client) check(claims *jwt.Claims, audiences []string, now int64) error {
	foreign := func(audience string) bool { return !slices.Contains(audiences, audience) }
	seconds, leeway := now/1000, int64(tolerance.Seconds())
	early := func(t *jwt.NumericDate) bool { return t != nil && int64(*t) > seconds+leeway }
	switch {
	case claims.Issuer != c.ID:
		return errIssuer
	case len(claims.Audience) == 0 || slices.ContainsFunc(claims.Audience, foreign):
		return errAudience
	case claims.Expiry == nil:
		return errNoExpiry
	case int64(*claims.Expiry)+leeway <= seconds:
		return errExpired
	case int64(*claims.Expiry) > seconds+leeway+int64(maxLife.Seconds()):
		return errLongLived
	case early(claims.NotBefore) || early(claims.IssuedAt):
		return errEarly
	}
	return nil
}
