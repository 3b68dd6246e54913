package softkey

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"math/big"
	"sync"
	"time"

	"signet/internal/platform/clock"
)

// Statement is an attestation statement before it is encoded (WebAuthn L3
// section 8).
type Statement struct {
	Format string
	// Fields in order; a nil value leaves the field out.
	Fields []Field
}

// Field is one entry of a Statement: an int, int64, []byte, string or [][]byte.
type Field struct {
	Name  string
	Value any
}

// Get returns the value of a field.
func (s *Statement) Get(name string) any {
	for _, f := range s.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return nil
}

// Set replaces the value of a field, or adds it.
func (s *Statement) Set(name string, value any) {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			s.Fields[i].Value = value
			return
		}
	}
	s.Fields = append(s.Fields, Field{name, value})
}

// Flip changes one bit in the middle of a field of bytes.
func (s *Statement) Flip(name string) {
	raw := bytes.Clone(s.Get(name).([]byte))
	raw[len(raw)/2] ^= 1
	s.Set(name, raw)
}

func (s *Statement) encode() []byte {
	var pairs []any
	for _, f := range s.Fields {
		if f.Value != nil {
			pairs = append(pairs, f.Name, f.Value)
		}
	}
	return Map(pairs...)
}

func (k *Key) attest(c *Ceremony, authData, hash []byte) *Statement {
	signed := append(bytes.Clone(authData), hash...)
	switch k.Format {
	case None:
		return &Statement{Format: "none"}
	case PackedSelf:
		return &Statement{"packed", []Field{{"alg", k.Algorithm}, {"sig", c.credential.sign(signed)}}}
	case Packed:
		key := newP256()
		return &Statement{"packed", []Field{{"alg", ES256}, {"sig", signWith(key, signed)},
			{"x5c", [][]byte{PackedCertificate(key, k.AAGUID[:])}}}}
	case U2F:
		return c.attestU2F(hash)
	case TPM:
		return c.attestTPM(signed)
	case Android:
		return &Statement{"android-key", []Field{{"alg", k.Algorithm}, {"sig", c.credential.sign(signed)},
			{"x5c", [][]byte{androidCertificate(c.credential.signer.Public(), hash)}}}}
	case Apple:
		nonce := sha256.Sum256(signed)
		return &Statement{"apple", []Field{{"x5c", [][]byte{appleCertificate(c.credential.signer.Public(), nonce[:])}}}}
	default:
		panic("softkey: unknown attestation format")
	}
}

func (c *Ceremony) attestU2F(hash []byte) *Statement {
	key := newP256()
	x, y := coordinates(c.credential.signer.Public().(*ecdsa.PublicKey))
	rp := sha256.Sum256([]byte(c.RPID))
	signed := append([]byte{0}, rp[:]...)
	signed = append(append(append(signed, hash...), c.CredentialID...), 4)
	signed = append(append(signed, x...), y...)
	certificate := issue(&x509.Certificate{Subject: pkix.Name{CommonName: "Soft U2F"}}, key.Public(), key, nil)
	return &Statement{"fido-u2f", []Field{{"x5c", [][]byte{certificate}}, {"sig", signWith(key, signed)}}}
}

// attestTPM certifies the credential key as a TPM 2.0 would: TPM2_Certify of
// Trusted Platform Module Library part 3 section 18.2.
func (c *Ceremony) attestTPM(signed []byte) *Statement {
	aik := newP256()
	pubArea := tpmPublic(c.credential.signer.Public())
	extra := sha256.Sum256(signed)
	certInfo := tpmAttest(pubArea, extra[:])
	return &Statement{"tpm", []Field{
		{"ver", "2.0"}, {"alg", ES256}, {"x5c", [][]byte{AIKCertificate(aik)}},
		{"sig", signWith(aik, certInfo)}, {"certInfo", certInfo}, {"pubArea", pubArea},
	}}
}

// tpmPublic encodes a TPMT_PUBLIC.
func tpmPublic(public crypto.PublicKey) []byte {
	const null, sha256Alg = 0x0010, 0x000b
	put := binary.BigEndian.AppendUint16
	var kind uint16 = 0x0023 // ECC
	if _, isRSA := public.(*rsa.PublicKey); isRSA {
		kind = 0x0001
	}
	out := put(put(nil, kind), sha256Alg)
	out = binary.BigEndian.AppendUint32(out, 0x00060472) // sign, user auth, fixed
	out = put(out, 0)                                    // no policy
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		x, y := coordinates(key)
		out = put(put(put(put(out, null), null), 0x0003), null) // P-256
		return append(append(out, sized(x)...), sized(y)...)
	case *rsa.PublicKey:
		out = put(put(put(out, null), null), uint16(key.N.BitLen()))
		out = binary.BigEndian.AppendUint32(out, 0) // the default exponent
		return append(out, sized(key.N.Bytes())...)
	default:
		panic("softkey: a TPM holds no such key")
	}
}

// tpmAttest encodes a TPMS_ATTEST that certifies pubArea.
func tpmAttest(pubArea, extra []byte) []byte {
	sum := sha256.Sum256(pubArea)
	name := append([]byte{0x00, 0x0b}, sum[:]...)
	out := []byte{0xff, 'T', 'C', 'G', 0x80, 0x17}
	out = append(out, sized(name)...) // qualified signer
	out = append(out, sized(extra)...)
	out = append(out, make([]byte, 8+4+4+1+8)...) // clock and firmware
	out = append(out, sized(name)...)
	return append(out, sized(name)...)
}

func sized(raw []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(raw))), raw...)
}

var (
	oidAAGUID       = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 4}
	oidAIK          = asn1.ObjectIdentifier{2, 23, 133, 8, 3}
	oidSAN          = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidAndroid      = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 1, 17}
	oidApple        = asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 8, 2}
	oidManufacturer = asn1.ObjectIdentifier{2, 23, 133, 2, 1}
	oidModel        = asn1.ObjectIdentifier{2, 23, 133, 2, 2}
	oidVersion      = asn1.ObjectIdentifier{2, 23, 133, 2, 3}
)

// PackedCertificate makes the attestation certificate of a packed statement
// (WebAuthn L3 section 8.2.1), signed by its own key.
func PackedCertificate(key crypto.Signer, aaguid []byte) []byte {
	return issue(&x509.Certificate{
		Subject: pkix.Name{
			Country: []string{"SE"}, Organization: []string{"Soft Keys"},
			OrganizationalUnit: []string{"Authenticator Attestation"}, CommonName: "Soft Key",
		},
		BasicConstraintsValid: true,
		ExtraExtensions:       []pkix.Extension{{Id: oidAAGUID, Value: der(aaguid)}},
	}, key.Public(), key, nil)
}

// AIKCertificate makes the certificate of an attestation identity key
// (WebAuthn L3 section 8.3.1), signed by its own key.
func AIKCertificate(key crypto.Signer) []byte {
	device := pkix.RDNSequence{
		{{Type: oidManufacturer, Value: "id:FFFFF1D0"}}, {{Type: oidModel, Value: "Soft TPM"}}, {{Type: oidVersion, Value: "id:13"}},
	}
	directoryName := asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 4, IsCompound: true, Bytes: der(device)}
	return issue(&x509.Certificate{
		BasicConstraintsValid: true,
		UnknownExtKeyUsage:    []asn1.ObjectIdentifier{oidAIK},
		ExtraExtensions:       []pkix.Extension{{Id: oidSAN, Critical: true, Value: der([]asn1.RawValue{directoryName})}},
	}, key.Public(), key, nil)
}

// androidCertificate makes the certificate that Android's key store gives a key
// generated for signing (WebAuthn L3 section 8.4.1), issued by Root.
func androidCertificate(public crypto.PublicKey, challenge []byte) []byte {
	type authorizations struct {
		Purpose []int `asn1:"tag:1,explicit,set"`
		Origin  int   `asn1:"tag:702,explicit"`
	}
	description := struct {
		Version       int
		SecurityLevel asn1.Enumerated
		KeyMint       int
		KeyMintLevel  asn1.Enumerated
		Challenge     []byte
		UniqueID      []byte
		Software      struct{}
		TEE           authorizations
	}{Version: 4, SecurityLevel: 1, KeyMint: 4, KeyMintLevel: 1, Challenge: challenge, UniqueID: []byte{},
		TEE: authorizations{Purpose: []int{2}}}
	return issue(&x509.Certificate{
		Subject:         pkix.Name{CommonName: "Soft Keystore Key"},
		ExtraExtensions: []pkix.Extension{{Id: oidAndroid, Value: der(description)}},
	}, public, root().key, root().certificate)
}

// appleCertificate makes the certificate of Apple's anonymous attestation
// (WebAuthn L3 section 8.8), issued by Root.
func appleCertificate(public crypto.PublicKey, nonce []byte) []byte {
	extension := struct {
		Nonce []byte `asn1:"tag:1,explicit"`
	}{nonce}
	return issue(&x509.Certificate{
		Subject:         pkix.Name{CommonName: "Soft Apple Key"},
		ExtraExtensions: []pkix.Extension{{Id: oidApple, Value: der(extension)}},
	}, public, root().key, root().certificate)
}

type authority struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
}

var root = sync.OnceValue(func() authority {
	key := newP256()
	certificate, err := x509.ParseCertificate(issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: "Soft Root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, key.Public(), key, nil))
	must(err)
	return authority{key, certificate}
})

// Root is the authority that issues the certificates of Android and Apple
// statements; nobody trusts it unless told to.
func Root() *x509.Certificate { return root().certificate }

// issue signs a certificate for public; a nil parent means that it signs itself.
func issue(template *x509.Certificate, public crypto.PublicKey, signer crypto.Signer, parent *x509.Certificate) []byte {
	template.SerialNumber = new(big.Int).SetBytes(random(16))
	// Attestation certificates are checked against the machine's clock.
	template.NotBefore = clock.System().Add(-time.Hour)
	template.NotAfter = clock.System().Add(24 * time.Hour)
	if parent == nil {
		parent = template
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	must(err)
	return raw
}

func der(value any) []byte {
	raw, err := asn1.Marshal(value)
	must(err)
	return raw
}
