package browser

import (
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
)

// Key is a security key in the computer that shows the page: CTAP 2 over USB.
type Key struct {
	p  *Page
	id webauthn.AuthenticatorID
}

// KeyOptions describe a security key that is not the usual one. The zero value
// has a PIN that is typed right and is touched at once.
type KeyOptions struct {
	NoPIN    bool // no PIN is set, so the key cannot verify its user
	WrongPIN bool // the person fails to verify
	NoTouch  bool // nobody touches the key: requests wait
	Synced   bool // what it holds is copied to other devices
	Internal bool // the device's own authenticator, not a key
}

// PlugIn gives the page a key until the test ends or Unplug. The page answers
// WebAuthn requests from plugged keys only, and shows no dialog.
func (p *Page) PlugIn(o KeyOptions) *Key {
	p.t.Helper()
	p.must(do(p, webauthn.Enable, webauthn.EnableParams{}))
	transport := webauthn.AuthenticatorTransportUsb
	if o.Internal {
		transport = webauthn.AuthenticatorTransportInternal
	}
	added, err := call(p, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol:                    webauthn.AuthenticatorProtocolCtap2,
			Transport:                   transport,
			HasResidentKey:              true,
			HasUserVerification:         !o.NoPIN,
			IsUserVerified:              !o.NoPIN && !o.WrongPIN,
			AutomaticPresenceSimulation: !o.NoTouch,
			DefaultBackupEligibility:    o.Synced,
			DefaultBackupState:          o.Synced,
		},
	})
	p.must(err)
	return &Key{p: p, id: added.AuthenticatorID}
}

// Unplug takes the key out; what it holds is gone with it.
func (k *Key) Unplug() {
	k.p.t.Helper()
	k.p.must(do(k.p, webauthn.RemoveVirtualAuthenticator, webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: k.id}))
}

// Credentials are what the key holds.
func (k *Key) Credentials() []*webauthn.Credential {
	k.p.t.Helper()
	held, err := call(k.p, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: k.id})
	k.p.must(err)
	return held.Credentials
}

// addCredential is WebAuthn.addCredential with the members that an
// authenticator without extensions takes; the generated parameters always send
// one that it refuses.
var addCredential = cdp.Command[addCredentialParams, cdp.Empty]{Method: webauthn.CommandAddCredential}

type addCredentialParams struct {
	AuthenticatorID webauthn.AuthenticatorID `json:"authenticatorId"`
	Credential      credential               `json:"credential"`
}

type credential struct {
	ID         []byte  `json:"credentialId"`
	IsResident bool    `json:"isResidentCredential"`
	RPID       string  `json:"rpId"`
	PrivateKey []byte  `json:"privateKey"`
	UserHandle []byte  `json:"userHandle,omitempty"`
	SignCount  float64 `json:"signCount"`
}

// Hold puts credentials of another key into this one: the same key in another
// computer, or a cloned one.
func (k *Key) Hold(credentials ...*webauthn.Credential) {
	k.p.t.Helper()
	for _, c := range credentials {
		k.p.must(do(k.p, addCredential, addCredentialParams{AuthenticatorID: k.id, Credential: credential{
			ID: c.CredentialID, IsResident: c.IsResidentCredential, RPID: c.RpID,
			PrivateKey: c.PrivateKey, UserHandle: c.UserHandle, SignCount: c.SignCount,
		}}))
	}
}

// Verifies sets whether the person types the right PIN from now on.
func (k *Key) Verifies(right bool) {
	k.p.t.Helper()
	k.p.must(do(k.p, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: k.id, IsUserVerified: right}))
}

// Forge makes the key answer with a signature of zeros.
func (k *Key) Forge() {
	k.p.t.Helper()
	k.p.must(do(k.p, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: k.id, IsBogusSignature: new(true)}))
}
