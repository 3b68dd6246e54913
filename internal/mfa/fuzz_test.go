package mfa_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"testing"

	"signet/internal/mfa"
	"signet/internal/mfa/softkey"
	"signet/internal/platform/web"
)

// FuzzRegistration feeds arbitrary attestation objects and client data: nothing
// may panic, and nothing but the refusals of the package may come back.
func FuzzRegistration(f *testing.F) {
	for _, format := range []string{softkey.None, softkey.PackedSelf, softkey.Packed, softkey.U2F, softkey.TPM, softkey.Android, softkey.Apple} {
		key := softkey.New()
		key.Format = format
		options, _, _ := mfa.RegistrationOptions(rp, owner, nil)
		response := key.Create(origin, options)["response"].(map[string]any)
		f.Add(unbase64(response["attestationObject"]), unbase64(response["clientDataJSON"]))
	}
	f.Fuzz(func(t *testing.T, object, clientData []byte) {
		// The challenge is what the input says, so that deeper checks are reached.
		var client struct{ Challenge string }
		_ = json.Unmarshal(clientData, &client)
		ch := mfa.Challenge{Kind: "webauthn.create", Value: client.Challenge, UserID: userID, RPID: rp.ID}
		if ch.Value == "" {
			ch.Value = "x"
		}
		id := base64.RawURLEncoding.EncodeToString(credentialIDIn(object))
		payload := &mfa.RegistrationPayload{Type: "WebAuthn", ID: id, RawID: id, Response: mfa.AttestationResponse{
			AttestationObject: base64.RawURLEncoding.EncodeToString(object),
			ClientDataJSON:    base64.RawURLEncoding.EncodeToString(clientData),
		}}
		c, err := mfa.VerifyRegistration(rp, ch, now, payload)
		if (c == nil) == (err == nil) || (err != nil && !errors.Is(err, mfa.ErrFailed)) {
			t.Errorf("%v %v", c, err)
		}
	})
}

// credentialIDIn guesses where a credential id stands, to reach deeper checks.
func credentialIDIn(object []byte) []byte {
	const softkeyID = 32
	for i := 0; i+2+softkeyID <= len(object); i++ {
		if object[i] == 0 && object[i+1] == softkeyID {
			return object[i+2 : i+2+softkeyID]
		}
	}
	return []byte{1}
}

// FuzzAuthentication feeds arbitrary authenticator data and signatures: no other
// data than the key has signed may pass.
func FuzzAuthentication(f *testing.F) {
	key := softkey.New()
	options, challenge, _ := mfa.RegistrationOptions(rp, owner, nil)
	credential, err := mfa.VerifyRegistration(rp, challenge, now, through[mfa.RegistrationPayload](f, key.Create(origin, options)))
	if err != nil {
		f.Fatal(err)
	}
	list := []mfa.Credential{*credential}
	request, ch, _ := mfa.AuthenticationOptions(rp, userID, list)
	response := key.Get(origin, request)["response"].(map[string]any)
	clientData := response["clientDataJSON"].(string)
	signed := unbase64(response["authenticatorData"])
	f.Add(signed, unbase64(response["signature"]))
	f.Fuzz(func(t *testing.T, data, signature []byte) {
		id := base64.RawURLEncoding.EncodeToString(credential.CredentialID)
		payload := &mfa.AuthenticationPayload{Type: "WebAuthn", ID: id, RawID: id, Response: mfa.AssertionResponse{
			ClientDataJSON:    clientData,
			AuthenticatorData: base64.RawURLEncoding.EncodeToString(data), Signature: base64.RawURLEncoding.EncodeToString(signature),
		}}
		a, err := mfa.VerifyAuthentication(rp, ch, list, payload)
		if (a == nil) == (err == nil) || (err != nil && !errors.Is(err, mfa.ErrFailed)) {
			t.Errorf("%v %v", a, err)
		}
		if a != nil && !bytes.Equal(data, signed) {
			t.Errorf("passed: %x %x", data, signature)
		}
	})
}

// FuzzPayload feeds arbitrary JSON to the payloads.
func FuzzPayload(f *testing.F) {
	options, _, _ := mfa.RegistrationOptions(rp, owner, nil)
	raw, _ := json.Marshal(softkey.New().Create(origin, options))
	f.Add(raw)
	f.Add([]byte(`{"type":"WebAuthn","clientExtensionResults":{"a":[1,{"b":null}]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var create mfa.RegistrationPayload
		if web.Decode(raw, &create) == nil && (create.Type != "WebAuthn" || create.ID == "" || len(create.Response.Transports) > 16) {
			t.Errorf("accepted %+v", create)
		}
		var get mfa.AuthenticationPayload
		if web.Decode(raw, &get) == nil && get.Response.Signature == "" {
			t.Errorf("accepted %+v", get)
		}
	})
}

func unbase64(value any) []byte {
	raw, err := base64.RawURLEncoding.DecodeString(value.(string))
	if err != nil {
		panic(err)
	}
	return raw
}
