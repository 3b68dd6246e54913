package token

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/platform/crypt"
	"signet/internal/platform/ids"
)

// accessType is the typ of a JWT access token (RFC 9068 section 2.1).
const accessType = "at+jwt"

// maxAccess bounds a JWT access token that is sent back.
const maxAccess = 16 << 10

// AccessJWT is the content of an access token for a resource (RFC 9068 section
// 2.2). It is never stored: it is good until it expires.
type AccessJWT struct {
	Issuer   string
	Subject  string // a user, or the client itself
	Actor    string // the user who acts for the subject, "" for none
	Audience string // the indicator of the resource
	ClientID string
	// OrganizationID is the organization in which the subject acts on a
	// resource, "" for none.
	OrganizationID string
	// Scope is nil in the token of a client that was granted none.
	Scope    *string
	IssuedAt int64 // epoch milliseconds
	TTL      time.Duration
	// KeyThumbprint is the key that the token is bound to (RFC 9449 section 6.1),
	// "" for none.
	KeyThumbprint string
	// Authentication says how the user was authenticated, at AuthTime in epoch
	// milliseconds (RFC 9068 section 2.2.1); nil says nothing.
	Authentication *Authentication
	AuthTime       int64
}

// SignAccess returns the compact serialisation of an access token.
func (s *KeySet) SignAccess(t AccessJWT) (string, error) {
	issued := t.IssuedAt / 1000
	var actor *actorClaim
	if t.Actor != "" {
		actor = &actorClaim{t.Actor}
	}
	var key *confirmation
	if t.KeyThumbprint != "" {
		key = &confirmation{t.KeyThumbprint}
	}
	claims := accessPayload{
		ID: ids.Long(), Issuer: t.Issuer, Subject: t.Subject, Audience: t.Audience, ClientID: t.ClientID,
		Actor: actor, OrganizationID: t.OrganizationID, Scope: t.Scope, Confirmation: key,
		IssuedAt: issued, ExpiresAt: issued + int64(t.TTL.Seconds()),
	}
	if t.Authentication != nil {
		claims.Class, claims.Methods, claims.AuthTime = t.Authentication.Class, t.Authentication.Methods, t.AuthTime/1000
	}
	return serialize(s.access, claims)
}

// accessPayload is the wire form of an AccessJWT. Times are in seconds.
type accessPayload struct {
	ID             string        `json:"jti"`
	Issuer         string        `json:"iss"`
	Subject        string        `json:"sub"`
	Audience       string        `json:"aud"`
	ClientID       string        `json:"client_id"`
	Actor          *actorClaim   `json:"act,omitempty"`
	OrganizationID string        `json:"organization_id,omitempty"`
	Scope          *string       `json:"scope,omitempty"`
	Confirmation   *confirmation `json:"cnf,omitempty"`
	IssuedAt       int64         `json:"iat"`
	ExpiresAt      int64         `json:"exp"`
	NotBefore      int64         `json:"nbf,omitempty"` // of others; ours have none
	Class          string        `json:"acr,omitempty"`
	Methods        []string      `json:"amr,omitempty"`
	AuthTime       int64         `json:"auth_time,omitempty"`
}

// actorClaim is the claim "act" (RFC 8693 section 4.1).
type actorClaim struct {
	Subject string `json:"sub"`
}

// confirmation is the claim "cnf" (RFC 7800) with a key's thumbprint.
type confirmation struct {
	Thumbprint string `json:"jkt"`
}

// AccessClaims are what a verified access token says. Times are epoch
// milliseconds.
type AccessClaims struct {
	Subject, Audience, ClientID, Scope string
	NotBefore, ExpiresAt               int64
	// KeyThumbprint is the key that the token is bound to, "" for none.
	KeyThumbprint string
}

// errNotAccessToken says why a token is refused, for the log alone.
var errNotAccessToken = errors.New("token: not an access token of this issuer")

// VerifyAccess checks that a JWT access token was signed with a published key of
// this issuer (RFC 9068 section 4, RFC 8725): only the algorithm of that very
// key counts, keys that the token brings along are ignored, and other kinds of
// token are refused. Audience, times and scope are the caller's to judge; a
// token without an expiry has expired in 1970.
func (s *KeySet) VerifyAccess(raw, issuer string) (*AccessClaims, error) {
	if len(raw) > maxAccess {
		return nil, errNotAccessToken
	}
	signed, err := jose.ParseSignedCompact(raw, s.algorithms())
	if err != nil {
		return nil, err
	}
	header := signed.Signatures[0].Protected
	if header.ExtraHeaders[jose.HeaderType] != accessType {
		return nil, errNotAccessToken
	}
	payload, err := s.verify(signed, header)
	if err != nil {
		return nil, err
	}
	var claims accessPayload
	if err := crypt.Unmarshal(payload, &claims); err != nil {
		return nil, err
	}
	if claims.Issuer != issuer || claims.ClientID == "" {
		return nil, errNotAccessToken
	}
	out := &AccessClaims{
		Subject: claims.Subject, Audience: claims.Audience, ClientID: claims.ClientID,
		NotBefore: claims.NotBefore * 1000, ExpiresAt: claims.ExpiresAt * 1000,
	}
	if claims.Scope != nil {
		out.Scope = *claims.Scope
	}
	if claims.Confirmation != nil {
		out.KeyThumbprint = claims.Confirmation.Thumbprint
	}
	return out, nil
}

// IssuerOf returns the issuer that a JWT names, "" if it names none. Nothing is
// checked: it only says whose keys to try.
func IssuerOf(raw string) string {
	if len(raw) > maxAccess {
		return ""
	}
	_, rest, _ := strings.Cut(raw, ".")
	encoded, _, _ := strings.Cut(rest, ".")
	payload, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return ""
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if crypt.Unmarshal(payload, &claims) != nil {
		return ""
	}
	return claims.Issuer
}
