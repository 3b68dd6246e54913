package registration

import (
	"net/url"
	"slices"
	"strings"

	"signet/internal/application"
	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
)

// authMethods are the ways in which a client may prove to be itself.
var authMethods = []string{
	proto.AuthNone, proto.AuthBasic, proto.AuthPost, application.AuthSecretJWT, application.AuthPrivateKeyJWT,
}

// check refuses what no client may be, then what the tenant does not let clients
// be.
func (m *metadata) check(r *rules) error {
	for _, problem := range []string{m.grantProblem(r), m.authProblem(), m.textProblem(), m.keyProblem(r)} {
		if problem != "" {
			return invalid(problem)
		}
	}
	if problem := r.uriProblem(m.RedirectURIs); problem != "" {
		return proto.ErrInvalidRedirectURI.Describe("redirect_uris: %s", problem)
	}
	if problem := r.uriProblem(m.PostLogoutRedirectURIs); problem != "" {
		return invalid("post_logout_redirect_uris: " + problem)
	}
	return nil
}

func (m *metadata) grantProblem(r *rules) string {
	for _, grant := range m.GrantTypes {
		if !slices.Contains(r.GrantTypes, grant) {
			return "grant_types has one that clients cannot register for"
		}
	}
	isCode := slices.Equal(m.ResponseTypes, []string{responseCode})
	switch {
	case m.signsIn() == m.isDevice():
		return "grant_types must contain either authorization_code or the device code"
	case m.signsIn() && !isCode, m.isDevice() && len(m.ResponseTypes) > 0:
		return "response_types does not go with grant_types"
	case m.signsIn() && (len(m.RedirectURIs) == 0 || len(m.RedirectURIs) > maxURIs):
		return "redirect_uris must have 1 to 32 members"
	case m.isDevice() && len(m.RedirectURIs) > 0:
		return "redirect_uris does not go with grant_types"
	case len(m.PostLogoutRedirectURIs) > maxURIs:
		return "post_logout_redirect_uris must have at most 32 members"
	}
	return ""
}

func (m *metadata) authProblem() string {
	switch {
	case !slices.Contains(authMethods, m.AuthMethod):
		return "token_endpoint_auth_method is not supported"
	case m.isDevice() && m.AuthMethod != proto.AuthNone:
		return "token_endpoint_auth_method must be none for devices"
	case !slices.Contains([]string{"", typeWeb, typeNative}, m.ApplicationType):
		return "application_type must be web or native"
	}
	return ""
}

func (m *metadata) textProblem() string {
	switch {
	case !client.IsPlainName(m.Name):
		return "client_name must have at most 128 characters that can be printed"
	case slices.ContainsFunc([]string{m.LogoURI, m.TermsURI, m.PolicyURI}, func(link string) bool { return !isLink(link, "https", "http") }):
		return "logo_uri, tos_uri and policy_uri must be web addresses"
	case !isLink(m.BackchannelURI, "https"):
		return "backchannel_logout_uri must be an https address"
	}
	return ""
}

// isLink reports whether a link, if there is one, is an address of one of the
// schemes.
func isLink(link string, schemes ...string) bool {
	if link == "" {
		return true
	}
	u, err := url.Parse(link)
	return err == nil && len(link) <= maxLink && slices.Contains(schemes, u.Scheme) && u.Hostname() != "" && u.User == nil &&
		!strings.ContainsFunc(link, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' || r == '"' || r == '#' })
}

func (m *metadata) keyProblem(r *rules) string {
	keys := application.CustomMetadata{JWKS: m.JWKS, JWKSURI: m.JWKSURI, RequireSignedRequestObject: &m.RequiresSigned}
	allowed := []string{""}
	switch m.AuthMethod {
	case application.AuthSecretJWT:
		allowed = append(allowed, application.SecretAlgorithms...)
	case application.AuthPrivateKeyJWT:
		allowed = append(allowed, application.KeyAlgorithms...)
	}
	switch {
	case keys.CheckKeys() != nil:
		return "jwks or jwks_uri is invalid, or missing where requests are signed"
	case m.AuthMethod == application.AuthPrivateKeyJWT && m.JWKS == nil && m.JWKSURI == "":
		return "private_key_jwt needs jwks or jwks_uri"
	case !slices.Contains(allowed, m.AuthAlgorithm):
		return "token_endpoint_auth_signing_alg does not go with token_endpoint_auth_method"
	case m.IDTokenAlgorithm != "" && !slices.Contains(r.algorithms, m.IDTokenAlgorithm):
		return "id_token_signed_response_alg is not supported"
	}
	return ""
}

// uriProblem says why people cannot be sent back to all of the URIs: the rules are
// those of all applications, and stricter. Nobody has looked at these.
func (r *rules) uriProblem(uris []string) string {
	for _, uri := range uris {
		if strings.Contains(uri, "*") {
			return "wildcards are not for clients that register themselves"
		}
		if err := application.CheckUnvettedURI(uri); err != nil {
			return "an address " + err.Error()
		}
		scheme, _, _ := strings.Cut(uri, ":")
		switch {
		case scheme == "https":
		case scheme != "http" && !r.AllowsCustomSchemes:
			return "custom schemes are not allowed"
		case scheme == "http" && !client.IsLoopback(uri):
			return "an address of another machine must begin with https"
		case scheme == "http" && !r.AllowsLoopback:
			return "loopback addresses are not allowed"
		}
	}
	return ""
}
