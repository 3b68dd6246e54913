package mfa

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
	_ "unsafe" // for go:linkname

	"github.com/go-webauthn/webauthn/protocol"
)

// tpmManufacturer has the layout of the library's type of that name: the
// example of the specification names a manufacturer that does not exist.
type tpmManufacturer struct{ id, name, code string }

//go:linkname tpmManufacturers github.com/go-webauthn/webauthn/protocol.tpmManufacturers
var tpmManufacturers []tpmManufacturer

//go:linkname appleRoots github.com/go-webauthn/webauthn/protocol.attAppleHardwareRootsCertPool
var appleRoots *x509.CertPool

//go:linkname androidRoots github.com/go-webauthn/webauthn/protocol.attAndroidKeyHardwareRootsCertPool
var androidRoots *x509.CertPool

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

type vectorFile struct {
	Origin  string   `json:"origin"`
	RPID    string   `json:"rpId"`
	CA      hexBytes `json:"ca"`
	Vectors []vector `json:"vectors"`
}

// vector is one example of WebAuthn L3 section 16; the file has all of them but
// 16.12 (Ed448), an algorithm that neither Go nor the library knows.
type vector struct {
	Section, Name  string
	Registration   struct{ AttestationObject, ClientDataJSON, CredentialID, Challenge hexBytes }
	Authentication struct {
		AuthenticatorData, ClientDataJSON, Signature, CredentialID, Challenge, CredentialPubKey hexBytes
	}
}

// refusals are the examples that we do not accept, and why.
var refusals = map[string]string{
	"16.8":  "algorithm -35 is not accepted",        // ES384: nobody offers it
	"16.14": "origin not equal KM_ORIGIN_GENERATED", // its authorization lists are empty
}

func TestVectorsOfTheSpecification(t *testing.T) {
	raw, err := os.ReadFile("testdata/webauthn-level-3.json")
	if err != nil {
		t.Fatal(err)
	}
	var file vectorFile
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	ca, err := x509.ParseCertificate(file.CA)
	if err != nil {
		t.Fatal(err)
	}
	appleRoots.AddCert(ca)
	androidRoots.AddCert(ca)
	tpmManufacturers = append(tpmManufacturers, tpmManufacturer{"00000000", "WebAuthn Test", ""})
	if len(file.Vectors) != 14 {
		t.Fatalf("%d vectors", len(file.Vectors))
	}
	for _, v := range file.Vectors {
		t.Run(v.Section+" "+v.Name, func(t *testing.T) { v.check(t, RP{ID: file.RPID, Origin: file.Origin}) })
	}
}

func (v *vector) check(t *testing.T, rp RP) {
	registration := v.Registration
	ch := Challenge{Kind: kindCreate, Value: encode(registration.Challenge), UserID: "u", RPID: rp.ID}
	id := encode(registration.CredentialID)
	create := &RegistrationPayload{Type: "WebAuthn", ID: id, RawID: id, Response: AttestationResponse{
		ClientDataJSON: encode(registration.ClientDataJSON), AttestationObject: encode(registration.AttestationObject),
	}}
	lax := policy{crossOrigin: true}
	credential, err := verifyRegistration(rp, ch, 1, create, lax)
	if want := refusals[v.Section]; want != "" {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("got %v, want %q", err, want)
		}
		return
	}
	if err != nil {
		t.Fatalf("registration: %v", err)
	}
	if !bytes.Equal(credential.PublicKey, v.Authentication.CredentialPubKey) {
		t.Errorf("public key %x, want %x", credential.PublicKey, v.Authentication.CredentialPubKey)
	}

	authentication := v.Authentication
	ch = Challenge{Kind: kindGet, Value: encode(authentication.Challenge), UserID: "u", RPID: rp.ID}
	get := &AuthenticationPayload{Type: "WebAuthn", ID: id, RawID: id, Response: AssertionResponse{
		ClientDataJSON: encode(authentication.ClientDataJSON), AuthenticatorData: encode(authentication.AuthenticatorData),
		Signature: encode(authentication.Signature),
	}}
	assertion, err := verifyAuthentication(rp, ch, []Credential{*credential}, get, lax)
	if err != nil {
		t.Fatalf("authentication: %v", err)
	}
	if assertion.Credential.ID != credential.ID {
		t.Error("another credential")
	}

	// What the product makes of it: frames and unverified users are refused.
	var data protocol.AuthenticatorData
	if err := data.Unmarshal(authentication.AuthenticatorData); err != nil {
		t.Fatal(err)
	}
	framed := bytes.Contains(authentication.ClientDataJSON, []byte(`"crossOrigin":true`))
	_, err = verifyAuthentication(rp, ch, []Credential{*credential}, get, strict)
	if acceptable := !framed && data.Flags.HasUserVerified(); (err == nil) != acceptable {
		t.Errorf("strict policy: %v, acceptable %v", err, acceptable)
	}
}
