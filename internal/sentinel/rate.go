package sentinel

import (
	"context"
	"math"
	"net/netip"
	"time"

	"golang.org/x/time/rate"

	"signet/internal/platform/bounded"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
)

// Rate is a token bucket: Burst requests at once, then one every Every.
type Rate struct {
	Burst int
	Every time.Duration
}

// What one client address may do. People behind one office address share it.
var (
	SignIn       = Rate{Burst: 100, Every: 2 * time.Second}
	Registration = Rate{Burst: 20, Every: time.Minute}
	Setup        = Rate{Burst: 10, Every: time.Minute}
	// Authorization is how often somebody whom nobody knows yet may begin to sign in
	// from one address: each time is stored for an hour.
	Authorization = Rate{Burst: 600, Every: 100 * time.Millisecond}
	// Step is how often one address may take a step of signing in, on each node: each is
	// on record. A sign-in by password has four.
	Step = Rate{Burst: 600, Every: 100 * time.Millisecond}
	// UserCode is how often one address may name a device's user code: as a guesser
	// it tries 90 of 25 billion before the code expires (RFC 8628 section 5.1).
	UserCode = Rate{Burst: 30, Every: 10 * time.Second}
	// OneUserCode is how often one code may be named, from wherever.
	OneUserCode = Rate{Burst: 30, Every: time.Minute}
	// DeviceAuthorization is how often one address may ask for a code.
	DeviceAuthorization = Rate{Burst: 60, Every: 2 * time.Second}
	// ClientDocument is how often one address may have a client's document fetched.
	ClientDocument = Rate{Burst: 30, Every: 10 * time.Second}
	// ClientRegistration is how many clients one address may register.
	ClientRegistration = Rate{Burst: 20, Every: time.Minute}
	// TokenFailure is how often one address may be refused a token, or give one back,
	// without proof of being a client: each time is on record.
	TokenFailure = Rate{Burst: 600, Every: 100 * time.Millisecond}
	// Proof is how many signed proofs one address may spend for clients that anybody
	// can be: each is remembered until it expires.
	Proof = Rate{Burst: 600, Every: 100 * time.Millisecond}
	// Upload is what one person may upload, or one address before anybody is known.
	Upload = Rate{Burst: 10, Every: 10 * time.Minute}
)

// maxBuckets bounds the buckets in memory; the least used make way.
const maxBuckets = 100_000

// Limiter limits how often one key, usually a client's address, may do
// something. Buckets in memory refuse without touching the database. With
// PostgreSQL, where several nodes may serve one tenant, what they let through is
// counted in the database as well; an SQLite database has one server, whose
// memory is the whole truth. A nil Limiter allows everything. Safe for
// concurrent use.
type Limiter struct {
	buckets *bounded.Map[bucketKey, *rate.Limiter]
}

type bucketKey struct{ tenant, key string }

// NewLimiter returns a Limiter with full buckets.
func NewLimiter() *Limiter {
	return &Limiter{buckets: bounded.New[bucketKey, *rate.Limiter](maxBuckets)}
}

// Allow takes a token from the bucket of key, or returns ErrRateLimited. A key
// always comes with the same rate. Within a transaction, use OnceForAddress.
func (l *Limiter) Allow(ctx context.Context, q db.Q, now clock.Clock, key string, r Rate) error {
	if l == nil {
		return nil
	}
	at := now()
	if !l.allowHere(q.TenantID(), key, at, r) {
		return limited(r)
	}
	return allowEverywhere(ctx, q, at, key, r)
}

// allowHere takes a token from the bucket in memory, false if there is none.
func (l *Limiter) allowHere(tenantID, key string, at time.Time, r Rate) bool {
	bucket := l.buckets.GetOrMake(bucketKey{tenantID, key}, func() *rate.Limiter {
		return rate.NewLimiter(rate.Every(r.Every), r.Burst)
	})
	return bucket.AllowN(at, 1)
}

// allowEverywhere takes a token from the bucket that all nodes share, where there
// may be several; ErrRateLimited if there is none.
func allowEverywhere(ctx context.Context, q db.Q, at time.Time, key string, r Rate) error {
	if q.Dialect() == db.SQLite {
		return nil
	}
	taken, err := take(ctx, q, at, key, r)
	if err == nil && !taken {
		return limited(r)
	}
	return err
}

func limited(r Rate) error {
	seconds := max(1, int(math.Ceil(r.Every.Seconds())))
	return ErrRateLimited.WithArgs(map[string]any{"seconds": seconds}).RetryIn(r.Every)
}

// take refills the bucket for the time that has passed and takes a token, in
// one statement; it changes no row when there is none to take. A bucket of a time that
// is yet to come, because the clock was put back, begins anew.
func take(ctx context.Context, q db.Q, now time.Time, key string, r Rate) (bool, error) {
	const refilled = `CASE WHEN rate_buckets.refilled_at > $6 THEN CAST($5 AS REAL)
		WHEN rate_buckets.tokens + ($3 - rate_buckets.refilled_at) / CAST($4 AS REAL) < CAST($5 AS REAL)
		THEN rate_buckets.tokens + ($3 - rate_buckets.refilled_at) / CAST($4 AS REAL) ELSE CAST($5 AS REAL) END`
	n, err := q.Exec(ctx, `INSERT INTO rate_buckets (tenant_id, bucket_hash, tokens, refilled_at)
		VALUES ($1, $2, CAST($5 AS REAL) - 1, $3)
		ON CONFLICT (tenant_id, bucket_hash) DO UPDATE SET tokens = `+refilled+` - 1, refilled_at = $3
		WHERE `+refilled+` >= 1`,
		crypt.Hash(key), now.UnixMilli(), float64(r.Every.Milliseconds()), float64(r.Burst), now.Add(clock.Skew).UnixMilli())
	return n == 1, err
}

// AllowAddress is Allow for a client's address. The loopback interface is not
// limited: whoever is there is the operator, or everybody, behind a proxy that
// Signet was not told about.
func (l *Limiter) AllowAddress(ctx context.Context, q db.Q, now clock.Clock, action, ip string, r Rate) error {
	if isLoopback(ip) {
		return nil
	}
	return l.Allow(ctx, q, now, addressKey(action, ip), r)
}

// AllowAddressHere is AllowAddress without the database: each node counts by itself. It
// is for what happens so often that to count it everywhere would cost more than it saves.
func (l *Limiter) AllowAddressHere(tenantID string, now clock.Clock, action, ip string, r Rate) error {
	if l == nil || isLoopback(ip) || l.allowHere(tenantID, addressKey(action, ip), now(), r) {
		return nil
	}
	return limited(r)
}

// OnceForAddress is AllowAddress for one step within a transaction, which may run
// again: however often what it returns is called, it takes one token. What is
// counted in the database is counted through q, and undone with it.
func (l *Limiter) OnceForAddress(now clock.Clock, action, ip string, r Rate) func(ctx context.Context, q db.Q) error {
	if l == nil || isLoopback(ip) {
		return func(context.Context, db.Q) error { return nil }
	}
	key, at := addressKey(action, ip), now()
	var asked, allowed bool
	return func(ctx context.Context, q db.Q) error {
		if !asked {
			asked, allowed = true, l.allowHere(q.TenantID(), key, at, r)
		}
		if !allowed {
			return limited(r)
		}
		return allowEverywhere(ctx, q, at, key, r)
	}
}

func isLoopback(ip string) bool {
	addr, err := netip.ParseAddr(ip)
	return err == nil && addr.Unmap().IsLoopback()
}

// addressKey returns the key under which action is counted for an address. An
// IPv6 client owns at least its /64, so that is what counts.
func addressKey(action, ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return action + " " + ip
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		if prefix, err := addr.Prefix(64); err == nil {
			return action + " " + prefix.String()
		}
	}
	return action + " " + addr.String()
}
