// Package application holds the clients that operators register: what they are,
// where they may be sent back to, how long their tokens live, and their secrets.
// How a client takes part in the protocol is package oidc/client.
package application

import (
	"slices"

	"signet/internal/platform/errs"
	"signet/internal/platform/web"
)

// Errors of this package.
var (
	ErrNotFound             = errs.New(404, "entity.not_exists_with_id")
	ErrSecretNameTaken      = errs.New(422, "application.secret_name_exists")
	ErrThirdPartyType       = errs.New(400, "application.invalid_third_party_application_type")
	ErrThirdPartyExchange   = errs.New(422, "application.third_party_application_cannot_enable_token_exchange")
	ErrDeviceFlowNativeOnly = errs.New(422, "application.device_flow_native_only")
	ErrUseSAMLAPI           = errs.New(400, "application.saml.use_saml_app_api")
	ErrNoSecrets            = errs.New(422, "entity.db_constraint_violated")
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
	CustomData      map[string]any
	CreatedAt       int64 // epoch milliseconds
}

// ClientMetadata are the members of OpenID Connect Dynamic Client Registration
// that an operator sets.
type ClientMetadata struct {
	RedirectURIs                     []string `json:"redirectUris"`
	PostLogoutRedirectURIs           []string `json:"postLogoutRedirectUris"`
	BackchannelLogoutURI             string   `json:"backchannelLogoutUri,omitempty"`
	BackchannelLogoutSessionRequired bool     `json:"backchannelLogoutSessionRequired,omitempty"`
	LogoURI                          string   `json:"logoUri,omitempty"`
}

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
}

// Limits of the metadata, beyond what the published API names.
const (
	maxURIs      = 256
	maxURI       = 2048
	maxName      = 256
	maxTTLDays   = 180
	maxIDTokenTT = 365 * 24 * 3600
)

// check refuses metadata that no client could work with.
func (a *Application) check() error {
	switch {
	case a.Name == "" || len(a.Name) > maxName:
		return web.Invalid("name", "must have 1 to 256 characters")
	case !slices.Contains(Types, a.Type):
		return web.Invalid("type", "is not a type of application")
	case a.Type == SAML:
		return ErrUseSAMLAPI
	case isTrue(a.Custom.IsDeviceFlow) && a.Type != Native:
		return ErrDeviceFlowNativeOnly
	case a.IsThirdParty && a.Type != Traditional && a.Type != SPA && a.Type != Native:
		return ErrThirdPartyType
	case a.IsThirdParty && isTrue(a.Custom.AllowTokenExchange):
		return ErrThirdPartyExchange
	}
	if err := checkURIs("oidcClientMetadata.redirectUris", a.OIDC.RedirectURIs); err != nil {
		return err
	}
	if err := checkURIs("oidcClientMetadata.postLogoutRedirectUris", a.OIDC.PostLogoutRedirectURIs); err != nil {
		return err
	}
	return a.Custom.check()
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
	return nil
}

func isTrue(flag *bool) bool { return flag != nil && *flag }
