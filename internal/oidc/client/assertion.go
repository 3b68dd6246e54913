package client

import (
	"context"
	"net/http"
	"slices"

	"github.com/go-jose/go-jose/v4/jwt"

	"signet/internal/application"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/replay"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
	"signet/internal/tenant"
)

const (
	// assertionType is the client_assertion_type of a JWT (RFC 7523 section 2.2).
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// assertionJWT is the typ that tells an assertion from any other JWT.
	assertionJWT = "client-authentication+jwt"
	// assertionRealm is that of package replay in which assertions count.
	assertionRealm = "client-assertion"
)

// audiences are whom an assertion in a request may be for: the issuer, the token
// endpoint (RFC 7523 section 3) and the endpoint that is called (RFC 9126
// section 2). Whatever else it names could use it here.
func audiences(t *tenant.Tenant, r *http.Request) []string {
	return []string{t.Issuer(), t.URL(proto.PathToken), t.URL(r.URL.Path)}
}

// assertedCredentials takes the client's id from the assertion, which the body
// may leave out (RFC 7521 section 4.2).
func assertedCredentials(ctx context.Context, p proto.Params) (credentials, error) {
	raw, err := p.Require("client_assertion")
	switch {
	case err != nil:
		return credentials{}, err
	case p.Get("client_assertion_type") != assertionType:
		return credentials{}, proto.ErrInvalidRequest.Describe("client_assertion_type must have the value %s", assertionType)
	case p.Has("client_secret"):
		return credentials{}, errSeveralMechanisms
	}
	id, err := subjectOf(raw)
	if err != nil {
		return credentials{}, because(ctx, proto.ErrClientAuthentication, err)
	}
	if p.Has("client_id") && p.Get("client_id") != id {
		return credentials{}, proto.ErrInvalidRequest.Describe("client_id mismatch")
	}
	return credentials{id: id, assertion: raw}, nil
}

// subjectOf returns the client that an assertion claims to be of. Nothing is
// checked yet: it only says whose keys to try.
func subjectOf(raw string) (string, error) {
	token, err := parseJWT(raw, slices.Concat(application.SecretAlgorithms, application.KeyAlgorithms), assertionJWT)
	if err != nil {
		return "", err
	}
	var claims jwt.Claims
	if err := token.UnsafeClaimsWithoutVerification(&claims); err != nil {
		return "", reason(err.Error())
	}
	if claims.Subject == "" {
		return "", errSubject
	}
	return claims.Subject, nil
}

// checkAssertion has a client prove to be itself by what it has signed, and spends
// the assertion. Its subject is the client, which was found by that. It returns
// the name of the secret that the client signed with, "" if with a private key.
func (d *Directory) checkAssertion(ctx context.Context, q db.Q, now int64, c *Client, raw string, audiences []string) (secret string, err error) {
	var claims jwt.Claims
	if c.authMethod == application.AuthSecretJWT {
		secret, err = d.verifyWithSecret(q, now, c, raw, &claims)
	} else {
		err = d.verifyWithKey(ctx, c, raw, &claims)
	}
	if err != nil {
		return "", because(ctx, proto.ErrClientAuthentication, err)
	}
	err = c.check(&claims, audiences, now)
	switch {
	case err != nil:
	case claims.ID == "":
		err = errNoID
	default:
		err = d.spend(ctx, q, c, &claims)
	}
	return secret, because(ctx, proto.ErrClientAuthentication, err)
}

// verifyWithSecret tries every secret of the client and returns the name of the
// one that has signed.
func (d *Directory) verifyWithSecret(q db.Q, now int64, c *Client, raw string, claims *jwt.Claims) (string, error) {
	token, err := parseJWT(raw, c.algorithms(application.SecretAlgorithms), assertionJWT)
	if err != nil {
		return "", err
	}
	for i := range c.secrets {
		s := &c.secrets[i]
		if s.Kind == application.KindInternal {
			continue
		}
		value, err := s.Open(d.options.Ring, q.TenantID(), c.ID)
		if err != nil {
			return "", err
		}
		if token.Claims([]byte(value), claims) == nil {
			return s.Name, checkExpiry(s, now)
		}
	}
	return "", errSignature
}

func (d *Directory) verifyWithKey(ctx context.Context, c *Client, raw string, claims *jwt.Claims) error {
	token, err := parseJWT(raw, c.algorithms(application.KeyAlgorithms), assertionJWT)
	if err != nil {
		return err
	}
	return d.verify(ctx, c, token, claims)
}

// algorithms are those of a method that the client may use.
func (c *Client) algorithms(all []string) []string {
	if c.authAlgorithm != "" {
		return []string{c.authAlgorithm}
	}
	return all
}

// spend lets an assertion count once, on whichever node it arrives, until it would
// be refused as expired.
func (d *Directory) spend(ctx context.Context, q db.Q, c *Client, claims *jwt.Claims) error {
	if c.IsUnvetted() {
		err := d.options.Limiter.AllowAddress(ctx, q, d.options.Clock, "assertion", web.Info(ctx).IP, sentinel.Proof)
		if err != nil {
			return err
		}
	}
	until := (int64(*claims.Expiry) + int64(tolerance.Seconds())) * 1000
	fresh, err := replay.Spend(ctx, q, assertionRealm, c.ID+"\n"+claims.ID, until)
	if err == nil && !fresh {
		err = errReplayed
	}
	return err
}
