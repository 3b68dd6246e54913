package softkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"sync"
)

// Signature algorithms by their COSE numbers.
const (
	ES256 int64 = -7
	EdDSA int64 = -8
	RS256 int64 = -257
)

// rsaKey is made once: it takes long, and no test minds that keys are equal.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	return key
})

func newSigner(alg int64) crypto.Signer {
	switch alg {
	case ES256:
		return newP256()
	case EdDSA:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		must(err)
		return key
	case RS256:
		return rsaKey()
	default:
		panic("softkey: unknown algorithm")
	}
}

func newP256() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	return key
}

func (c *credential) sign(data []byte) []byte { return signWith(c.signer, data) }

func signWith(signer crypto.Signer, data []byte) []byte {
	var (
		signature []byte
		err       error
	)
	if _, ok := signer.(ed25519.PrivateKey); ok {
		signature, err = signer.Sign(rand.Reader, data, crypto.Hash(0))
	} else {
		sum := sha256.Sum256(data)
		signature, err = signer.Sign(rand.Reader, sum[:], crypto.SHA256)
	}
	must(err)
	return signature
}

// cose encodes the public key (RFC 9052 section 7).
func (c *credential) cose() []byte {
	switch public := c.signer.Public().(type) {
	case *ecdsa.PublicKey:
		x, y := coordinates(public)
		return EC2Key(c.alg, 1, x, y)
	case ed25519.PublicKey:
		return Map(1, 1, 3, c.alg, -1, 6, -2, []byte(public))
	case *rsa.PublicKey:
		return RSAKey(c.alg, public.N.Bytes())
	default:
		panic("softkey: unknown key")
	}
}

// EC2Key encodes a point of curve (1 is P-256) as a COSE key.
func EC2Key(alg int64, curve int, x, y []byte) []byte {
	return Map(1, 2, 3, alg, -1, curve, -2, x, -3, y)
}

// RSAKey encodes a modulus with exponent 65537 as a COSE key.
func RSAKey(alg int64, modulus []byte) []byte {
	return Map(1, 3, 3, alg, -1, modulus, -2, []byte{1, 0, 1})
}

func coordinates(public *ecdsa.PublicKey) (x, y []byte) {
	point, err := public.Bytes() // 0x04 ‖ x ‖ y
	must(err)
	half := (len(point) - 1) / 2
	return point[1 : 1+half], point[1+half:]
}

// Signer returns a fresh P-256 key, for forged certificates.
func Signer() crypto.Signer { return newP256() }
