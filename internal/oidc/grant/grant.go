// Package grant is the token endpoint (RFC 6749 section 3.2) behind its HTTP: it
// turns what a client presents into tokens. The endpoint owns everything that
// grant types have in common: permission to use the type, the user's standing,
// the access and ID token, the answer and the audit record. A grant type is one
// file and one line in types; it says which authorization is meant and which
// refresh token follows.
package grant

import (
	"context"
	"errors"

	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/resource"
	"signet/internal/sentinel"
	"signet/internal/settings"
	"signet/internal/tenant"
	"signet/internal/user"
)

// Endpoint answers token requests.
type Endpoint struct {
	Clock    clock.Clock
	Ring     *crypt.Keyring
	Keys     *token.Keys
	Settings *settings.Reader
	Clients  *client.Directory
	// Resources are the audiences of tokens, as they are between changes.
	Resources *resource.Cache
	// Limiter bounds what strangers have us put on record; nil does not.
	Limiter *sentinel.Limiter
}

// Response is the answer to a successful token request (RFC 6749 section 5.1).
type Response struct {
	AccessToken  string `json:"access_token"`
	ExpiresIn    int64  `json:"expires_in"` // seconds
	IDToken      string `json:"id_token,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
	// Scope may be empty; it is absent where a machine was granted none.
	Scope     *string `json:"scope,omitempty"`
	TokenType string  `json:"token_type"`
}

// request is a token request whose client has been authenticated.
type request struct {
	tenant *tenant.Tenant
	client *client.Authenticated
	params proto.Params
	now    int64
	ring   *crypt.Keyring
	// keys and clients verify what was issued before.
	keys    *token.KeySet
	clients *client.Directory
	// resources are the audiences of tokens.
	resources *resource.Cache
	// ceiling is set once a user's token is about to be issued.
	ceiling *client.Ceiling
}

// authorization is what a grant type makes of a request: on whose behalf, under
// which grant and in which scope tokens are minted.
type authorization struct {
	grant      *token.Grant // nil of a machine, for which no user has signed in
	user       *user.User
	resources  []string // the audiences that tokens may have
	sessionUID *string  // the tokens die with it; nil for offline access
	scope      string   // that is asked for; what of it is granted depends on the audience
	held       string   // the scope of what was presented, of which scope may be a part
	nonce      *string
	authTime   *int64 // nil leaves it out of the ID token
	sid        string // names the session in the ID token; "" looks it up
	// authentication is what tokens say about the sign-in, nil for nothing.
	authentication *token.Authentication
	// follow returns the refresh token of the answer, "" for none. It runs once
	// nothing else can refuse the request, so that a refusal consumes nothing.
	follow func(ctx context.Context, tx *db.Tx) (string, error)
	// isExchange says that a token is exchanged for the access token alone, which
	// names the actor if there is one.
	isExchange bool
	actor      string
	// audience is decided by the endpoint, for a machine by its grant type.
	audience *audience
	// isReuse says that the request has shown that somebody else has what it presents,
	// and has ended the grant.
	isReuse bool
}

// provided returns those members of a scope that the provider itself answers: they
// were granted, and operators still allow them to the client.
func (rq *request) provided(a *authorization, scope string) string {
	return rq.ceiling.Provider(proto.IntersectScope(scope, a.grant.OIDCScope))
}

// grantType is one way to ask for tokens.
type grantType struct {
	audit string // name in audit records
	// authorize runs in the transaction that mints. The authorization it returns
	// beside an error is for the audit record.
	authorize func(ctx context.Context, tx *db.Tx, rq *request) (*authorization, error)
	// ready, if there is one, refuses requests outside any transaction for which
	// authorize would find nothing yet: they come often and write nothing.
	ready func(ctx context.Context, q db.Q, rq *request) error
	// authorizeMachine stands in place of authorize where the client asks for
	// itself: it only reads, and nothing is stored.
	authorizeMachine func(ctx context.Context, q db.Q, rq *request) (*authorization, error)
}

var types = map[string]grantType{
	proto.GrantAuthorizationCode: {audit: "AuthorizationCode", authorize: redeemCode},
	proto.GrantRefreshToken:      {audit: "RefreshToken", authorize: refresh},
	proto.GrantClientCredentials: {audit: "ClientCredentials", authorizeMachine: clientCredentials},
	proto.GrantDeviceCode:        {audit: "DeviceCode", ready: deviceReady, authorize: redeemDevice},
	proto.GrantTokenExchange:     {audit: "TokenExchange", authorize: exchangeToken},
}

// refusal is an error that keeps what the transaction has written: a reuse that
// was detected revokes its grant and is answered with an error.
type refusal struct{ error }

// Exchange answers a token request. authenticate finds out who sent it; whatever
// it says, the request is put on record, unless a device asks before its time. A
// refusal is sentinel.ErrRateLimited, and not on record, where strangers have got too
// many of them.
func (e *Endpoint) Exchange(ctx context.Context, t *tenant.Tenant, p proto.Params, authenticate func() (*client.Authenticated, error)) (*Response, error) {
	kind, known := types[p.Get("grant_type")]
	if !known {
		kind.audit = "Unknown"
	}
	var result *authorization
	c, err := authenticate()
	isStranger := err != nil || c.IsAnybody()
	if err == nil {
		err = checkGrantType(c, p, known)
	}
	var response *Response
	if err == nil {
		rq := &request{tenant: t, client: c, params: p, now: e.Clock.Millis(), ring: e.Ring, clients: e.Clients, resources: e.Resources}
		if kind.authorizeMachine != nil {
			response, err = e.mintForMachine(ctx, rq, kind, &result)
		} else {
			response, err = e.mint(ctx, rq, kind, &result)
		}
	}
	// That a device goes on waiting is no news, and would fill the trail.
	if errors.Is(err, proto.ErrAuthorizationPending) {
		return nil, err
	}
	if errs.IsRefusal(err) && isStranger && (result == nil || !result.isReuse) {
		if limited := e.limit(ctx, t); limited != nil {
			return nil, limited
		}
	}
	record(ctx, kind.audit, p, c, result, response, err)
	return response, err
}

// limit bounds how often strangers are refused from the address of a request.
func (e *Endpoint) limit(ctx context.Context, t *tenant.Tenant) error {
	return e.Limiter.AllowAddress(ctx, t.DB, e.Clock, "token-failure", web.Info(ctx).IP, sentinel.TokenFailure)
}

// checkGrantType refuses types that nobody, or not this client, may use.
func checkGrantType(c *client.Authenticated, p proto.Params, known bool) error {
	wanted, err := p.Require("grant_type")
	switch {
	case err != nil:
		return err
	case !known:
		return proto.ErrUnsupportedGrantType
	case !c.AllowsGrant(wanted):
		return proto.ErrUnauthorizedClient.Describe("requested grant type is not allowed for this client")
	}
	return nil
}

// minted is what a transaction of the endpoint leaves behind.
type minted struct {
	opaque  string // the access token, unless it is a JWT
	refresh string
	idToken *token.IDToken
}

// mint runs the grant type and issues the tokens in one transaction, then signs.
func (e *Endpoint) mint(ctx context.Context, rq *request, kind grantType, result **authorization) (*Response, error) {
	if kind.ready != nil {
		if err := kind.ready(ctx, rq.tenant.DB, rq); err != nil {
			return nil, err
		}
	}
	config, err := e.Settings.OIDC(ctx, rq.tenant.DB)
	if err != nil {
		return nil, err
	}
	keys, err := e.Keys.Set(ctx, rq.tenant.DB)
	if err != nil {
		return nil, err
	}
	rq.keys = keys
	var out minted
	var refused error
	err = rq.tenant.DB.Tx(ctx, func(tx *db.Tx) error {
		out, refused = minted{}, nil
		var err error
		if *result, err = kind.authorize(ctx, tx, rq); err == nil {
			out, err = rq.issue(ctx, tx, *result, config.ExtendedClaims)
		}
		if kept, ok := errors.AsType[refusal](err); ok {
			refused, (*result).isReuse = kept.error, true
			return nil
		}
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return nil, err
	}
	response := rq.response((*result).audience, true)
	response.AccessToken, response.RefreshToken = out.opaque, out.refresh
	if response.AccessToken == "" {
		if response.AccessToken, err = rq.sign(keys, (*result).user.ID, *result, response); err != nil {
			return nil, err
		}
	}
	if out.idToken != nil {
		response.IDToken, err = keys.SignIDToken(*out.idToken)
	}
	return response, err
}

// response is the answer about an access token that is yet to be signed. A
// scope is said even if it is empty where saysNone is set.
func (rq *request) response(a *audience, saysNone bool) *Response {
	r := &Response{ExpiresIn: int64(a.ttl.Seconds()), TokenType: token.TypeOf(rq.client.Key)}
	if a.scope != "" || saysNone {
		r.Scope = &a.scope
	}
	return r
}

// sign returns the access token of a response as a JWT.
func (rq *request) sign(keys *token.KeySet, subject string, a *authorization, r *Response) (string, error) {
	jwt := token.AccessJWT{
		Issuer: rq.tenant.Issuer(), Subject: subject, Actor: a.actor, ClientID: rq.client.ID, Audience: a.audience.indicator,
		OrganizationID: a.audience.organizationClaim(), Scope: r.Scope, IssuedAt: rq.now, TTL: a.audience.ttl,
		KeyThumbprint: rq.client.Key,
	}
	if a.authentication != nil {
		jwt.Authentication, jwt.AuthTime = a.authentication, *a.authTime
	}
	return keys.SignAccess(jwt)
}

// mintForMachine runs the grant type and signs an access token for a resource or
// an organization.
func (e *Endpoint) mintForMachine(ctx context.Context, rq *request, kind grantType, result **authorization) (*Response, error) {
	a, err := kind.authorizeMachine(ctx, rq.tenant.DB, rq)
	if *result = a; err != nil {
		return nil, err
	}
	keys, err := e.Keys.Set(ctx, rq.tenant.DB)
	if err != nil {
		return nil, err
	}
	response := rq.response(a.audience, a.audience.resource == nil)
	response.AccessToken, err = rq.sign(keys, rq.client.ID, a, response)
	return response, err
}

// issue decides for whom the access token is, stores what is stored of the
// tokens and gathers what the ID token will say.
func (rq *request) issue(ctx context.Context, tx *db.Tx, a *authorization, extended []string) (out minted, err error) {
	if err := rq.client.CheckAccess(ctx, tx, a.user.ID); err != nil {
		return out, err
	}
	if rq.ceiling, err = client.CeilingOf(ctx, tx, rq.client.Client); err != nil {
		return out, err
	}
	rq.ceiling.Under(a.grant.OrganizationID)
	if a.audience, err = audienceOf(ctx, tx, rq, a); err != nil {
		return out, err
	}
	if a.follow != nil {
		if out.refresh, err = a.follow(ctx, tx); err != nil {
			return out, err
		}
	}
	if a.audience.isOpaque() {
		out.opaque, err = token.IssueAccess(ctx, tx, rq.now, a.grant, token.AccessToken{
			ClientID: rq.client.ID, SessionUID: a.sessionUID, Scope: a.audience.scope, KeyThumbprint: rq.key(),
		})
		if err != nil {
			return out, err
		}
	}
	if !a.isExchange && proto.HasScope(rq.provided(a, a.scope), proto.ScopeOpenID) {
		out.idToken, err = rq.idToken(ctx, tx, a, extended)
	}
	return out, err
}

// key is the thumbprint that what is stored of the tokens is bound to, nil for
// none.
func (rq *request) key() *string {
	if rq.client.Key == "" {
		return nil
	}
	return &rq.client.Key
}

// refreshKey is the thumbprint that a new refresh token is bound to. Those of
// clients with a secret are bound to that (RFC 9449 section 5).
func (rq *request) refreshKey() *string {
	if !rq.client.IsPublic() {
		return nil
	}
	return rq.key()
}

// holds reports whether the request proves to hold the key of a thumbprint; nil
// demands none.
func (rq *request) holds(thumbprint *string) bool {
	return thumbprint == nil || crypt.Equal([]byte(rq.client.Key), []byte(*thumbprint))
}

// say has tokens tell how and when the user was authenticated, where there is
// something to tell.
func (a *authorization) say(how *token.Authentication, when int64) {
	if how != nil {
		a.authentication, a.authTime = how, &when
	}
}

// idToken gathers what the ID token will say.
func (rq *request) idToken(ctx context.Context, tx *db.Tx, a *authorization, extended []string) (*token.IDToken, error) {
	claims, err := token.Claims(ctx, tx, a.user, rq.provided(a, a.scope), token.Enabled(extended), rq.ceiling.Told())
	if err != nil {
		return nil, err
	}
	idToken := &token.IDToken{
		Issuer: rq.tenant.Issuer(), Subject: a.user.ID, Audience: rq.client.ID, IssuedAt: rq.now, TTL: rq.client.IDTokenTTL,
		Nonce: a.nonce, AuthTime: a.authTime, Authentication: a.authentication, Claims: claims, Algorithm: rq.client.IDTokenAlgorithm,
	}
	idToken.SID, err = rq.sid(ctx, tx, a)
	return idToken, err
}

// activeUser returns the user of a grant if tokens may be minted for them.
func activeUser(ctx context.Context, q db.Q, userID string) (*user.User, error) {
	return activeOf(user.ByID(ctx, q, userID))
}

// activeOf is activeUser for what a look-up has returned; nil is nobody.
func activeOf(u *user.User, err error) (*user.User, error) {
	if err != nil && !errors.Is(err, user.ErrNotFound) {
		return nil, err
	}
	if u == nil || u.Usable() != nil {
		return nil, proto.ErrInvalidGrant
	}
	return u, nil
}

// liveSession checks that what is bound to a session still has it.
func liveSession(ctx context.Context, tx *db.Tx, now int64, uid *string, userID string) error {
	if uid == nil {
		return nil
	}
	s, err := token.SessionByUID(ctx, tx, now, *uid)
	if err != nil {
		return err
	}
	if s == nil || s.UserID == nil || *s.UserID != userID {
		return proto.ErrInvalidGrant
	}
	return nil
}
