package oidcapi

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"signet/internal/application"
	"signet/internal/oidc/dpop"
	"signet/internal/oidc/proto"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// metadata is what the provider says about itself (OpenID Connect Discovery
// section 3, RFC 8414 section 2, RFC 8628 section 4). It names what works, and
// nothing else.
type metadata struct {
	AuthorizationEndpoint  string   `json:"authorization_endpoint"`
	ClaimsParameter        bool     `json:"claims_parameter_supported"`
	Claims                 []string `json:"claims_supported"`
	CodeChallengeMethods   []string `json:"code_challenge_methods_supported"`
	EndSessionEndpoint     string   `json:"end_session_endpoint"`
	GrantTypes             []string `json:"grant_types_supported"`
	Issuer                 string   `json:"issuer"`
	JWKSURI                string   `json:"jwks_uri"`
	IssParameter           bool     `json:"authorization_response_iss_parameter_supported"`
	ResponseModes          []string `json:"response_modes_supported"`
	ResponseTypes          []string `json:"response_types_supported"`
	Scopes                 []string `json:"scopes_supported"`
	SubjectTypes           []string `json:"subject_types_supported"`
	AuthMethods            []string `json:"token_endpoint_auth_methods_supported"`
	AuthAlgorithms         []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	TokenEndpoint          string   `json:"token_endpoint"`
	RegistrationEndpoint   string   `json:"registration_endpoint,omitempty"`
	IDTokenAlgorithms      []string `json:"id_token_signing_alg_values_supported"`
	RequestParameter       bool     `json:"request_parameter_supported"`
	RequestAlgorithms      []string `json:"request_object_signing_alg_values_supported"`
	RequestURIParameter    bool     `json:"request_uri_parameter_supported"`
	RequiresPushed         bool     `json:"require_pushed_authorization_requests"`
	UserinfoEndpoint       string   `json:"userinfo_endpoint"`
	RevocationEndpoint     string   `json:"revocation_endpoint"`
	IntrospectionEndpoint  string   `json:"introspection_endpoint"`
	PushedEndpoint         string   `json:"pushed_authorization_request_endpoint"`
	DeviceEndpoint         string   `json:"device_authorization_endpoint"`
	BackchannelLogout      bool     `json:"backchannel_logout_supported"`
	BackchannelLogoutBySID bool     `json:"backchannel_logout_session_supported"`
	ClaimTypes             []string `json:"claim_types_supported"`
	TakesDocuments         bool     `json:"client_id_metadata_document_supported,omitempty"`
	Classes                []string `json:"acr_values_supported"`
	DPoPAlgorithms         []string `json:"dpop_signing_alg_values_supported,omitempty"`
}

// claims are the names that ID tokens and userinfo can carry, in the order of
// the scopes that ask for them.
var claims = []string{
	"sub", "name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
	"website", "gender", "birthdate", "zoneinfo", "locale", "updated_at", "username", "created_at", "email",
	"email_verified", "phone_number", "phone_number_verified", "address", "custom_data", "identities", "sso_identities",
	"roles", "organizations", "organization_data", "organization_roles", "sid", "auth_time", "iss", "acr", "amr",
}

func metadataOf(t *tenant.Tenant, algorithms []string) metadata {
	return metadata{
		Issuer:                t.Issuer(),
		AuthorizationEndpoint: t.URL(proto.PathAuthorization),
		TokenEndpoint:         t.URL(proto.PathToken),
		UserinfoEndpoint:      t.URL(proto.PathUserinfo),
		RevocationEndpoint:    t.URL(proto.PathRevocation),
		PushedEndpoint:        t.URL(proto.PathPushed),
		DeviceEndpoint:        t.URL(proto.PathDeviceAuthorization),
		IntrospectionEndpoint: t.URL(proto.PathIntrospection),
		EndSessionEndpoint:    t.URL(proto.PathEndSession),
		JWKSURI:               t.URL(proto.PathJWKS),
		Claims:                claims,
		Classes:               proto.Classes,
		ClaimTypes:            []string{"normal"},
		CodeChallengeMethods:  []string{proto.CodeChallengeMethod},
		GrantTypes: []string{
			proto.GrantAuthorizationCode, proto.GrantRefreshToken, proto.GrantClientCredentials, proto.GrantDeviceCode, proto.GrantTokenExchange,
		},
		IDTokenAlgorithms:      algorithms,
		IssParameter:           true,
		BackchannelLogout:      true,
		BackchannelLogoutBySID: true,
		ResponseModes:          []string{"form_post", "fragment", "query"},
		ResponseTypes:          []string{"code"},
		Scopes:                 proto.Scopes,
		SubjectTypes:           []string{"public"},
		AuthMethods: []string{
			proto.AuthBasic, application.AuthSecretJWT, proto.AuthPost, application.AuthPrivateKeyJWT, proto.AuthNone,
		},
		AuthAlgorithms:    slices.Concat(application.SecretAlgorithms, application.KeyAlgorithms),
		RequestParameter:  true,
		RequestAlgorithms: application.KeyAlgorithms,
	}
}

// discovery serves both metadata documents, which are the same. Its bytes are
// made once for each endpoint and key set.
func (a *API) discovery(w http.ResponseWriter, r *http.Request) error {
	web.AllowOrigin(w, r)
	t := tenant.From(r.Context())
	keys, err := a.keys.Set(r.Context(), t.DB)
	if err != nil {
		return err
	}
	// A next key takes over without a write that would empty the cache.
	key := t.Issuer() + " " + strings.Join(keys.Algorithms, " ")
	document, err := a.documents.Get(r.Context(), t.DB, key, func(ctx context.Context, q db.Q) (*web.Fixed, error) {
		config, err := a.settings.OIDC(ctx, q)
		if err != nil {
			return nil, err
		}
		m := metadataOf(t, keys.Algorithms)
		m.TakesDocuments = config.TakesDocuments
		if config.Registration.Enabled {
			m.RegistrationEndpoint = t.URL(proto.PathRegistration)
		}
		if config.DPoP.Enabled {
			m.DPoPAlgorithms = dpop.Algorithms
		}
		body, err := json.Marshal(m)
		return web.Fix("application/json; charset=utf-8", body), err
	})
	if err != nil {
		return err
	}
	document.Send(w, r)
	return nil
}

// jwks serves the public keys (RFC 7517). Caches must ask each time, so that a
// rotation is seen at once.
func (a *API) jwks(w http.ResponseWriter, r *http.Request) error {
	web.AllowOrigin(w, r)
	t := tenant.From(r.Context())
	keys, err := a.keys.Set(r.Context(), t.DB)
	if err != nil {
		return err
	}
	document, err := a.documents.Get(r.Context(), t.DB, string(keys.JWKS), func(context.Context, db.Q) (*web.Fixed, error) {
		return web.Fix("application/jwk-set+json; charset=utf-8", keys.JWKS), nil
	})
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-cache, max-age=0, must-revalidate")
	document.Send(w, r)
	return nil
}
