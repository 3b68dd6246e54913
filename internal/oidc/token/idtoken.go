package token

import (
	"encoding/json"
	"errors"
	"maps"
	"time"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/platform/crypt"
)

// IDToken is the content of an ID token (OpenID Connect Core section 2).
type IDToken struct {
	Issuer   string
	Subject  string
	Audience string
	IssuedAt int64 // epoch milliseconds
	TTL      time.Duration
	Nonce    *string
	SID      string // "" leaves it out
	// AuthTime is epoch milliseconds; nil leaves it out.
	AuthTime *int64
	// Authentication becomes acr and amr; nil leaves them out.
	Authentication *Authentication
	// Claims about the user; they cannot replace what is above.
	Claims map[string]any
	// Algorithm is what the application has chosen, "" the primary key's.
	Algorithm string
}

// SignIDToken returns the compact serialisation of an ID token.
func (s *KeySet) SignIDToken(t IDToken) (string, error) {
	claims := make(map[string]any, len(t.Claims)+8)
	maps.Copy(claims, t.Claims)
	issued := t.IssuedAt / 1000
	claims["iss"], claims["sub"], claims["aud"] = t.Issuer, t.Subject, t.Audience
	claims["iat"], claims["exp"] = issued, issued+int64(t.TTL.Seconds())
	if t.Nonce != nil {
		claims["nonce"] = *t.Nonce
	}
	if t.SID != "" {
		claims["sid"] = t.SID
	}
	if t.AuthTime != nil {
		claims["auth_time"] = *t.AuthTime / 1000
	}
	if t.Authentication != nil {
		claims["acr"], claims["amr"] = t.Authentication.Class, t.Authentication.Methods
	}
	signs, err := s.with(t.Algorithm)
	if err != nil {
		return "", err
	}
	return serialize(signs.id, claims)
}

// serialize returns the compact serialization of signed claims (RFC 7519).
func serialize(by jose.Signer, claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := by.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// maxHint bounds an ID token that a client sends back.
const maxHint = 32 << 10

// errNotIDToken says why a hint is refused, for the log alone.
var errNotIDToken = errors.New("token: not an ID token of this issuer")

// Hint is what an ID token says that a client sends back as id_token_hint.
type Hint struct {
	Subject  string
	Audience string
	SID      string
}

// VerifyHint checks that an ID token was signed with a published key of this
// issuer (RFC 8725): only the algorithm of that very key counts, keys that the
// token brings along are ignored, and other kinds of token are refused. It may
// have expired, since it identifies a past sign-in (OpenID Connect RP-Initiated
// Logout section 2).
func (s *KeySet) VerifyHint(raw, issuer string) (*Hint, error) {
	if len(raw) > maxHint {
		return nil, errNotIDToken
	}
	signed, err := jose.ParseSignedCompact(raw, s.algorithms())
	if err != nil {
		return nil, err
	}
	header := signed.Signatures[0].Protected
	if typ, ok := header.ExtraHeaders[jose.HeaderType]; ok && typ != "JWT" {
		return nil, errNotIDToken
	}
	payload, err := s.verify(signed, header)
	if err != nil {
		return nil, err
	}
	var claims struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Audience string `json:"aud"`
		SID      string `json:"sid"`
		Events   any    `json:"events"` // a logout token has them
	}
	if err := crypt.Unmarshal(payload, &claims); err != nil {
		return nil, err
	}
	if claims.Issuer != issuer || claims.Subject == "" || claims.Audience == "" || claims.Events != nil {
		return nil, errNotIDToken
	}
	return &Hint{Subject: claims.Subject, Audience: claims.Audience, SID: claims.SID}, nil
}

func (s *KeySet) verify(signed *jose.JSONWebSignature, header jose.Header) ([]byte, error) {
	for _, key := range s.public {
		if key.KeyID == header.KeyID && key.Algorithm == header.Algorithm {
			return signed.Verify(key.Key)
		}
	}
	return nil, errNotIDToken
}

func (s *KeySet) algorithms() []jose.SignatureAlgorithm {
	var out []jose.SignatureAlgorithm
	for _, key := range s.public {
		out = append(out, jose.SignatureAlgorithm(key.Algorithm))
	}
	return out
}
