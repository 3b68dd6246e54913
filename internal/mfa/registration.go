package mfa

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"

	"signet/internal/platform/db"
	"signet/internal/platform/ids"
)

// CreationOptions is what navigator.credentials.create is called with, binary
// values as base64url (WebAuthn L3 section 5.4).
type CreationOptions struct {
	Challenge              string        `json:"challenge"`
	RP                     RPEntity      `json:"rp"`
	User                   UserEntity    `json:"user"`
	PubKeyCredParams       []Parameter   `json:"pubKeyCredParams"`
	Timeout                int           `json:"timeout"`
	Attestation            string        `json:"attestation"`
	ExcludeCredentials     []Descriptor  `json:"excludeCredentials"`
	AuthenticatorSelection Selection     `json:"authenticatorSelection"`
	Extensions             CreationInput `json:"extensions"`
}

// RPEntity names the relying party.
type RPEntity struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// UserEntity names the user; ID is base64url of the user id.
type UserEntity struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
}

// Parameter offers a signature algorithm by its COSE number.
type Parameter struct {
	Alg  int    `json:"alg"`
	Type string `json:"type"`
}

// Selection says what the authenticator must be able to do.
type Selection struct {
	ResidentKey        string `json:"residentKey"`
	RequireResidentKey bool   `json:"requireResidentKey"`
	UserVerification   string `json:"userVerification"`
}

// CreationInput asks for client extensions.
type CreationInput struct {
	CredProps bool `json:"credProps"`
}

// RegistrationOptions begins a registration for owner, who already holds the
// existing credentials; ErrTooMany if there can be no further one.
func RegistrationOptions(rp RP, owner Owner, existing []Credential) (CreationOptions, Challenge, error) {
	if len(existing) >= MaxCredentials {
		return CreationOptions{}, Challenge{}, ErrTooMany
	}
	ch := newChallenge(kindCreate, rp, owner.ID)
	return CreationOptions{
		Challenge: ch.Value,
		RP:        RPEntity{ID: rp.ID, Name: rp.ID},
		User:      UserEntity{ID: encode([]byte(owner.ID)), Name: owner.Name, DisplayName: owner.DisplayName},
		PubKeyCredParams: []Parameter{
			{Alg: -7, Type: "public-key"}, {Alg: -257, Type: "public-key"},
		},
		Timeout:            timeoutMillis,
		Attestation:        "none",
		ExcludeCredentials: descriptors(existing),
		AuthenticatorSelection: Selection{
			ResidentKey: "required", RequireResidentKey: true, UserVerification: "required",
		},
		Extensions: CreationInput{CredProps: true},
	}, ch, nil
}

// VerifyRegistration checks an answer to RegistrationOptions as WebAuthn L3
// section 7.1 demands and returns the credential, which is not stored yet. The
// caller fills in what the ceremony does not know: user agent and name. A
// failure is ErrFailed with data {message}.
func VerifyRegistration(rp RP, ch Challenge, now int64, payload *RegistrationPayload) (*Credential, error) {
	if !ch.open(kindCreate, rp) {
		return nil, ErrNoPending
	}
	credential, err := verifyRegistration(rp, ch, now, payload, strict)
	if err != nil {
		message := map[string]string{"message": err.Error()}
		return nil, ErrFailed.With(message).Wrap(err)
	}
	return credential, nil
}

func verifyRegistration(rp RP, ch Challenge, now int64, payload *RegistrationPayload, p policy) (*Credential, error) {
	id, err := credentialID(payload.ID, payload.RawID)
	if err != nil {
		return nil, err
	}
	origins := append([]string{rp.Origin}, rp.RelatedOrigins...)
	clientDataHash, err := checkClientData(payload.Response.ClientDataJSON, ch, origins, p)
	if err != nil {
		return nil, err
	}
	att, err := parseAttestation(payload.Response.AttestationObject)
	if err != nil {
		return nil, err
	}
	if err := checkAuthenticatorData(&att.AuthData, rp, p); err != nil {
		return nil, err
	}
	if !bytes.Equal(att.AuthData.AttData.CredentialID, id) {
		return nil, errors.New("the attested credential id is another one")
	}
	_, algorithm, err := parsePublicKey(att.AuthData.AttData.CredentialPublicKey)
	if err != nil {
		return nil, err
	}
	if err := checkStatement(att, clientDataHash); err != nil {
		return nil, err
	}
	flags := att.AuthData.Flags
	return &Credential{
		ID:                ids.Long(),
		UserID:            ch.UserID,
		RPID:              &rp.ID,
		CredentialID:      id,
		PublicKey:         att.AuthData.AttData.CredentialPublicKey,
		Algorithm:         algorithm,
		SignCount:         int64(att.AuthData.Counter),
		Transports:        db.JSON[[]string]{V: db.Distinct(payload.Response.Transports)},
		AAGUID:            att.AuthData.AttData.AAGUID,
		AttestationFormat: &att.Format,
		IsDiscoverable:    discoverable(payload.ClientExtensionResults),
		IsBackupEligible:  ptr(flags.HasBackupEligible()),
		IsBackedUp:        ptr(flags.HasBackupState()),
		IsUVInitialized:   ptr(flags.HasUserVerified()),
		CreatedAt:         now,
	}, nil
}

// formats are the attestation statements that we can judge (WebAuthn L3
// section 8).
var formats = []string{"none", "packed", "tpm", "android-key", "android-safetynet", "fido-u2f", "apple"}

// parseAttestation reads the CBOR of an attestation object and everything in it.
func parseAttestation(encoded string) (*protocol.AttestationObject, error) {
	raw, err := decode(encoded)
	if err != nil {
		return nil, fmt.Errorf("attestationObject: %w", err)
	}
	var att protocol.AttestationObject
	if err := webauthncbor.Unmarshal(raw, &att); err != nil {
		return nil, fmt.Errorf("attestationObject: %w", err)
	}
	if !slices.Contains(formats, att.Format) {
		return nil, fmt.Errorf("unknown attestation format %q", att.Format)
	}
	if err := att.AuthData.Unmarshal(att.RawAuthData); err != nil {
		return nil, fmt.Errorf("authenticator data: %w", err)
	}
	switch data := att.AuthData.AttData; {
	case !att.AuthData.Flags.HasAttestedCredentialData():
		return nil, errors.New("no attested credential data")
	case len(data.CredentialID) == 0:
		return nil, errors.New("empty credential id")
	}
	return &att, nil
}

// checkStatement verifies the attestation statement. Its issuer is not judged:
// none is asked for, so all that counts is that nothing in it is false.
func checkStatement(att *protocol.AttestationObject, clientDataHash []byte) error {
	android := protocol.AndroidKeyPolicy{AuthorizationScope: protocol.AndroidKeyAuthorizationScopeUnion}
	err := att.VerifyAttestation(clientDataHash, nil, protocol.AttestationPolicy{AndroidKey: android}, protocol.SignaturePolicy{})
	if err != nil {
		return fmt.Errorf("%s attestation: %w", att.Format, detailed(err))
	}
	return nil
}

// detailed adds to an error of the WebAuthn library what its text leaves out.
func detailed(err error) error {
	var e *protocol.Error
	if errors.As(err, &e) && e.Details != "" && e.Details != err.Error() {
		return fmt.Errorf("%w (%s)", err, e.Details)
	}
	return err
}

// credentialID decodes the id of a payload, which names it twice.
func credentialID(id, rawID string) ([]byte, error) {
	if id != rawID {
		return nil, errors.New("id and rawId differ")
	}
	raw, err := decode(id)
	if err != nil || len(raw) == 0 {
		return nil, errors.New("id is not base64url")
	}
	return raw, nil
}

// discoverable reads what the client says about the credential's place
// (credProps, WebAuthn L3 section 10.1.3); nil if it says nothing.
func discoverable(results map[string]any) *bool {
	properties, _ := results["credProps"].(map[string]any)
	if rk, ok := properties["rk"].(bool); ok {
		return &rk
	}
	return nil
}

func ptr[T any](v T) *T { return &v }
