// Package proto is the vocabulary of OAuth 2.1 and OpenID Connect as Signet
// speaks it: request parameters with their strict parsing, scopes, the names of
// grant types and client authentication methods, and the protocol's errors. It
// knows no client, no token and no database.
package proto

// Grant types that the token endpoint serves (RFC 6749 sections 4.1.3, 6 and
// 4.4, RFC 8628 section 3.4, RFC 8693 section 2.1).
const (
	GrantAuthorizationCode = "authorization_code"
	GrantRefreshToken      = "refresh_token"
	GrantClientCredentials = "client_credentials"
	GrantDeviceCode        = "urn:ietf:params:oauth:grant-type:device_code"
	GrantTokenExchange     = "urn:ietf:params:oauth:grant-type:token-exchange"
)

// Client authentication methods at the token endpoint (OpenID Connect Core
// section 9).
const (
	AuthNone  = "none"
	AuthBasic = "client_secret_basic"
	AuthPost  = "client_secret_post"
)

// Paths below the tenant's endpoint. The issuer is the endpoint plus PathIssuer.
const (
	PathIssuer                = "/oidc"
	PathDiscovery             = "/oidc/.well-known/openid-configuration"
	PathAuthorizationMetadata = "/oidc/.well-known/oauth-authorization-server"
	PathInsertedMetadata      = "/.well-known/oauth-authorization-server/oidc" // RFC 8414 section 3.1
	PathResourceMetadata      = "/.well-known/oauth-protected-resource"        // RFC 9728 section 3.1
	PathAuthorization         = "/oidc/auth"
	PathToken                 = "/oidc/token"
	PathRevocation            = "/oidc/token/revocation"
	PathPushed                = "/oidc/request"
	PathIntrospection         = "/oidc/token/introspection"
	PathDeviceAuthorization   = "/oidc/device/auth"
	PathDevice                = "/oidc/device"
	PathUserinfo              = "/oidc/me"
	PathJWKS                  = "/oidc/jwks"
	PathRegistration          = "/oidc/reg"
	PathEndSession            = "/oidc/session/end"
)

// CodeChallengeMethod is the only PKCE method (RFC 7636 section 4.2): plain
// protects against nobody who can read the authorization request.
const CodeChallengeMethod = "S256"
