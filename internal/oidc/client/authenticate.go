package client

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"signet/internal/application"
	"signet/internal/oidc/proto"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/tenant"
)

// Authenticated is a client that has proved to be itself, as far as its type
// can.
type Authenticated struct {
	*Client
	// SecretName is which of its secrets it used, also to sign; "" for a client
	// that used none.
	SecretName string
	// Key is the thumbprint of the key that the request proves to hold (RFC 9449),
	// "" for none: what is issued is bound to it.
	Key string
}

// credentials are what a request says about its client.
type credentials struct {
	id, secret string
	hasSecret  bool
	assertion  string // a JWT, "" for none
}

// Authenticate finds out which client sent a request and has it prove to be
// itself by the one method that it is registered for: with a secret in the
// Authorization header or in the body (RFC 6749 section 2.3.1), or with a signed
// assertion (RFC 7523 section 2.2), which is then spent. A client without either
// only names itself. The client is returned beside an error where it is known,
// so that the failure can be put on record.
func (d *Directory) Authenticate(ctx context.Context, t *tenant.Tenant, q db.Q, now int64, r *http.Request, p proto.Params) (*Authenticated, error) {
	sent, err := credentialsOf(r, p)
	if err != nil {
		return nil, err
	}
	c, err := d.ByID(ctx, t, q, sent.id)
	if err != nil {
		return nil, err
	}
	authenticated := &Authenticated{Client: c}
	signs := c.authMethod == application.AuthSecretJWT || c.authMethod == application.AuthPrivateKeyJWT
	switch {
	case signs != (sent.assertion != ""), sent.hasSecret != (c.authMethod == proto.AuthBasic):
		return authenticated, proto.ErrClientAuthentication
	case signs:
		authenticated.SecretName, err = d.checkAssertion(ctx, q, now, c, sent.assertion, audiences(t, r))
		return authenticated, err
	case c.IsPublic():
		return authenticated, nil
	}
	secret, err := c.checkSecret(sent.secret, now)
	if err != nil {
		return authenticated, err
	}
	authenticated.SecretName = secret.Name
	return authenticated, nil
}

// checkSecret returns which of the client's secrets the value is. Every one is
// compared, so that the time tells nothing.
func (c *Client) checkSecret(value string, now int64) (*application.Secret, error) {
	hash := crypt.Hash(value)
	var found *application.Secret
	for i := range c.secrets {
		if crypt.Equal(c.secrets[i].Hash, hash) {
			found = &c.secrets[i]
		}
	}
	if found == nil || found.Kind == application.KindInternal || strings.HasPrefix(value, application.InternalSecret) {
		return nil, proto.ErrClientAuthentication
	}
	return found, checkExpiry(found, now)
}

func checkExpiry(s *application.Secret, now int64) error {
	if s.ExpiresAt != nil && *s.ExpiresAt <= now {
		return proto.ErrInvalidRequest.Describe("client secret has expired")
	}
	return nil
}

// errSeveralMechanisms: RFC 6749 section 2.3 allows one per request.
var errSeveralMechanisms = proto.ErrInvalidRequest.Describe("client authentication must only be provided using one mechanism")

func credentialsOf(r *http.Request, p proto.Params) (credentials, error) {
	header := r.Header.Get("Authorization")
	switch {
	case header != "":
		return basicCredentials(header, p)
	case p.Has("client_assertion") || p.Has("client_assertion_type"):
		return assertedCredentials(r.Context(), p)
	case !p.Has("client_id"):
		return credentials{}, proto.ErrInvalidRequest.Describe("no client authentication mechanism provided")
	}
	return credentials{id: p.Get("client_id"), secret: p.Get("client_secret"), hasSecret: p.Has("client_secret")}, nil
}

func basicCredentials(header string, p proto.Params) (credentials, error) {
	sent, ok := parseBasic(header)
	switch {
	case !ok:
		return credentials{}, proto.ErrInvalidRequest.Describe("invalid authorization header value format")
	case p.Has("client_id") && p.Get("client_id") != sent.id:
		return credentials{}, proto.ErrInvalidRequest.Describe("client_id mismatch")
	case p.Has("client_secret") || p.Has("client_assertion"):
		return credentials{}, errSeveralMechanisms
	}
	return sent, nil
}

// parseBasic reads an Authorization header whose parts are form-encoded before
// they are joined (RFC 6749 section 2.3.1).
func parseBasic(header string) (credentials, bool) {
	scheme, encoded, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Basic") {
		return credentials{}, false
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return credentials{}, false
	}
	id, secret, ok := strings.Cut(string(raw), ":")
	if !ok {
		return credentials{}, false
	}
	id, idErr := url.QueryUnescape(id)
	secret, secretErr := url.QueryUnescape(secret)
	if idErr != nil || secretErr != nil || id == "" || !utf8.ValidString(id) || strings.ContainsRune(id+secret, 0) {
		return credentials{}, false
	}
	return credentials{id: id, secret: secret, hasSecret: true}, true
}
