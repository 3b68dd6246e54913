package mfa

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// RequestOptions is what navigator.credentials.get is called with, binary
// values as base64url (WebAuthn L3 section 5.5).
type RequestOptions struct {
	RPID             string       `json:"rpId"`
	Challenge        string       `json:"challenge"`
	AllowCredentials []Descriptor `json:"allowCredentials"`
	Timeout          int          `json:"timeout"`
	UserVerification string       `json:"userVerification"`
}

// AuthenticationOptions begins an authentication of the user with any of the
// user's credentials; ErrNoCredential if there are none.
func AuthenticationOptions(rp RP, userID string, credentials []Credential) (RequestOptions, Challenge, error) {
	if len(credentials) == 0 {
		return RequestOptions{}, Challenge{}, ErrNoCredential
	}
	ch := newChallenge(kindGet, rp, userID)
	return RequestOptions{
		RPID: rp.ID, Challenge: ch.Value, AllowCredentials: descriptors(credentials),
		Timeout: timeoutMillis, UserVerification: "required",
	}, ch, nil
}

// Assertion is a proof of possession that holds, provided that the counter
// still advances when it is stored: see AdvanceCounter.
type Assertion struct {
	// Credential is the stored credential that was used.
	Credential *Credential
	RPID       string
	SignCount  uint32
	// BackupEligible and BackedUp are the flags of this use (WebAuthn L3
	// section 6.1.3).
	BackupEligible, BackedUp bool
}

// VerifyAuthentication checks an answer to AuthenticationOptions as WebAuthn L3
// section 7.2 demands; credentials are those that the user has now. Every
// failure is ErrFailed; a counter that did not grow is a *CounterError within.
func VerifyAuthentication(rp RP, ch Challenge, credentials []Credential, payload *AuthenticationPayload) (*Assertion, error) {
	if !ch.open(kindGet, rp) {
		return nil, ErrNoPending
	}
	assertion, err := verifyAuthentication(rp, ch, credentials, payload, strict)
	if err != nil {
		return nil, ErrFailed.Wrap(err)
	}
	return assertion, nil
}

func verifyAuthentication(rp RP, ch Challenge, credentials []Credential, payload *AuthenticationPayload, p policy) (*Assertion, error) {
	id, err := credentialID(payload.ID, payload.RawID)
	if err != nil {
		return nil, err
	}
	credential, err := find(credentials, id, ch.UserID, rp)
	if err != nil {
		return nil, err
	}
	if err := checkUserHandle(payload.Response.UserHandle, ch.UserID); err != nil {
		return nil, err
	}
	clientDataHash, err := checkClientData(payload.Response.ClientDataJSON, ch, []string{rp.Origin}, p)
	if err != nil {
		return nil, err
	}
	raw, err := decode(payload.Response.AuthenticatorData)
	if err != nil {
		return nil, fmt.Errorf("authenticatorData: %w", err)
	}
	var data protocol.AuthenticatorData
	if err := data.Unmarshal(raw); err != nil {
		return nil, fmt.Errorf("authenticatorData: %w", err)
	}
	if err := checkAuthenticatorData(&data, rp, p); err != nil {
		return nil, err
	}
	if be := credential.IsBackupEligible; be != nil && *be != data.Flags.HasBackupEligible() {
		return nil, errors.New("backup eligibility has changed")
	}
	if err := checkSignature(credential.PublicKey, append(raw, clientDataHash...), payload.Response.Signature); err != nil {
		return nil, err
	}
	// Last, so that only the holder of the key can raise the alarm.
	if !grows(credential.SignCount, int64(data.Counter)) {
		return nil, &CounterError{CredentialID: credential.ID, Stored: uint32(credential.SignCount), Presented: data.Counter}
	}
	return &Assertion{
		Credential: credential, RPID: rp.ID, SignCount: data.Counter,
		BackupEligible: data.Flags.HasBackupEligible(), BackedUp: data.Flags.HasBackupState(),
	}, nil
}

// find returns the user's credential of that id, if it may answer for rp.
func find(credentials []Credential, id []byte, userID string, rp RP) (*Credential, error) {
	for i := range credentials {
		c := &credentials[i]
		if !bytes.Equal(c.CredentialID, id) {
			continue
		}
		if c.UserID != userID {
			return nil, errors.New("the credential is another user's")
		}
		if c.RPID != nil && *c.RPID != rp.ID {
			return nil, fmt.Errorf("the credential belongs to %s", *c.RPID)
		}
		return c, nil
	}
	return nil, errors.New("the credential was not asked for")
}

// checkUserHandle compares the user handle, which an authenticator may leave
// out when it was told which credentials to use.
func checkUserHandle(handle *string, userID string) error {
	if handle == nil || *handle == "" {
		return nil
	}
	raw, err := decode(*handle)
	if err != nil {
		return fmt.Errorf("userHandle: %w", err)
	}
	if string(raw) != userID {
		return errors.New("the user handle is another user's")
	}
	return nil
}

func checkSignature(publicKey, signed []byte, encoded string) error {
	signature, err := decode(encoded)
	if err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	key, _, err := parsePublicKey(publicKey)
	if err != nil {
		return err
	}
	valid, err := webauthncose.VerifySignature(key, signed, signature)
	if err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	if !valid {
		return errors.New("the signature is wrong")
	}
	return nil
}
