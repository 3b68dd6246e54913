// Package softkey is a FIDO2 authenticator and its browser in software, for
// tests only: the server must never link it, and a test watches that. It makes
// the answers that a browser would post, and every part of them can be bent: see
// Ceremony.
//
//	key := softkey.New()
//	answer := key.Create("https://auth.example.com", options)   // registration
//	answer := key.Get("https://auth.example.com", options)      // authentication
//
// options is anything that marshals to the JSON options of the server.
package softkey

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
)

// Attestation statement formats that a Key can make.
const (
	None       = "none"
	Packed     = "packed" // with a certificate
	PackedSelf = "packed-self"
	U2F        = "fido-u2f"
	TPM        = "tpm"
	Android    = "android-key"
	Apple      = "apple"
)

// Flags of authenticator data (WebAuthn L3 section 6.1).
const (
	UP byte = 1 << 0
	UV byte = 1 << 2
	BE byte = 1 << 3
	BS byte = 1 << 4
	AT byte = 1 << 6
	ED byte = 1 << 7
)

// Key is an authenticator. Change its fields before a ceremony.
type Key struct {
	// Algorithm of new credentials: ES256, RS256 or EdDSA.
	Algorithm int64
	// Format of attestation, one of the constants above.
	Format string
	AAGUID [16]byte
	// Flags that it sets, UP and UV by default; AT is added where it belongs.
	Flags byte
	// Counter is the last signature counter; it grows with every use unless
	// NoCounter is set.
	Counter    uint32
	NoCounter  bool
	Transports []string
	Attachment string

	credentials []*credential
}

type credential struct {
	id     []byte
	rpID   string
	user   []byte
	signer crypto.Signer
	alg    int64
}

// New returns a security key on USB that verifies its user by PIN and attests
// nothing.
func New() *Key {
	return &Key{
		Algorithm: ES256, Format: None, Flags: UP | UV,
		Transports: []string{"usb"}, Attachment: "cross-platform",
	}
}

// Copy returns a clone of the key with the same credentials and counter, as a
// thief would make one.
func (k *Key) Copy() *Key {
	c := *k
	c.credentials = append([]*credential(nil), k.credentials...)
	return &c
}

// Ceremony is everything that goes into one answer. A tweak changes it before
// it is put together; the hooks change parts of what has been put together.
type Ceremony struct {
	ClientData map[string]any
	// RawClientData replaces the JSON of ClientData.
	RawClientData []byte
	RPID          string
	Flags         byte
	Counter       uint32
	CredentialID  []byte
	// PublicKey is the COSE key.
	PublicKey []byte
	// Extensions is the CBOR of authenticator extensions; it sets ED.
	Extensions []byte

	// AuthData changes the authenticator data before it is signed.
	AuthData func([]byte) []byte
	// Statement changes the attestation statement.
	Statement func(*Statement)
	// Object changes the CBOR of the attestation object.
	Object func([]byte) []byte
	// Signature changes the signature of an authentication.
	Signature func([]byte) []byte
	// Answer changes the JSON that is posted.
	Answer func(map[string]any)

	credential *credential
	key        *Key
}

// Tweak bends one ceremony.
type Tweak func(*Ceremony)

type options struct {
	Challenge string `json:"challenge"`
	RPID      string `json:"rpId"`
	RP        struct {
		ID string `json:"id"`
	} `json:"rp"`
	User struct {
		ID string `json:"id"`
	} `json:"user"`
	Exclude []descriptor `json:"excludeCredentials"`
	Allow   []descriptor `json:"allowCredentials"`
}

type descriptor struct {
	ID string `json:"id"`
}

// ErrExcluded is what a browser reports as InvalidStateError: the authenticator
// holds a credential of the exclude list already.
var ErrExcluded = errors.New("softkey: already registered")

// ErrNoCredential is what a browser reports when no credential fits.
var ErrNoCredential = errors.New("softkey: no credential")

// Create answers registration options on a page of origin. It panics if the
// options cannot be read or the key holds an excluded credential.
func (k *Key) Create(origin string, opts any, tweaks ...Tweak) map[string]any {
	answer, err := k.TryCreate(origin, opts, tweaks...)
	if err != nil {
		panic(err)
	}
	return answer
}

// TryCreate is Create, but returns ErrExcluded.
func (k *Key) TryCreate(origin string, opts any, tweaks ...Tweak) (map[string]any, error) {
	o := read(opts)
	if k.pick(o.RP.ID, o.Exclude) != nil && len(o.Exclude) > 0 {
		return nil, ErrExcluded
	}
	user, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	if err != nil {
		return nil, err
	}
	cred := &credential{id: random(32), rpID: o.RP.ID, user: user, signer: newSigner(k.Algorithm), alg: k.Algorithm}
	c := k.ceremony("webauthn.create", origin, o.Challenge, cred, tweaks)
	k.credentials = append(k.credentials, cred)

	clientData := c.clientData()
	authData := c.authData(true)
	hash := sha256.Sum256(clientData)
	statement := k.attest(c, authData, hash[:])
	if c.Statement != nil {
		c.Statement(statement)
	}
	object := Map("fmt", statement.Format, "attStmt", Raw(statement.encode()), "authData", authData)
	if c.Object != nil {
		object = c.Object(object)
	}
	response := map[string]any{
		"clientDataJSON": b64(clientData), "attestationObject": b64(object),
		"publicKeyAlgorithm": k.Algorithm, "authenticatorData": b64(authData),
	}
	if k.Transports != nil {
		response["transports"] = k.Transports
	}
	answer := k.answer(c, response)
	answer["clientExtensionResults"] = map[string]any{"credProps": map[string]any{"rk": true}}
	c.finish(answer)
	return answer, nil
}

// Get answers authentication options on a page of origin with the first
// credential that fits. It panics if there is none.
func (k *Key) Get(origin string, opts any, tweaks ...Tweak) map[string]any {
	answer, err := k.TryGet(origin, opts, tweaks...)
	if err != nil {
		panic(err)
	}
	return answer
}

// TryGet is Get, but returns ErrNoCredential.
func (k *Key) TryGet(origin string, opts any, tweaks ...Tweak) (map[string]any, error) {
	o := read(opts)
	cred := k.pick(o.RPID, o.Allow)
	if cred == nil {
		return nil, ErrNoCredential
	}
	return k.sign(origin, o.Challenge, cred, tweaks), nil
}

// Sign answers an authentication with the newest credential, whether the
// options allow it or not.
func (k *Key) Sign(origin string, opts any, tweaks ...Tweak) map[string]any {
	return k.sign(origin, read(opts).Challenge, k.credentials[len(k.credentials)-1], tweaks)
}

func (k *Key) sign(origin, challenge string, cred *credential, tweaks []Tweak) map[string]any {
	c := k.ceremony("webauthn.get", origin, challenge, cred, tweaks)
	clientData := c.clientData()
	authData := c.authData(false)
	hash := sha256.Sum256(clientData)
	signature := cred.sign(append(bytes.Clone(authData), hash[:]...))
	if c.Signature != nil {
		signature = c.Signature(signature)
	}
	answer := k.answer(c, map[string]any{
		"clientDataJSON": b64(clientData), "authenticatorData": b64(authData),
		"signature": b64(signature), "userHandle": b64(cred.user),
	})
	c.finish(answer)
	return answer
}

func (k *Key) pick(rpID string, list []descriptor) *credential {
	for _, cred := range k.credentials {
		if cred.rpID != rpID {
			continue
		}
		for _, d := range list {
			if d.ID == b64(cred.id) {
				return cred
			}
		}
		if len(list) == 0 {
			return cred
		}
	}
	return nil
}

func (k *Key) ceremony(kind, origin, challenge string, cred *credential, tweaks []Tweak) *Ceremony {
	if !k.NoCounter {
		k.Counter++
	}
	c := &Ceremony{
		ClientData: map[string]any{"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false},
		RPID:       cred.rpID, Flags: k.Flags, Counter: k.Counter,
		CredentialID: cred.id, PublicKey: cred.cose(), credential: cred, key: k,
	}
	for _, tweak := range tweaks {
		tweak(c)
	}
	cred.id = c.CredentialID
	return c
}

func (c *Ceremony) clientData() []byte {
	if c.RawClientData != nil {
		return c.RawClientData
	}
	raw, err := json.Marshal(c.ClientData)
	must(err)
	return raw
}

func (c *Ceremony) authData(attested bool) []byte {
	hash := sha256.Sum256([]byte(c.RPID))
	flags := c.Flags
	if attested {
		flags |= AT
	}
	if len(c.Extensions) > 0 {
		flags |= ED
	}
	data := append(hash[:], flags)
	data = binary.BigEndian.AppendUint32(data, c.Counter)
	if attested {
		data = append(data, c.key.AAGUID[:]...)
		data = binary.BigEndian.AppendUint16(data, uint16(len(c.CredentialID)))
		data = append(append(data, c.CredentialID...), c.PublicKey...)
	}
	data = append(data, c.Extensions...)
	if c.AuthData != nil {
		data = c.AuthData(data)
	}
	return data
}

func (k *Key) answer(c *Ceremony, response map[string]any) map[string]any {
	answer := map[string]any{
		"type": "WebAuthn", "id": b64(c.CredentialID), "rawId": b64(c.CredentialID),
		"response": response, "clientExtensionResults": map[string]any{},
	}
	if k.Attachment != "" {
		answer["authenticatorAttachment"] = k.Attachment
	}
	return answer
}

func (c *Ceremony) finish(answer map[string]any) {
	if c.Answer != nil {
		c.Answer(answer)
	}
}

func read(opts any) options {
	raw, err := json.Marshal(opts)
	must(err)
	var o options
	must(json.Unmarshal(raw, &o))
	return o
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func random(n int) []byte {
	raw := make([]byte, n)
	_, _ = rand.Read(raw)
	return raw
}

func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("softkey: %v", err))
	}
}
