package mfa

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// policy is what a ceremony insists on. The product uses strict alone; the
// specification's examples need more room.
type policy struct {
	userVerification bool
	crossOrigin      bool
}

var strict = policy{userVerification: true}

// checkClientData performs the steps that registration and authentication share
// (WebAuthn L3 sections 7.1 steps 5 to 12 and 7.2 steps 7 to 14) and returns the
// hash that the authenticator signed.
func checkClientData(encoded string, ch Challenge, origins []string, p policy) ([]byte, error) {
	raw, err := decode(encoded)
	if err != nil {
		return nil, fmt.Errorf("clientDataJSON: %w", err)
	}
	if !utf8.Valid(raw) {
		return nil, errors.New("clientDataJSON is not UTF-8")
	}
	// A map keeps property names exact; encoding/json would fold their case
	// when it fills a struct.
	var properties map[string]json.RawMessage
	if err := json.Unmarshal(raw, &properties); err != nil {
		return nil, fmt.Errorf("clientDataJSON: %w", err)
	}
	kind, err := text(properties, "type")
	if err != nil {
		return nil, err
	}
	if kind != ch.Kind {
		return nil, fmt.Errorf("unexpected ceremony type %q, expected %q", kind, ch.Kind)
	}
	challenge, err := text(properties, "challenge")
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(challenge), []byte(ch.Value)) != 1 {
		return nil, errors.New("unexpected challenge")
	}
	origin, err := text(properties, "origin")
	if err != nil {
		return nil, err
	}
	if !slices.Contains(origins, origin) {
		return nil, fmt.Errorf("unexpected origin %q", origin)
	}
	if err := checkEmbedding(properties, p); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	return sum[:], nil
}

// checkEmbedding refuses ceremonies made inside a foreign page's frame.
func checkEmbedding(properties map[string]json.RawMessage, p policy) error {
	var crossOrigin bool
	if raw, present := properties["crossOrigin"]; present {
		if err := json.Unmarshal(raw, &crossOrigin); err != nil {
			return fmt.Errorf("crossOrigin: %w", err)
		}
	}
	_, hasTop := properties["topOrigin"]
	if hasTop && !crossOrigin {
		return errors.New("topOrigin without crossOrigin")
	}
	if (crossOrigin || hasTop) && !p.crossOrigin {
		return errors.New("the ceremony was made in a cross-origin frame")
	}
	return nil
}

func text(properties map[string]json.RawMessage, name string) (string, error) {
	raw, present := properties[name]
	if !present {
		return "", fmt.Errorf("client data without %s", name)
	}
	// A null would leave the string empty without an error.
	var value *string
	if err := json.Unmarshal(raw, &value); err != nil || value == nil {
		return "", fmt.Errorf("client data: %s is no string", name)
	}
	return *value, nil
}
