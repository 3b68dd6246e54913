// Package dpop judges proofs of possession (RFC 9449): a client shows that it
// holds a key, tokens are bound to that key, and whoever has a bound token
// without the key has nothing. It reads proofs, spends them, and compares keys;
// which tokens are bound is decided by the endpoints.
package dpop

import (
	"context"
	"net/http"
	"time"

	"signet/internal/oidc/proto"
	"signet/internal/oidc/replay"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
	"signet/internal/settings"
	"signet/internal/tenant"
)

// Header carries a proof, NonceHeader the value that the next proof must hold
// (RFC 9449 sections 4.1 and 8.1).
const (
	Header      = "DPoP"
	NonceHeader = "DPoP-Nonce"
)

const (
	// maxAge is how long a proof may be used after it was made.
	maxAge = time.Minute
	// tolerance is how far the clock of a client may be ahead.
	tolerance = 15 * time.Second
	// realm is that of package replay in which proofs count. Their ids are those of
	// a key: another client may choose the same.
	realm = "dpop"
)

// Verifier judges the proofs of requests.
type Verifier struct {
	Clock    clock.Clock
	Ring     *crypt.Keyring
	Settings *settings.Reader
	// Limiter bounds how many proofs of strangers are remembered; nil does not.
	Limiter *sentinel.Limiter
}

// Sender is the client of a request to the provider.
type Sender struct {
	// MustProve says that it must send a proof.
	MustProve bool
	// IsAnybody says that anybody can be the client.
	IsAnybody bool
}

// errMissing refuses a request without the proof that it must carry.
var errMissing = proto.ErrInvalidDPoPProof.Describe("DPoP proof is required")

// IsSent reports whether a request carries a proof, good or bad.
func IsSent(r *http.Request) bool { return len(r.Header.Values(Header)) > 0 }

// KeyOf returns the thumbprint (RFC 7638, SHA-256, base64url) of the key that a
// request to the provider proves to hold, "" for none. A tenant with DPoP
// switched off looks at no proof, unless the client must send one. The errors
// are invalid_dpop_proof and use_dpop_nonce (RFC 9449 sections 5 and 8), and
// sentinel.ErrRateLimited; a tenant that demands nonces tells the next one with
// every answer.
func (v *Verifier) KeyOf(w http.ResponseWriter, r *http.Request, from Sender) (string, error) {
	ctx, t := r.Context(), tenant.From(r.Context())
	config, err := v.Settings.OIDC(ctx, t.DB)
	if err != nil {
		return "", err
	}
	if !config.DPoP.Enabled && !from.MustProve {
		return "", nil
	}
	if !IsSent(r) {
		if from.MustProve {
			return "", errMissing
		}
		return "", nil
	}
	if config.DPoP.NonceRequired {
		w.Header().Set(NonceHeader, v.nonce(t, v.Clock.Millis()))
	}
	p, err := v.read(ctx, r, config.DPoP, "")
	if err != nil {
		return "", err
	}
	if from.IsAnybody {
		if err := v.Limiter.AllowAddress(ctx, t.DB, v.Clock, "proof", web.Info(ctx).IP, sentinel.Proof); err != nil {
			return "", err
		}
	}
	return p.thumbprint, spend(ctx, t.DB, p)
}

// read checks the proof of a request, but for whether it was used before;
// accessToken is the token that it must be about, "" for none. The order is that of
// cost: nothing here needs the database.
func (v *Verifier) read(ctx context.Context, r *http.Request, config settings.DPoP, accessToken string) (*proof, error) {
	t, now := tenant.From(ctx), v.Clock.Millis()
	p, err := parse(r.Header.Values(Header))
	if err != nil {
		return nil, err
	}
	if err := p.fits(r.Method, t.URL(r.URL.EscapedPath()), now); err != nil {
		return nil, err
	}
	if config.NonceRequired && !v.isNonce(t, now, p.Nonce) {
		return nil, proto.ErrUseDPoPNonce.With(web.Headers{NonceHeader: v.nonce(t, now)})
	}
	if accessToken != "" && !p.isAbout(accessToken) {
		return nil, invalid("ath is not the hash of the access token")
	}
	return p, nil
}

// spend lets a proof count once.
func spend(ctx context.Context, q db.Q, p *proof) error {
	fresh, err := replay.Spend(ctx, q, realm, p.thumbprint+"."+p.ID, p.expiresAt())
	if err == nil && !fresh {
		err = invalid("the proof was already used")
	}
	return err
}
