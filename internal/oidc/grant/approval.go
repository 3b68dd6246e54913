package grant

import (
	"context"

	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
)

// approved is what a person has agreed to, under the live grant g.
func approved(g *token.Grant, p *token.Approval) *authorization {
	a := &authorization{grant: g, scope: p.Scope, held: p.Scope, resources: p.Resources, nonce: p.Nonce}
	if !p.IsOffline() {
		a.sessionUID = p.SessionUID
	}
	return a
}

// complete makes the authorization of an approval that has been redeemed whole:
// with its person, who must still be there, and the first refresh token of a
// family.
func (rq *request) complete(ctx context.Context, tx *db.Tx, a *authorization, p *token.Approval) (err error) {
	if err := liveSession(ctx, tx, rq.now, a.sessionUID, a.grant.UserID); err != nil {
		return err
	}
	if a.user, err = activeUser(ctx, tx, a.grant.UserID); err != nil {
		return err
	}
	if p.IsAuthTimeRequested {
		a.authTime = &p.AuthTime
	}
	a.say(p.Authentication, p.AuthTime)
	if a.sid, err = rq.sid(ctx, tx, a); err != nil {
		return err
	}
	if rq.client.IssuesRefresh(p.Scope) {
		a.follow = func(ctx context.Context, tx *db.Tx) (string, error) {
			return token.IssueRefresh(ctx, tx, rq.now, a.grant, token.RefreshToken{
				ClientID: rq.client.ID, SessionUID: a.sessionUID, Scope: p.Scope, Resources: p.Resources,
				Nonce: p.Nonce, AuthTime: p.AuthTime, ExpiresAt: rq.now + rq.client.RefreshTTL.Milliseconds(),
				KeyThumbprint: rq.refreshKey(), Authentication: p.Authentication,
				SID: a.sid, IsAuthTimeRequested: p.IsAuthTimeRequested,
			})
		}
	}
	return nil
}

// sid names the session of an authorization towards the client, "" if it wants no
// name or the session has ended before anybody asked.
func (rq *request) sid(ctx context.Context, q db.Q, a *authorization) (string, error) {
	switch {
	case !rq.client.HasSID:
		return "", nil
	case a.sid != "":
		return a.sid, nil
	}
	return token.SIDOf(ctx, q, a.grant.ID)
}

// revokeReused ends the grant of a code that came twice: somebody else has it too,
// and whatever came of the first use is revoked (RFC 9700 section 4.5).
func (rq *request) revokeReused(ctx context.Context, tx *db.Tx, grantID string) error {
	if err := token.RevokeGrant(ctx, tx, rq.now, grantID); err != nil {
		return err
	}
	return refusal{proto.ErrInvalidGrant}
}
