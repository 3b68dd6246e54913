package mfa_test

import (
	"crypto/x509"
	"sync"
	"testing"
	_ "unsafe" // for go:linkname

	_ "github.com/go-webauthn/webauthn/protocol"

	"signet/internal/mfa/softkey"
)

// The WebAuthn library pins the roots of Android and Apple attestation. The
// tests add a root of their own to its lists, for nobody outside these two
// companies can make such a statement otherwise.
//
//go:linkname androidRoots github.com/go-webauthn/webauthn/protocol.attAndroidKeyHardwareRootsCertPool
var androidRoots *x509.CertPool

//go:linkname appleRoots github.com/go-webauthn/webauthn/protocol.attAppleHardwareRootsCertPool
var appleRoots *x509.CertPool

var trustOnce sync.Once

func trustSoftRoot(t *testing.T) {
	t.Helper()
	trustOnce.Do(func() {
		androidRoots.AddCert(softkey.Root())
		appleRoots.AddCert(softkey.Root())
	})
}
