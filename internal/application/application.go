// Package application holds the clients that operators register: what they are,
// where they may be sent back to, how long their tokens live, and their secrets.
// How a client takes part in the protocol is package oidc/client.
package application

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"signet/internal/platform/errs"
	"signet/internal/platform/web"
)

// Type is the kind of an application; it never changes.
type Type string

// The types.
const (
	Native           Type = "Native"
	SPA              Type = "SPA"
	Traditional      Type = "Traditional"
	MachineToMachine Type = "MachineToMachine"
	Protected        Type = "Protected"
	SAML             Type = "SAML"
)

// Types lists every type.
var Types = []Type{Native, SPA, Traditional, MachineToMachine, Protected, SAML}

// HasSecret reports whether applications of the type authenticate with a secret.
func (t Type) HasSecret() bool { return t == Traditional || t == MachineToMachine || t == Protected }

// Application is a registered client.
type Application struct {
	ID              string
	Name            string
	Description     *string
	Type            Type
	IsThirdParty    bool
	IsAccessLimited bool // access rules decide who may use it
	OIDC            ClientMetadata
	Custom          CustomMetadata
	// Protected is what an application of that type is protected by, else nil.
	Protected  *ProtectedMetadata
	CustomData map[string]any
	// Registration is nil but for clients that have registered themselves.
	Registration *Registration
	CreatedAt    int64 // epoch milliseconds
}

// Registration is what a client was registered for that has registered itself (RFC
// 7591 section 2): nobody has looked at it.
type Registration struct {
	// GrantTypes are those of its type that it may use.
	GrantTypes []string `json:"grantTypes"`
	// AuthMethod is how it authenticates, in the words of the registration.
	AuthMethod string `json:"tokenEndpointAuthMethod" example:"none"`
}

// ClientMetadata are the members of OpenID Connect Dynamic Client Registration
// that an operator sets.
type ClientMetadata struct {
	RedirectURIs                     []string `json:"redirectUris"`
	PostLogoutRedirectURIs           []string `json:"postLogoutRedirectUris"`
	BackchannelLogoutURI             string   `json:"backchannelLogoutUri,omitempty" check:"pattern=url,max=2048"`
	BackchannelLogoutSessionRequired *bool    `json:"backchannelLogoutSessionRequired,omitempty"`
	LogoURI                          string   `json:"logoUri,omitempty" check:"pattern=url,max=2048"`
}

// RequiresSession reports whether logout tokens must name the session.
func (m *ClientMetadata) RequiresSession() bool { return IsTrue(m.BackchannelLogoutSessionRequired) }

// CustomMetadata are settings beyond the standard. A nil field is its default.
type CustomMetadata struct {
	CORSAllowedOrigins      []string `json:"corsAllowedOrigins,omitempty"`
	IDTokenTTL              *int64   `json:"idTokenTtl,omitempty"`            // seconds
	RefreshTokenTTL         *int64   `json:"refreshTokenTtl,omitempty"`       // seconds, deprecated
	RefreshTokenTTLInDays   *int64   `json:"refreshTokenTtlInDays,omitempty"` // wins
	RotateRefreshToken      *bool    `json:"rotateRefreshToken,omitempty"`
	AlwaysIssueRefreshToken *bool    `json:"alwaysIssueRefreshToken,omitempty"`
	AllowTokenExchange      *bool    `json:"allowTokenExchange,omitempty"`
	IsDeviceFlow            *bool    `json:"isDeviceFlow,omitempty"`
	MaxAllowedGrants        *int64   `json:"maxAllowedGrants,omitempty"`
	// IDTokenSignedResponseAlg is the algorithm of ID tokens and logout tokens, ""
	// that of the tenant's primary key (OpenID Connect Dynamic Client Registration
	// section 2).
	IDTokenSignedResponseAlg string `json:"idTokenSignedResponseAlg,omitempty" check:"enum=ES256|ES384|ES512|RS256|PS256|EdDSA"`

	// How the application proves to be itself, if not with its secret, and with
	// which algorithm, if with one alone.
	TokenEndpointAuthMethod     string `json:"tokenEndpointAuthMethod,omitempty" check:"enum=client_secret_jwt|private_key_jwt"`
	TokenEndpointAuthSigningAlg string `json:"tokenEndpointAuthSigningAlg,omitempty" check:"max=16"`
	// JWKS or JWKSURI has the public keys with which it signs.
	JWKS    *KeySet `json:"jwks,omitempty"`
	JWKSURI string  `json:"jwksUri,omitempty" check:"pattern=url,max=2048"`
	// Authorization requests must be signed (RFC 9101), or pushed (RFC 9126).
	RequireSignedRequestObject         *bool `json:"requireSignedRequestObject,omitempty"`
	RequirePushedAuthorizationRequests *bool `json:"requirePushedAuthorizationRequests,omitempty"`
	// DPoPBoundAccessTokens refuses token requests without a proof of possession
	// (RFC 9449 section 5.2).
	DPoPBoundAccessTokens *bool `json:"dpopBoundAccessTokens,omitempty"`
}

// Limits of the metadata, beyond what the published API names.
const (
	maxURIs      = 256
	maxURI       = 2048
	maxName      = 256
	maxTTLDays   = 180
	maxIDTokenTT = 365 * 24 * 3600

	// maxCustomData bounds custom data in bytes of JSON.
	maxCustomData = 256 << 10
)

// check refuses what no client could work with, then what the type does not
// allow.
func (a *Application) check() error {
	switch {
	case a.Name == "" || utf8.RuneCountInString(a.Name) > maxName:
		return web.Invalid("name", "must have 1 to 256 characters")
	case !slices.Contains(Types, a.Type):
		return web.Invalid("type", "is not a type of application")
	}
	if err := a.OIDC.check(); err != nil {
		return err
	}
	if err := a.Custom.check(); err != nil {
		return err
	}
	if err := checkCustomData(a.CustomData); err != nil {
		return err
	}
	return a.checkType()
}

// checkType refuses what applications of the type cannot be; the order is part
// of the published API.
func (a *Application) checkType() error {
	switch {
	case a.Type == SAML:
		return ErrUseSAMLAPI
	case IsTrue(a.Custom.IsDeviceFlow) && a.Type != Native:
		return ErrDeviceFlowNativeOnly
	case a.Type == Protected && a.Protected == nil:
		return ErrProtectedMetadata
	case a.IsThirdParty && a.Type != Traditional && a.Type != SPA && a.Type != Native:
		return ErrThirdPartyType
	case a.IsThirdParty && IsTrue(a.Custom.AllowTokenExchange):
		return ErrThirdPartyExchange
	case a.Type == Protected:
		return ErrProtectedUnavailable
	}
	return a.Custom.checkAuthentication(a.Type)
}

func (m *ClientMetadata) check() error {
	if err := checkURIs("oidcClientMetadata.redirectUris", m.RedirectURIs); err != nil {
		return err
	}
	if err := checkURIs("oidcClientMetadata.postLogoutRedirectUris", m.PostLogoutRedirectURIs); err != nil {
		return err
	}
	// OpenID Connect Back-Channel Logout 1.0 section 2.2.
	if strings.Contains(m.BackchannelLogoutURI, "#") {
		return web.Invalid("oidcClientMetadata.backchannelLogoutUri", "must not have a fragment")
	}
	return nil
}

func (c *CustomMetadata) check() error {
	if days := c.RefreshTokenTTLInDays; days != nil && (*days < 1 || *days > maxTTLDays) {
		return web.Invalid("customClientMetadata.refreshTokenTtlInDays", "must be 1 to 180")
	}
	if ttl := c.RefreshTokenTTL; ttl != nil && (*ttl < 1 || *ttl > maxTTLDays*24*3600) {
		return web.Invalid("customClientMetadata.refreshTokenTtl", "must be at least 1 and at most 180 days")
	}
	if ttl := c.IDTokenTTL; ttl != nil && (*ttl < 1 || *ttl > maxIDTokenTT) {
		return web.Invalid("customClientMetadata.idTokenTtl", "must be at least 1 and at most a year")
	}
	if limit := c.MaxAllowedGrants; limit != nil && *limit < 1 {
		return web.Invalid("customClientMetadata.maxAllowedGrants", "must be at least 1")
	}
	if len(c.CORSAllowedOrigins) > maxURIs || slices.ContainsFunc(c.CORSAllowedOrigins, func(o string) bool { return o == "" || len(o) > maxURI }) {
		return web.Invalid("customClientMetadata.corsAllowedOrigins", "must be origins")
	}
	return c.CheckKeys()
}

// IsTrue reports whether an optional flag is there and set.
func IsTrue(flag *bool) bool { return flag != nil && *flag }

// checkCustomData refuses more than an application should carry around.
func checkCustomData(data map[string]any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	if len(raw) > maxCustomData {
		return errs.ErrTooLong
	}
	return nil
}
