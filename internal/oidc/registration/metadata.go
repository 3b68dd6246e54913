package registration

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"signet/internal/application"
	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
)

// Limits of what a client says of itself.
const (
	// MaxBody is the most bytes that a registration may have.
	MaxBody = 64 << 10

	maxURIs = 32
	maxLink = 2048
)

// metadata are those members of client metadata that count here (RFC 7591 section
// 2, OpenID Connect Dynamic Client Registration section 2, RFC 9126 section 6, RFC
// 9449 section 5.2). Others are ignored.
type metadata struct {
	RedirectURIs           []string            `json:"redirect_uris,omitempty"`
	PostLogoutRedirectURIs []string            `json:"post_logout_redirect_uris,omitempty"`
	GrantTypes             []string            `json:"grant_types"`
	ResponseTypes          []string            `json:"response_types"`
	AuthMethod             string              `json:"token_endpoint_auth_method"`
	AuthAlgorithm          string              `json:"token_endpoint_auth_signing_alg,omitempty"`
	ApplicationType        string              `json:"application_type"`
	Name                   string              `json:"client_name"`
	LogoURI                string              `json:"logo_uri,omitempty"`
	TermsURI               string              `json:"tos_uri,omitempty"`
	PolicyURI              string              `json:"policy_uri,omitempty"`
	JWKS                   *application.KeySet `json:"jwks,omitempty"`
	JWKSURI                string              `json:"jwks_uri,omitempty"`
	IDTokenAlgorithm       string              `json:"id_token_signed_response_alg,omitempty"`
	BackchannelURI         string              `json:"backchannel_logout_uri,omitempty"`
	BackchannelSession     bool                `json:"backchannel_logout_session_required,omitempty"`
	RequiresSigned         bool                `json:"require_signed_request_object,omitempty"`
	RequiresPushed         bool                `json:"require_pushed_authorization_requests,omitempty"`
	RequiresDPoP           bool                `json:"dpop_bound_access_tokens,omitempty"`

	sent sent
}

// sent are members that a request may have and that are no metadata.
type sent struct {
	ClientID          string          `json:"client_id"`
	Secret            string          `json:"client_secret"`
	SoftwareStatement json.RawMessage `json:"software_statement"`
	RegistrationToken json.RawMessage `json:"registration_access_token"`
	RegistrationURI   json.RawMessage `json:"registration_client_uri"`
	IssuedAt          json.RawMessage `json:"client_id_issued_at"`
	SecretExpiresAt   json.RawMessage `json:"client_secret_expires_at"`
}

// The values of application_type.
const (
	typeWeb    = "web"
	typeNative = "native"
)

// read returns the metadata of a request under the rules, with what RFC 7591
// section 2 says of members that are absent.
func read(raw []byte, r *rules) (*metadata, error) {
	m := &metadata{}
	// A member of another type, and text that would be altered, are errors.
	if !utf8.Valid(raw) || bytes.Contains(raw, []byte(`\u0000`)) || json.Unmarshal(raw, m) != nil || json.Unmarshal(raw, &m.sent) != nil || !isObject(raw) {
		return nil, invalid("the client metadata cannot be read")
	}
	if statement := m.sent.SoftwareStatement; statement != nil && string(statement) != "null" {
		return nil, proto.ErrSoftwareStatement
	}
	if m.AuthMethod == "" {
		m.AuthMethod = proto.AuthBasic
	}
	if m.GrantTypes == nil {
		m.GrantTypes = []string{proto.GrantAuthorizationCode}
	}
	if m.ResponseTypes == nil {
		m.ResponseTypes = []string{}
		if m.signsIn() {
			m.ResponseTypes = []string{responseCode}
		}
	}
	if err := m.check(r); err != nil {
		return nil, err
	}
	m.complete()
	return m, nil
}

func isObject(raw []byte) bool { return strings.HasPrefix(strings.TrimSpace(string(raw)), "{") }

func invalid(text string) error { return proto.ErrInvalidClientMetadata.Describe("%s", text) }

const responseCode = "code"

// signsIn reports whether the client sends browsers to the provider.
func (m *metadata) signsIn() bool { return slices.Contains(m.GrantTypes, proto.GrantAuthorizationCode) }

func (m *metadata) isDevice() bool { return slices.Contains(m.GrantTypes, proto.GrantDeviceCode) }

// complete fills in what follows from the rest.
func (m *metadata) complete() {
	slices.Sort(m.GrantTypes)
	m.GrantTypes = slices.Compact(m.GrantTypes)
	m.ApplicationType = typeWeb
	if m.kind() == application.Native {
		m.ApplicationType = typeNative
	}
	if m.Name == "" {
		m.Name = "Unnamed"
		if m.signsIn() {
			m.Name = placeOf(m.RedirectURIs[0])
		}
	}
}

// placeOf names where a URI leads that was checked before.
func placeOf(uri string) string {
	u, err := url.Parse(uri)
	if err == nil && u.Hostname() != "" && len(u.Hostname()) <= client.MaxName {
		return u.Hostname()
	}
	scheme, _, _ := strings.Cut(uri, ":")
	return scheme
}

// kind is the type of application that the client becomes. A public client that
// runs on the user's device, whatever it calls itself, is a native one: its
// loopback port may vary.
func (m *metadata) kind() application.Type {
	switch {
	case m.AuthMethod != proto.AuthNone:
		return application.Traditional
	case m.isDevice(), m.ApplicationType == typeNative, slices.ContainsFunc(m.RedirectURIs, isLocal):
		return application.Native
	}
	return application.SPA
}

// isLocal reports whether a URI leads to a program on the user's device.
func isLocal(uri string) bool { return !strings.HasPrefix(uri, "https:") }

func (m *metadata) application() application.Application {
	app := application.Application{
		Name: m.Name, Type: m.kind(), IsThirdParty: true,
		OIDC: application.ClientMetadata{
			RedirectURIs: orEmpty(m.RedirectURIs), PostLogoutRedirectURIs: orEmpty(m.PostLogoutRedirectURIs),
			BackchannelLogoutURI: m.BackchannelURI, BackchannelLogoutSessionRequired: flag(m.BackchannelSession), LogoURI: m.LogoURI,
		},
		Custom: application.CustomMetadata{
			IDTokenSignedResponseAlg: m.IDTokenAlgorithm, TokenEndpointAuthSigningAlg: m.AuthAlgorithm, JWKS: m.JWKS, JWKSURI: m.JWKSURI,
			IsDeviceFlow: flag(m.isDevice()), RequireSignedRequestObject: flag(m.RequiresSigned),
			RequirePushedAuthorizationRequests: flag(m.RequiresPushed), DPoPBoundAccessTokens: flag(m.RequiresDPoP),
		},
		Registration: &application.Registration{GrantTypes: m.GrantTypes, AuthMethod: m.AuthMethod},
	}
	if m.AuthMethod == application.AuthSecretJWT || m.AuthMethod == application.AuthPrivateKeyJWT {
		app.Custom.TokenEndpointAuthMethod = m.AuthMethod
	}
	return app
}

// flag is nil for what is not set.
func flag(on bool) *bool {
	if !on {
		return nil
	}
	return &on
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
