package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

const rsaBits = 4096

// NewKey is a generated signing key that is not stored yet. Generating one
// takes long: do it outside a transaction.
type NewKey struct {
	id, algorithm string
	private       []byte // PKCS #8
	public        jose.JSONWebKey
}

// GenerateKey makes a signing key for one of the algorithms.
func GenerateKey(algorithm string) (*NewKey, error) {
	var signer crypto.Signer
	var err error
	switch algorithm {
	case ES256:
		signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case ES384:
		signer, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case ES512:
		signer, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case RS256, PS256:
		signer, err = rsa.GenerateKey(rand.Reader, rsaBits)
	case EdDSA:
		_, signer, err = ed25519.GenerateKey(rand.Reader)
	default:
		err = fmt.Errorf("token: no signing keys for %q", algorithm)
	}
	if err != nil {
		return nil, err
	}
	public := jose.JSONWebKey{Key: signer.Public(), Algorithm: algorithm, Use: "sig"}
	thumbprint, err := public.Thumbprint(crypto.SHA256) // RFC 7638
	if err != nil {
		return nil, err
	}
	public.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)
	private, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		return nil, err
	}
	return &NewKey{id: public.KeyID, algorithm: algorithm, private: private, public: public}, nil
}
