package grant

import (
	"context"
	"time"

	"signet/internal/application"
	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
)

// Rotation of refresh tokens.
const (
	// maxFamilyAge ends rotation: the last token of a family that old stays
	// until it expires.
	maxFamilyAge = 365*24*time.Hour + 6*time.Hour
	// rotateAfter is the share of its life, in percent, past which the token of
	// a confidential client is replaced. Nobody else can use it, so replacing
	// it more often gains nothing.
	rotateAfter = 70
)

// refresh is the refresh token grant (RFC 6749 section 6). What fails before the
// rotation consumes nothing.
func refresh(ctx context.Context, tx *db.Tx, rq *request) (*authorization, error) {
	value, err := rq.params.Require("refresh_token")
	if err != nil {
		return nil, err
	}
	held, err := token.LockRefresh(ctx, tx, rq.now, value)
	if err != nil {
		return nil, err
	}
	t, g := held.Token, held.Grant
	if t == nil || t.ClientID != rq.client.ID || t.ExpiresAt <= rq.now || !rq.holds(t.KeyThumbprint) {
		return nil, proto.ErrInvalidGrant
	}
	a := &authorization{grant: g, held: t.Scope, resources: t.Resources, sessionUID: t.SessionUID, nonce: t.Nonce, sid: t.SID}
	if t.IsAuthTimeRequested {
		a.authTime = &t.AuthTime
	}
	a.say(t.Authentication, t.AuthTime)
	if err := liveSession(ctx, tx, rq.now, t.SessionUID, g.UserID); err != nil {
		return a, err
	}
	a.scope, err = narrow(t.Scope, rq.params.Get("scope"))
	if t.ConsumedAt != nil && !t.IsReusable(rq.now) {
		// Somebody else has the token too (RFC 9700 section 4.14.2), whatever is asked
		// for. What is wrong with that is told first all the same.
		if err := token.RevokeGrant(ctx, tx, rq.now, g.ID); err != nil {
			return a, err
		}
		if err != nil {
			return a, refusal{err}
		}
		return a, refusal{proto.ErrInvalidGrant}
	}
	if err != nil {
		return a, err
	}
	if a.user, err = activeOf(held.User, nil); err != nil {
		return a, err
	}
	a.follow = func(ctx context.Context, tx *db.Tx) (string, error) { return successor(ctx, tx, rq, value, held) }
	return a, nil
}

// narrow returns the scope of this answer: what the request asks for within
// what the token has, or all of it.
func narrow(held, requested string) (string, error) {
	if requested == "" {
		requested = held
	}
	if !proto.CoversScope(held, requested) {
		return "", proto.ErrInvalidScope.Describe("refresh token missing requested scope")
	}
	return proto.JoinScope(proto.SplitScope(requested)), nil
}

// successor returns the refresh token of the answer.
func successor(ctx context.Context, tx *db.Tx, rq *request, value string, held token.LockedRefresh) (string, error) {
	t := held.Token
	switch {
	case t.ConsumedAt != nil:
		return token.SuccessorOf(ctx, tx, rq.ring, t)
	case !rotates(rq.client.Client, t, rq.now):
		return value, nil
	}
	if t.KeyThumbprint == nil {
		t.KeyThumbprint = rq.refreshKey()
	}
	return held.Rotate(ctx, tx, rq.now, rq.ring, nextExpiry(rq.client.Client, t, rq.now))
}

// rotates decides whether a refresh replaces the token.
func rotates(c *client.Client, t *token.RefreshToken, now int64) bool {
	switch {
	case !c.RotatesRefresh, time.Duration(now-t.FamilyStartedAt)*time.Millisecond >= maxFamilyAge:
		return false
	case c.IsPublic():
		return true
	}
	return (now-t.IssuedAt)*100 >= (t.ExpiresAt-t.IssuedAt)*rotateAfter
}

// nextExpiry is when the successor of a token expires: a browser cannot prolong
// its own access, others begin a full life.
func nextExpiry(c *client.Client, t *token.RefreshToken, now int64) int64 {
	if c.Type == application.SPA {
		return t.ExpiresAt
	}
	return now + c.RefreshTTL.Milliseconds()
}
