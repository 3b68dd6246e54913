package client

import (
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"signet/internal/application"
	"signet/internal/oidc/proto"
)

// documentScheme begins the id of a client that describes itself at that address.
const documentScheme = "https://"

// IsAddress reports whether a client id is the address of a client ID metadata
// document.
func IsAddress(id string) bool { return strings.HasPrefix(id, documentScheme) }

// isDocumentURL reports whether a document may be fetched from an id: an address
// with a path that all readers understand alike, so without dot segments,
// credentials or fragment.
func isDocumentURL(id string) bool {
	if len(id) > maxID || !IsAddress(id) {
		return false
	}
	if _, ok := parse(id); !ok {
		return false
	}
	u, err := url.Parse(id)
	return err == nil && u.Path != "" && u.Hostname() != ""
}

// document is a client ID metadata document: client metadata (RFC 7591 section 2)
// that a client publishes at the address that is its id.
type document struct {
	ClientID               string              `json:"client_id"`
	Name                   string              `json:"client_name"`
	RedirectURIs           []string            `json:"redirect_uris"`
	PostLogoutRedirectURIs []string            `json:"post_logout_redirect_uris"`
	ResponseTypes          []string            `json:"response_types"`
	GrantTypes             []string            `json:"grant_types"`
	AuthMethod             string              `json:"token_endpoint_auth_method"`
	AuthAlgorithm          string              `json:"token_endpoint_auth_signing_alg"`
	IDTokenAlgorithm       string              `json:"id_token_signed_response_alg"`
	JWKS                   *application.KeySet `json:"jwks"`
	JWKSURI                string              `json:"jwks_uri"`
	RequiresSigned         bool                `json:"require_signed_request_object"`
	RequiresPushed         bool                `json:"require_pushed_authorization_requests"`
}

// maxDocumentURIs bounds each list of addresses in a document.
const maxDocumentURIs = 32

// operatorsOwn are members that only operators decide about: the settings of
// registered applications, and secrets, which nobody publishes.
var operatorsOwn = func() []string {
	names := []string{
		"customClientMetadata", "appLevelAccessControlEnabled", "accessControl", "isThirdParty", "client_secret", "client_secret_expires_at",
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[application.CustomMetadata]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "jwks" { // which is a member of RFC 7591 too
			names = append(names, name)
		}
	}
	return names
}()

// readDocument returns the client that a document at the address id describes.
// algorithms are what ID tokens can be signed with. What it refuses is
// invalid_client_metadata.
func readDocument(id string, raw []byte, algorithms []string) (*Client, error) {
	var members map[string]json.RawMessage
	var doc document
	if json.Unmarshal(raw, &members) != nil || json.Unmarshal(raw, &doc) != nil {
		return nil, proto.ErrInvalidClientMetadata.Describe("the client metadata document cannot be read")
	}
	for _, name := range operatorsOwn {
		if _, ok := members[name]; ok {
			return nil, proto.ErrInvalidClientMetadata.Describe("%s is not for a client to decide", name)
		}
	}
	if problem := doc.problem(id, algorithms); problem != "" {
		return nil, proto.ErrInvalidClientMetadata.Describe("%s", problem)
	}
	return doc.client(), nil
}

// problem says what is wrong with a document, "" if nothing is.
func (d *document) problem(id string, algorithms []string) string {
	switch {
	case d.ClientID != id:
		return "client_id must be the address of the document"
	case !IsPlainName(d.Name):
		return "client_name must have at most 128 characters that can be printed"
	case len(d.RedirectURIs) == 0 || len(d.RedirectURIs) > maxDocumentURIs || len(d.PostLogoutRedirectURIs) > maxDocumentURIs:
		return "redirect_uris must contain members, and no list of addresses more than 32"
	case slices.ContainsFunc(slices.Concat(d.RedirectURIs, d.PostLogoutRedirectURIs), isUnusable):
		return "an address is invalid or has a wildcard"
	case d.ResponseTypes != nil && !slices.Contains(d.ResponseTypes, "code"):
		return "response_types must contain code"
	case d.GrantTypes != nil && !slices.Contains(d.GrantTypes, proto.GrantAuthorizationCode):
		return "grant_types must contain authorization_code"
	case d.IDTokenAlgorithm != "" && !slices.Contains(algorithms, d.IDTokenAlgorithm):
		return "id_token_signed_response_alg is not supported"
	}
	return d.authProblem()
}

// isUnusable reports whether an address could never match: addresses of documents
// are compared as they are.
func isUnusable(uri string) bool {
	return strings.Contains(uri, "*") || application.CheckUnvettedURI(uri) != nil
}

// authProblem refuses secrets, which a document cannot keep. RFC 7591 has
// client_secret_basic as the default; here it can only mean none.
func (d *document) authProblem() string {
	keys := application.CustomMetadata{JWKS: d.JWKS, JWKSURI: d.JWKSURI, RequireSignedRequestObject: &d.RequiresSigned}
	switch {
	case !slices.Contains([]string{"", proto.AuthNone, application.AuthPrivateKeyJWT}, d.AuthMethod):
		return "token_endpoint_auth_method must be none or private_key_jwt"
	case keys.CheckKeys() != nil:
		return "jwks or jwks_uri is invalid"
	case d.AuthMethod == application.AuthPrivateKeyJWT && d.JWKS == nil && d.JWKSURI == "":
		return "private_key_jwt needs jwks or jwks_uri"
	case d.AuthAlgorithm != "" && !slices.Contains(application.KeyAlgorithms, d.AuthAlgorithm):
		return "token_endpoint_auth_signing_alg is not supported"
	}
	return ""
}

func (d *document) client() *Client {
	c := &Client{
		ID: d.ClientID, Name: d.Name, Kind: KindDocument, Type: application.SPA, IsThirdParty: true,
		RedirectURIs: d.RedirectURIs, PostLogoutRedirectURIs: d.PostLogoutRedirectURIs,
		IDTokenTTL: defaultIDTokenTTL, RefreshTTL: defaultRefreshTTL, RotatesRefresh: true, IDTokenAlgorithm: d.IDTokenAlgorithm,
		RequiresSignedRequest: d.RequiresSigned, RequiresPushedRequest: d.RequiresPushed,
		authMethod: proto.AuthNone, authAlgorithm: d.AuthAlgorithm, keysURI: d.JWKSURI,
	}
	if d.JWKS != nil {
		c.keys = d.JWKS.Usable()
	}
	if d.AuthMethod == application.AuthPrivateKeyJWT {
		c.authMethod, c.Type = application.AuthPrivateKeyJWT, application.Traditional
	}
	if u, err := url.Parse(d.ClientID); err == nil && c.Name == "" {
		c.Name = u.Host
	}
	return c
}
