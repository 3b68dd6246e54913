package grant

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"strings"

	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
)

// redeemCode is the authorization code grant (RFC 6749 section 4.1.3). What the
// wrong party sends consumes nothing; what the right party sends twice revokes
// the grant.
func redeemCode(ctx context.Context, tx *db.Tx, rq *request) (*authorization, error) {
	value, err := rq.params.Require("code")
	if err != nil {
		return nil, err
	}
	redirectURI := rq.params.Get("redirect_uri")
	if redirectURI == "" {
		var ok bool
		if redirectURI, ok = rq.client.MatchRedirect(""); !ok {
			return nil, proto.MissingParameter("redirect_uri")
		}
	}
	code, err := token.CodeByValue(ctx, tx, value)
	if err != nil {
		return nil, err
	}
	if code == nil || code.ClientID != rq.client.ID || code.RedirectURI != redirectURI {
		return nil, proto.ErrInvalidGrant
	}
	if !rq.holds(code.KeyThumbprint) {
		return nil, proto.ErrInvalidGrant
	}
	if err := verifyPKCE(code.CodeChallenge, rq.params.Get("code_verifier"), rq.client.RequiresPKCE()); err != nil {
		return nil, err
	}
	g, err := token.LockGrant(ctx, tx, rq.now, code.GrantID)
	if err != nil {
		return nil, err
	}
	a := approved(g, &code.Approval)
	if err := consumeCode(ctx, tx, rq, value, g.ID); err != nil {
		return a, err
	}
	return a, rq.complete(ctx, tx, a, &code.Approval)
}

// consumeCode spends the code; a second use revokes what came of the first.
func consumeCode(ctx context.Context, tx *db.Tx, rq *request, value, grantID string) error {
	ok, err := token.RedeemCode(ctx, tx, rq.now, value)
	if err != nil || ok {
		return err
	}
	code, err := token.CodeByValue(ctx, tx, value)
	if err != nil {
		return err
	}
	if code == nil || code.ConsumedAt == nil {
		return proto.ErrInvalidGrant // expired
	}
	return rq.revokeReused(ctx, tx, grantID)
}

// Length of a code verifier (RFC 7636 section 4.1).
const (
	minVerifier = 43
	maxVerifier = 128
)

const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

// verifyPKCE compares the verifier with the challenge of the authorization
// request (RFC 7636 section 4.6). A verifier without a challenge is refused too:
// somebody has removed the challenge on its way (RFC 9700 section 4.8.2).
func verifyPKCE(challenge *string, verifier string, required bool) error {
	if challenge == nil {
		if required || verifier != "" {
			return proto.ErrInvalidGrant
		}
		return nil
	}
	if len(verifier) < minVerifier || len(verifier) > maxVerifier || strings.Trim(verifier, unreserved) != "" {
		return proto.ErrInvalidGrant
	}
	sum := sha256.Sum256([]byte(verifier))
	if subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(*challenge)) != 1 {
		return proto.ErrInvalidGrant
	}
	return nil
}
