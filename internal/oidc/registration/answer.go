package registration

import (
	"context"
	"errors"
	"net/url"

	"signet/internal/application"
	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/tenant"
)

// Answer is client information (RFC 7591 section 3.2.1, RFC 7592 section 3): what
// is registered now, whoever has changed it.
type Answer struct {
	ClientID string `json:"client_id"`
	IssuedAt int64  `json:"client_id_issued_at"` // seconds
	// Secret is there for clients that authenticate with one, and until when it is
	// good, in seconds; 0 is for good.
	Secret          string `json:"client_secret,omitempty"`
	SecretExpiresAt *int64 `json:"client_secret_expires_at,omitempty"`

	RegistrationToken string `json:"registration_access_token"`
	RegistrationURI   string `json:"registration_client_uri"`
	// Scope is everything that the client may ask for at this moment.
	Scope string `json:"scope"`

	metadata
}

// answer returns what is registered for a client whose registration access token
// is value.
func (e *Engine) answer(ctx context.Context, q db.Q, t *tenant.Tenant, app *application.Application, value string) (*Answer, error) {
	ceiling, err := client.CeilingOf(ctx, q, &client.Client{ID: app.ID, IsThirdParty: true, IsSelfRegistered: true})
	if err != nil {
		return nil, err
	}
	a := &Answer{
		ClientID: app.ID, IssuedAt: app.CreatedAt / 1000, Scope: ceiling.All(),
		RegistrationToken: value, RegistrationURI: t.URL(proto.PathRegistration + "/" + url.PathEscape(app.ID)), metadata: *described(app),
	}
	look, err := application.ExperienceOf(ctx, q, app.ID)
	switch {
	case err == nil:
		a.TermsURI, a.PolicyURI = text(look.TermsOfUseURL), text(look.PrivacyPolicyURL)
	case !errors.Is(err, application.ErrNotFound):
		return nil, err
	}
	secret, err := e.secretOf(ctx, q, app)
	if err != nil || secret == nil {
		return a, err
	}
	a.Secret, a.SecretExpiresAt = secret.Value, new(int64)
	if secret.ExpiresAt != nil {
		*a.SecretExpiresAt = *secret.ExpiresAt / 1000
	}
	return a, nil
}

// described are the metadata of an application.
func described(app *application.Application) *metadata {
	m := &metadata{
		RedirectURIs: app.OIDC.RedirectURIs, PostLogoutRedirectURIs: app.OIDC.PostLogoutRedirectURIs,
		GrantTypes: app.Registration.GrantTypes, ResponseTypes: []string{}, AuthMethod: app.Registration.AuthMethod,
		AuthAlgorithm: app.Custom.TokenEndpointAuthSigningAlg, ApplicationType: typeWeb, Name: app.Name, LogoURI: app.OIDC.LogoURI,
		JWKS: app.Custom.JWKS, JWKSURI: app.Custom.JWKSURI, IDTokenAlgorithm: app.Custom.IDTokenSignedResponseAlg,
		BackchannelURI: app.OIDC.BackchannelLogoutURI, BackchannelSession: app.OIDC.RequiresSession(),
		RequiresSigned: application.IsTrue(app.Custom.RequireSignedRequestObject),
		RequiresPushed: application.IsTrue(app.Custom.RequirePushedAuthorizationRequests),
		RequiresDPoP:   application.IsTrue(app.Custom.DPoPBoundAccessTokens),
	}
	// Operators may have changed how it proves to be itself.
	if method := app.Custom.TokenEndpointAuthMethod; method != "" {
		m.AuthMethod = method
	} else if m.AuthMethod == application.AuthSecretJWT || m.AuthMethod == application.AuthPrivateKeyJWT {
		m.AuthMethod = proto.AuthBasic
	}
	if m.signsIn() {
		m.ResponseTypes = []string{responseCode}
	}
	if app.Type == application.Native {
		m.ApplicationType = typeNative
	}
	return m
}

// secretOf returns the oldest secret of a client that is good now; nil if there is
// none, or the client does not authenticate with one.
func (e *Engine) secretOf(ctx context.Context, q db.Q, app *application.Application) (*application.PublishedSecret, error) {
	method := described(app).AuthMethod
	if method == proto.AuthNone || method == application.AuthPrivateKeyJWT {
		return nil, nil
	}
	secrets, err := application.NamedSecrets(ctx, q, e.Ring, app.ID)
	if err != nil {
		return nil, err
	}
	now := e.Clock.Millis()
	for i := range secrets {
		if s := &secrets[i]; s.ExpiresAt == nil || *s.ExpiresAt > now {
			return s, nil
		}
	}
	return nil, nil
}

// checkOwn refuses to change a client into another, and members that are not the
// client's to set (RFC 7592 section 2.2).
func (e *Engine) checkOwn(ctx context.Context, q db.Q, m *metadata, app *application.Application) error {
	for _, member := range [][]byte{m.sent.RegistrationToken, m.sent.RegistrationURI, m.sent.IssuedAt, m.sent.SecretExpiresAt} {
		if member != nil {
			return invalid("a member of the answer is not for a client to send")
		}
	}
	switch {
	case m.sent.ClientID != app.ID:
		return invalid("client_id must be that of the client")
	case m.kind() != app.Type, m.isDevice() != application.IsTrue(app.Custom.IsDeviceFlow):
		return invalid("the client cannot become one of another kind: register another")
	case m.sent.Secret == "":
		return nil
	}
	secret, err := e.secretOf(ctx, q, app)
	if err == nil && (secret == nil || !crypt.Equal(crypt.Hash(secret.Value), crypt.Hash(m.sent.Secret))) {
		err = invalid("client_secret is not the client's")
	}
	return err
}

func text(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}
