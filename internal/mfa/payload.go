package mfa

// RegistrationPayload is a browser's answer to CreationOptions. Its field tags
// are its validation; the limits leave room for the longest certificate chains
// that authenticators send.
type RegistrationPayload struct {
	Type                    string              `json:"type" check:"enum=WebAuthn"`
	ID                      string              `json:"id" check:"min=1,max=1364"`
	RawID                   string              `json:"rawId" check:"min=1,max=1364"`
	Response                AttestationResponse `json:"response"`
	AuthenticatorAttachment *string             `json:"authenticatorAttachment,omitempty" check:"enum=platform|cross-platform"`
	ClientExtensionResults  map[string]any      `json:"clientExtensionResults"`
}

// AttestationResponse is the authenticator's part of a registration. Only the
// first two properties and the transports are used; the others are conveniences
// for servers that do not read CBOR and would only contradict the signed ones.
type AttestationResponse struct {
	ClientDataJSON     string   `json:"clientDataJSON" check:"min=1,max=8192"`
	AttestationObject  string   `json:"attestationObject" check:"min=1,max=65536"`
	AuthenticatorData  *string  `json:"authenticatorData,omitempty" check:"max=65536"`
	Transports         []string `json:"transports,omitempty" check:"items=16,enum=usb|nfc|ble|internal|cable|hybrid|smart-card"`
	PublicKeyAlgorithm *int64   `json:"publicKeyAlgorithm,omitempty"`
	PublicKey          *string  `json:"publicKey,omitempty" check:"max=8192"`
}

// AuthenticationPayload is a browser's answer to RequestOptions.
type AuthenticationPayload struct {
	Type                    string            `json:"type" check:"enum=WebAuthn"`
	ID                      string            `json:"id" check:"min=1,max=1364"`
	RawID                   string            `json:"rawId" check:"min=1,max=1364"`
	Response                AssertionResponse `json:"response"`
	AuthenticatorAttachment *string           `json:"authenticatorAttachment,omitempty" check:"enum=platform|cross-platform"`
	ClientExtensionResults  map[string]any    `json:"clientExtensionResults"`
}

// AssertionResponse is the authenticator's part of an authentication.
type AssertionResponse struct {
	ClientDataJSON    string  `json:"clientDataJSON" check:"min=1,max=8192"`
	AuthenticatorData string  `json:"authenticatorData" check:"min=1,max=65536"`
	Signature         string  `json:"signature" check:"min=1,max=16384"`
	UserHandle        *string `json:"userHandle,omitempty" check:"max=128"`
}
