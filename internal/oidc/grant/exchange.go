package grant

import (
	"context"
	"errors"
	"strings"

	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/subjecttoken"
	"signet/internal/user"
)

// Kinds of token that can be exchanged (RFC 8693 section 3, and our own).
const (
	kindAccess        = "urn:ietf:params:oauth:token-type:access_token"
	kindImpersonation = "urn:logto:token-type:impersonation_token"
	kindPersonal      = "urn:logto:token-type:personal_access_token"
)

// subject is the user whom a token stands for.
type subject struct {
	userID string
	// spend uses the token up, if it is good once.
	spend func(ctx context.Context, tx *db.Tx) error
}

// exchangeToken is the token exchange grant (RFC 8693): an application that holds
// a token of a user gets another one of that user, under a grant of its own. The
// old one's scope and audience count for nothing.
func exchangeToken(ctx context.Context, tx *db.Tx, rq *request) (*authorization, error) {
	if kind := rq.params.Get("requested_token_type"); kind != "" && kind != kindAccess {
		return nil, proto.ErrInvalidRequest.Describe("requested_token_type must be %s", kindAccess)
	}
	s, err := subjectOf(ctx, tx, rq)
	if err != nil {
		return nil, err
	}
	a := &authorization{scope: rq.params.Get("scope"), isExchange: true}
	// There is no grant yet that could be held: who suspends the user meanwhile waits,
	// and ends what comes of this.
	if a.user, err = activeOf(user.Share(ctx, tx, s.userID)); err != nil {
		return a, err
	}
	if a.actor, err = actorOf(ctx, tx, rq); err != nil {
		return a, err
	}
	t, err := targetOf(rq.params)
	if err != nil {
		return a, err
	}
	wanted := token.Grant{
		UserID: s.userID, ClientID: rq.client.ID, ClientKind: rq.client.Kind,
		OIDCScope: proto.IntersectScope(a.scope, proto.JoinScope(proto.Scopes)),
	}
	if t.indicator != "" {
		a.resources = []string{t.indicator}
		wanted.ResourceScopes = map[string]string{t.indicator: proto.JoinScope(proto.SplitScope(a.scope))}
	}
	a.grant = &wanted
	a.follow = func(ctx context.Context, tx *db.Tx) (string, error) { return "", settle(ctx, tx, rq, a, s) }
	return a, nil
}

// settle uses the subject token up and stores the grant of the new one, for as long
// as that is good.
func settle(ctx context.Context, tx *db.Tx, rq *request, a *authorization, s *subject) (err error) {
	if s.spend != nil {
		if err := s.spend(ctx, tx); err != nil {
			return err
		}
	}
	a.grant.ExpiresAt = rq.now + a.audience.ttl.Milliseconds()
	a.grant, err = token.SaveGrant(ctx, tx, rq.now, *a.grant)
	return err
}

// subjectOf finds out whom the subject token of a request stands for.
func subjectOf(ctx context.Context, tx *db.Tx, rq *request) (*subject, error) {
	value, err := rq.params.Require("subject_token")
	if err != nil {
		return nil, err
	}
	kind, err := rq.params.Require("subject_token_type")
	if err != nil {
		return nil, err
	}
	switch {
	case kind == kindImpersonation, kind == kindAccess && subjecttoken.IsOne(value):
		return impersonated(ctx, tx, rq, value)
	case kind == kindPersonal:
		return ownerOf(ctx, tx, rq, value)
	case kind == kindAccess:
		return bearerOf(ctx, tx, rq, value)
	}
	return nil, proto.ErrInvalidGrant
}

// impersonated is the subject of a token that an operator has issued; it is used
// up together with what comes of it.
func impersonated(ctx context.Context, tx *db.Tx, rq *request, value string) (*subject, error) {
	userID, err := subjecttoken.UserOf(ctx, tx, rq.now, value)
	if errors.Is(err, subjecttoken.ErrNotFound) {
		return nil, proto.ErrInvalidGrant
	}
	return &subject{userID: userID, spend: func(ctx context.Context, tx *db.Tx) error {
		spent, err := subjecttoken.Spend(ctx, tx, rq.now, value)
		if err == nil && !spent {
			err = proto.ErrInvalidGrant
		}
		return err
	}}, err
}

// ownerOf is the subject of a personal access token.
func ownerOf(ctx context.Context, tx *db.Tx, rq *request, value string) (*subject, error) {
	userID, err := user.OwnerOfToken(ctx, tx, rq.now, value)
	if errors.Is(err, user.ErrNotFound) {
		return nil, proto.ErrInvalidGrant
	}
	return &subject{userID: userID}, err
}

// bearerOf is the subject of an access token that a first-party application got
// from this provider.
func bearerOf(ctx context.Context, tx *db.Tx, rq *request, value string) (*subject, error) {
	var userID, clientID, key string
	if strings.Contains(value, ".") {
		claims, err := rq.keys.VerifyAccess(value, rq.tenant.Issuer())
		if err != nil || claims.ExpiresAt <= rq.now || claims.Subject == "" {
			return nil, proto.ErrInvalidGrant
		}
		userID, clientID, key = claims.Subject, claims.ClientID, claims.KeyThumbprint
	} else {
		access, err := token.AccessByValue(ctx, tx, rq.now, value)
		if err != nil {
			return nil, err
		}
		if access == nil {
			return nil, proto.ErrInvalidGrant
		}
		userID, clientID, key = access.UserID, access.ClientID, access.Key()
	}
	if !rq.mayExchange(key) {
		return nil, proto.ErrInvalidGrant
	}
	issuedTo, err := rq.clients.ByID(ctx, rq.tenant, tx, clientID)
	if client.IsGone(err) || err == nil && issuedTo.IsThirdParty {
		return nil, proto.ErrInvalidGrant
	}
	return &subject{userID: userID}, err
}

// mayExchange reports whether the client may use an access token that is bound to
// a key, "" for none. Who has no secret must hold the key, or exchanging would
// turn a stolen token into one that works.
func (rq *request) mayExchange(key string) bool {
	return key == "" || !rq.client.IsPublic() || rq.holds(&key)
}

// actorOf returns the user who acts for the subject, "" for none: of an opaque
// access token with openid.
func actorOf(ctx context.Context, tx *db.Tx, rq *request) (string, error) {
	value := rq.params.Get("actor_token")
	switch {
	case value == "" && rq.params.Has("actor_token_type"):
		return "", proto.ErrInvalidRequest.Describe("actor_token_type must not be provided without actor_token")
	case value == "":
		return "", nil
	}
	kind, err := rq.params.Require("actor_token_type")
	if err != nil {
		return "", err
	}
	if kind != kindAccess {
		return "", proto.ErrInvalidGrant
	}
	access, err := token.AccessByValue(ctx, tx, rq.now, value)
	if err != nil {
		return "", err
	}
	if access == nil || !proto.HasScope(access.Scope, proto.ScopeOpenID) || !rq.mayExchange(access.Key()) {
		return "", proto.ErrInvalidGrant
	}
	return access.UserID, nil
}
