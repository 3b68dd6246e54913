package dpop

import (
	stdcrypto "crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"signet/internal/oidc/proto"
	"signet/internal/platform/crypt"
)

// proofType is the typ of a proof (RFC 9449 section 4.2).
const proofType = "dpop+jwt"

// Limits of what a client may send.
const (
	maxProof   = 4096 // bytes; the largest key fits
	maxID      = 256
	minRSABits = 2048
	maxRSABits = 4096
)

// Algorithms are those that a proof may be signed with. None is symmetric, and
// none is RSASSA-PKCS1-v1_5.
var Algorithms = []string{"ES256", "ES384", "ES512", "PS256", "EdDSA"}

var allowed = func() (list []jose.SignatureAlgorithm) {
	for _, name := range Algorithms {
		list = append(list, jose.SignatureAlgorithm(name))
	}
	return list
}()

// curves are those of the ECDSA algorithms (RFC 7518 section 3.4).
var curves = map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}

// proof is what a proof says whose signature is right.
type proof struct {
	ID       string  `json:"jti"`
	Method   string  `json:"htm"`
	URI      string  `json:"htu"`
	IssuedAt float64 `json:"iat"` // seconds
	// Expiry and NotBefore are of every JWT (RFC 7519 sections 4.1.4 and 4.1.5), and
	// nil in most.
	Expiry    *float64 `json:"exp"`
	NotBefore *float64 `json:"nbf"`
	// TokenHash is the hash of the access token beside the proof, "" for none.
	TokenHash string `json:"ath"`
	Nonce     string `json:"nonce"`

	thumbprint string // of the key that signed it
}

func invalid(reason string) error {
	return proto.ErrInvalidDPoPProof.Describe("invalid DPoP proof: %s", reason)
}

// parse reads the DPoP headers of a request, of which there must be one, and
// checks what depends on the proof alone (RFC 9449 section 4.3, 1 to 7).
func parse(headers []string) (*proof, error) {
	if len(headers) != 1 {
		return nil, invalid("there must be exactly one")
	}
	if len(headers[0]) > maxProof {
		return nil, invalid("it is too long")
	}
	signed, err := jose.ParseSignedCompact(headers[0], allowed)
	if err != nil {
		return nil, invalid("it is no JWT with a public key and an algorithm that is supported")
	}
	header := signed.Signatures[0].Protected
	if header.ExtraHeaders[jose.HeaderType] != proofType {
		return nil, invalid("typ must be dpop+jwt")
	}
	key := header.JSONWebKey
	if key == nil || !key.IsPublic() || !fitsAlgorithm(header.Algorithm, key.Key) {
		return nil, invalid("jwk must be a public key that fits the algorithm")
	}
	payload, err := signed.Verify(key)
	if err != nil {
		return nil, invalid("the signature is wrong")
	}
	p := &proof{}
	if err := crypt.Unmarshal(payload, p); err != nil {
		return nil, invalid("its claims cannot be read")
	}
	if p.ID == "" || len(p.ID) > maxID {
		return nil, invalid("jti must have 1 to 256 bytes")
	}
	sum, err := key.Thumbprint(stdcrypto.SHA256)
	p.thumbprint = base64.RawURLEncoding.EncodeToString(sum)
	return p, err
}

// fitsAlgorithm reports whether a key may be used with an algorithm, and is
// neither weak nor so large that it costs too much.
func fitsAlgorithm(algorithm string, key any) bool {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return curves[algorithm] == k.Curve
	case *rsa.PublicKey:
		return algorithm == string(jose.PS256) && k.N.BitLen() >= minRSABits && k.N.BitLen() <= maxRSABits
	case ed25519.PublicKey:
		return algorithm == string(jose.EdDSA)
	}
	return false
}

// fits checks that the proof was made for a request, and now (RFC 9449 section
// 4.3, 8, 9 and 11); now is epoch milliseconds.
func (p *proof) fits(method, uri string, now int64) error {
	seconds := float64(now) / 1000
	switch {
	case p.Method != method:
		return invalid("htm is not the method of the request")
	case !sameURI(p.URI, uri):
		return invalid("htu is not the URI of the request")
	case p.age(now) > maxAge.Seconds(), p.age(now) < -tolerance.Seconds():
		return invalid("iat is not within a minute of now")
	case p.Expiry != nil && *p.Expiry+tolerance.Seconds() <= seconds, p.NotBefore != nil && *p.NotBefore-tolerance.Seconds() > seconds:
		return invalid("exp and nbf do not span now")
	}
	return nil
}

// age is how many seconds ago the proof was made.
func (p *proof) age(now int64) float64 { return float64(now)/1000 - p.IssuedAt }

// expiresAt is when the proof cannot be used any more, in epoch milliseconds.
func (p *proof) expiresAt() int64 {
	return int64(p.IssuedAt*1000) + maxAge.Milliseconds() + time.Second.Milliseconds()
}

// isAbout reports whether the proof was made to send an access token along.
func (p *proof) isAbout(accessToken string) bool {
	sum := sha256.Sum256([]byte(accessToken))
	return crypt.Equal([]byte(p.TokenHash), []byte(base64.RawURLEncoding.EncodeToString(sum[:])))
}

// sameURI compares what a proof names with a URI, without query and fragment,
// normalised (RFC 3986 sections 6.2.2 and 6.2.3).
func sameURI(sent, uri string) bool {
	want, ok := normal(uri)
	got, isURI := normal(sent)
	return ok && isURI && got == want
}

var (
	escape      = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	defaultPort = map[string]string{"http": ":80", "https": ":443"}
)

func normal(uri string) (string, bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || u.User != nil {
		return "", false
	}
	scheme := strings.ToLower(u.Scheme)
	port, known := defaultPort[scheme]
	if !known {
		return "", false
	}
	path := escape.ReplaceAllStringFunc(u.JoinPath().EscapedPath(), func(e string) string {
		if plain, err := url.PathUnescape(e); err == nil && isUnreserved(plain) {
			return plain
		}
		return strings.ToUpper(e)
	})
	return scheme + "://" + strings.TrimSuffix(strings.ToLower(u.Host), port) + "/" + strings.TrimPrefix(path, "/"), true
}

// isUnreserved reports whether a character means the same escaped or not (RFC
// 3986 section 2.3).
func isUnreserved(c string) bool {
	return strings.Contains("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~", c)
}
