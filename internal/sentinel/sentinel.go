// Package sentinel decides how often a secret may be guessed and a request
// repeated. Guard is the lockout: it reserves an attempt before a secret is
// checked, so that parallel guesses cannot outrun the limit, and settles it
// after. Limiter is the limit for each client address. Neither knows what is
// checked.
package sentinel

import (
	"context"
	"errors"
	"math"
	"time"

	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
)

var (
	// ErrBlocked means that the target had too many failures; the argument
	// "minutes" says how long to wait. It tells nothing about the secret.
	ErrBlocked = errs.New(400, "session.verification_blocked_too_many_attempts")
	// ErrRateLimited means that one address asks too often; the argument
	// "seconds" says how long to wait.
	ErrRateLimited = errs.New(429, "request.rate_limited")
)

// window is how long a failure counts.
const window = time.Hour

// Policy is a tenant's lockout policy in the JSON form of the sign-in
// experience; an absent property takes its default.
type Policy struct {
	MaxAttempts     *int `json:"maxAttempts,omitempty"`     // default 100
	LockoutDuration *int `json:"lockoutDuration,omitempty"` // minutes, default 60
}

func (p Policy) maxAttempts() int {
	if p.MaxAttempts == nil {
		return 100
	}
	return max(*p.MaxAttempts, 1)
}

func (p Policy) lockout() time.Duration {
	const year = 365 * 24 * 60
	if p.LockoutDuration == nil {
		return time.Hour
	}
	return time.Duration(min(max(*p.LockoutDuration, 0), year)) * time.Minute
}

// Guard runs check unless too many attempts at one of targets have failed within
// the last hour; then the answer is ErrBlocked whatever the secret was.
//
// A refusal of check (an error with a 4xx status) counts as a failed attempt,
// and the failure that reaches the limit is itself answered with ErrBlocked.
// Any other error means that nothing was checked and does not count. Success
// does not clear earlier failures.
//
// While a target is blocked check runs all the same, so that the answer takes as
// long, but its result is dropped. check must therefore only compute: spend and
// store after Guard has returned nil. It runs outside any transaction.
func Guard(ctx context.Context, d *db.DB, now clock.Clock, p Policy, targets []Target, check func() error) error {
	attempt, err := Try(ctx, d, now, p, targets, check)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	return d.Tx(ctx, func(tx *db.Tx) error { return attempt.Succeed(ctx, tx) })
}

// Try is Guard for a caller who stores something after success: the attempt is
// settled in the same transaction, by Succeed. An attempt that is not settled
// within a minute counts as failed.
func Try(ctx context.Context, d *db.DB, now clock.Clock, p Policy, targets []Target, check func() error) (*Attempt, error) {
	attempt, blocked, err := reserve(ctx, d, now(), p, targets)
	if err != nil {
		return nil, err
	}
	if blocked != nil {
		_ = check()
		return nil, blocked
	}
	result := check()
	if result == nil {
		return attempt, nil
	}
	// A client that hangs up must not take its failure back.
	ctx = context.WithoutCancel(ctx)
	if e, ok := errs.As(result); !ok || e.Status < 400 || e.Status >= 500 {
		return nil, errors.Join(result, attempt.release(ctx, d))
	}
	blocked, err = attempt.fail(ctx, d, now(), p)
	switch {
	case err != nil:
		return nil, err
	case blocked != nil:
		return nil, blocked
	}
	return nil, result
}

func blockedFor(d time.Duration) error {
	minutes := max(1, int(math.Ceil(d.Minutes())))
	return ErrBlocked.WithArgs(map[string]any{"minutes": minutes})
}
