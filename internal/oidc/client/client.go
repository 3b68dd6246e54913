// Package client resolves the client of a protocol request: from the registered
// applications, as one of the built-in ones or from a client ID metadata document,
// with what its type implies (RFC 7591 vocabulary), where it may be sent back to,
// and whether it has proved to be itself.
package client

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/application"
	"signet/internal/oidc/proto"
	"signet/internal/platform/db"
)

// Ids of the built-in clients, which have no row.
const (
	DemoApp       = "demo-app"
	DeviceDemoApp = "device-demo-app"
	AccountCenter = "account-center"
)

// Kinds of client, as grants store them.
const (
	KindApplication = "application"
	KindBuiltin     = "builtin"
	KindDocument    = "cimd" // of a client ID metadata document
)

const (
	defaultIDTokenTTL = time.Hour
	defaultRefreshTTL = 14 * 24 * time.Hour
)

// Client is a party that may ask for tokens. It is shared and must not be
// changed.
type Client struct {
	ID   string
	Name string
	// Kind is KindApplication, KindBuiltin or KindDocument.
	Kind string
	Type application.Type
	// IsThirdParty asks the user for consent; others are trusted.
	IsThirdParty bool
	// IsSelfRegistered says that the client registered itself (RFC 7591).
	IsSelfRegistered bool
	// IsAccessLimited says that access rules decide who may use the client.
	IsAccessLimited bool

	RedirectURIs           []string
	PostLogoutRedirectURIs []string
	BackchannelLogoutURI   string
	// HasSID puts sid into the client's ID tokens: it has a back-channel logout
	// URI and requires the session.
	HasSID bool

	CORSAllowedOrigins []string
	IDTokenTTL         time.Duration
	IDTokenAlgorithm   string // "" is that of the tenant's primary key
	RefreshTTL         time.Duration
	RotatesRefresh     bool
	AlwaysIssues       bool // refresh tokens without offline_access
	MaxGrants          int  // live grants per user, 0 is no limit
	RequiresDPoP       bool // every token is bound to a key (RFC 9449)
	ExchangesTokens    bool // of users for others (RFC 8693)
	SignsInDevices     bool // instead of browsers (RFC 8628)

	// RequiresSignedRequest and RequiresPushedRequest refuse authorization
	// requests that arrive in another way (RFC 9101, RFC 9126).
	RequiresSignedRequest, RequiresPushedRequest bool

	registeredFor []string // grant types, of a client that registered itself
	authMethod    string
	authAlgorithm string // "" for every one of the method
	secrets       []application.Secret
	keys          []jose.JSONWebKey
	keysURI       string // in place of keys
}

// fromApplication derives the client of an application.
func fromApplication(a *application.Application, secrets []application.Secret) *Client {
	c := &Client{
		ID: a.ID, Name: a.Name, Kind: KindApplication, Type: a.Type,
		IsThirdParty: a.IsThirdParty, IsAccessLimited: a.IsAccessLimited,
		RedirectURIs: a.OIDC.RedirectURIs, PostLogoutRedirectURIs: a.OIDC.PostLogoutRedirectURIs,
		BackchannelLogoutURI: a.OIDC.BackchannelLogoutURI,
		HasSID:               a.OIDC.BackchannelLogoutURI != "" && a.OIDC.RequiresSession(),
		CORSAllowedOrigins:   a.Custom.CORSAllowedOrigins,
		IDTokenAlgorithm:     a.Custom.IDTokenSignedResponseAlg,
		IDTokenTTL:           defaultIDTokenTTL, RefreshTTL: defaultRefreshTTL,
		RotatesRefresh:  a.Custom.RotateRefreshToken == nil || *a.Custom.RotateRefreshToken,
		AlwaysIssues:    application.IsTrue(a.Custom.AlwaysIssueRefreshToken) && a.Type != application.Native,
		ExchangesTokens: application.IsTrue(a.Custom.AllowTokenExchange) && !a.IsThirdParty,
		SignsInDevices:  application.IsTrue(a.Custom.IsDeviceFlow) && a.Type == application.Native,
		RequiresDPoP:    application.IsTrue(a.Custom.DPoPBoundAccessTokens),

		RequiresSignedRequest: application.IsTrue(a.Custom.RequireSignedRequestObject),
		RequiresPushedRequest: application.IsTrue(a.Custom.RequirePushedAuthorizationRequests),
		secrets:               secrets,
	}
	if a.Registration != nil {
		c.IsSelfRegistered, c.registeredFor = true, a.Registration.GrantTypes
	}
	c.setProof(a)
	if ttl := a.Custom.IDTokenTTL; ttl != nil {
		c.IDTokenTTL = time.Duration(*ttl) * time.Second
	}
	if ttl := a.Custom.RefreshTokenTTL; ttl != nil {
		c.RefreshTTL = time.Duration(*ttl) * time.Second
	}
	if days := a.Custom.RefreshTokenTTLInDays; days != nil {
		c.RefreshTTL = time.Duration(*days) * 24 * time.Hour
	}
	if limit := a.Custom.MaxAllowedGrants; limit != nil {
		c.MaxGrants = int(*limit)
	}
	return c
}

// setProof takes over how the application proves to be itself.
func (c *Client) setProof(a *application.Application) {
	switch {
	case a.Type == application.Native || a.Type == application.SPA:
		c.authMethod = proto.AuthNone
	case a.Custom.TokenEndpointAuthMethod != "":
		c.authMethod = a.Custom.TokenEndpointAuthMethod
	default:
		c.authMethod = proto.AuthBasic
	}
	c.authAlgorithm, c.keysURI = a.Custom.TokenEndpointAuthSigningAlg, a.Custom.JWKSURI
	if a.Custom.JWKS != nil {
		c.keys = a.Custom.JWKS.Usable()
	}
}

// ErrNotAdmitted is for people whom an application's access rules leave out.
var ErrNotAdmitted = proto.ErrAccessDenied.Describe("the user may not use the application")

// CheckAccess returns ErrNotAdmitted unless a user may use the client, as its
// access rules are now.
func (c *Client) CheckAccess(ctx context.Context, q db.Q, userID string) error {
	if !c.IsAccessLimited {
		return nil
	}
	admitted, err := application.Admits(ctx, q, c.ID, userID)
	if err == nil && !admitted {
		err = ErrNotAdmitted
	}
	return err
}

// IsPublic reports whether the client has nothing to prove itself with (RFC 6749
// section 2.1).
func (c *Client) IsPublic() bool { return c.authMethod == proto.AuthNone }

// IsDocument reports whether nobody has registered the client: it describes itself
// in a document at the address that is its id. What a user allows it holds for
// one authorization.
func (c *Client) IsDocument() bool { return c.Kind == KindDocument }

// IsUnvetted reports whether no operator has registered the client. However it
// proves to be itself, it is trusted with nothing of others.
func (c *Client) IsUnvetted() bool { return c.IsDocument() || c.IsSelfRegistered }

// IsAnybody reports whether anybody can be the client: it proves nothing, or has been
// vetted by nobody.
func (c *Client) IsAnybody() bool { return c.IsPublic() || c.IsUnvetted() }

// MaxName is the longest name of a client that no operator has looked at, in code
// points.
const MaxName = 128

// IsPlainName reports whether people read such a name as it is written: it holds nothing
// that is invisible, breaks the line or turns the direction of what follows.
func IsPlainName(text string) bool {
	return utf8.RuneCountInString(text) <= MaxName && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// Title is the client's name for people. That of a client which nobody has
// registered says where it comes from.
func (c *Client) Title() string {
	u, err := url.Parse(c.ID)
	if !c.IsDocument() || err != nil || c.Name == u.Host {
		return c.Name
	}
	return c.Name + " (" + u.Host + ")"
}

// IsNative reports whether the client is an application on the user's device
// (RFC 8252).
func (c *Client) IsNative() bool { return c.Type == application.Native }

// AuthMethod is the registered token_endpoint_auth_method (OpenID Connect Core
// section 9). Where it is client_secret_basic, secrets are accepted in the body
// too.
func (c *Client) AuthMethod() string { return c.authMethod }

// RequiresPKCE reports whether an authorization request needs a code challenge;
// others have one checked if they send it.
func (c *Client) RequiresPKCE() bool { return c.authMethod != proto.AuthBasic || c.IsSelfRegistered }

// Grants are the grant types that the client may use.
func (c *Client) Grants() []string {
	grants := []string{proto.GrantAuthorizationCode, proto.GrantRefreshToken}
	switch {
	case c.Type == application.MachineToMachine:
		grants = []string{proto.GrantClientCredentials}
	case c.SignsInDevices:
		grants = []string{proto.GrantDeviceCode, proto.GrantRefreshToken}
	}
	if c.ExchangesTokens {
		grants = append(grants, proto.GrantTokenExchange)
	}
	if c.IsSelfRegistered {
		grants = slices.DeleteFunc(grants, func(g string) bool { return !slices.Contains(c.registeredFor, g) })
	}
	return grants
}

// AllowsGrant reports whether the client may use a grant type.
func (c *Client) AllowsGrant(grant string) bool { return slices.Contains(c.Grants(), grant) }

// IssuesRefresh reports whether an authorization of the scope yields a refresh
// token.
func (c *Client) IssuesRefresh(scope string) bool {
	return c.AllowsGrant(proto.GrantRefreshToken) && (c.AlwaysIssues || proto.HasScope(scope, proto.ScopeOfflineAccess))
}

// validate refuses a client that could not finish any flow.
func (c *Client) validate() error {
	if c.AllowsGrant(proto.GrantAuthorizationCode) && len(c.RedirectURIs) == 0 {
		return proto.ErrInvalidClientMetadata.Describe("redirect_uris must contain members")
	}
	return nil
}
