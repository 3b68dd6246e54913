package dpop

import (
	"encoding/base64"
	"strconv"
	"time"

	"signet/internal/platform/crypt"
	"signet/internal/tenant"
)

// noncePeriod is how long one nonce is given out; it counts for one period more.
const noncePeriod = 2 * time.Minute

// nonce is what proofs must hold now, where a tenant demands it (RFC 9449
// section 8). It is the same for everybody and on every node: it shows that a
// proof was not made long before, which only somebody without our key could not
// know. That a proof is used once is the matter of its jti.
func (v *Verifier) nonce(t *tenant.Tenant, now int64) string {
	return v.nonceOf(t, now/noncePeriod.Milliseconds())
}

func (v *Verifier) nonceOf(t *tenant.Tenant, period int64) string {
	mac := v.Ring.MAC("dpop nonce", t.ID, strconv.FormatInt(period, 10))
	return base64.RawURLEncoding.EncodeToString(mac)
}

// isNonce reports whether a nonce is the present one or the one before.
func (v *Verifier) isNonce(t *tenant.Tenant, now int64, nonce string) bool {
	period := now / noncePeriod.Milliseconds()
	isPresent := crypt.Equal([]byte(nonce), []byte(v.nonceOf(t, period)))
	return crypt.Equal([]byte(nonce), []byte(v.nonceOf(t, period-1))) || isPresent
}
