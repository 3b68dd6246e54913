package crypt

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"signet/internal/platform/crypt/digest"
	"signet/internal/platform/errs"
)

// MaxPasswordBytes bounds what a Hasher accepts: the longest policy, 256 code
// points, in UTF-8.
const MaxPasswordBytes = 1024

// ErrHashFormat means that a stored password hash cannot be read, or that
// verifying it would cost too much.
var ErrHashFormat = errors.New("crypt: unusable password hash")

var (
	// ErrBusy means that the queue for hashing is full, or that waiting in it
	// took too long.
	ErrBusy = errs.New(503, "request.unavailable")
	// ErrPasswordTooLong refuses a password of more than MaxPasswordBytes.
	ErrPasswordTooLong = errs.New(400, "guard.invalid_input")
)

// HasherOptions tunes a Hasher; a zero field takes its default.
type HasherOptions struct {
	// MemoryKiB, Passes and Lanes are Argon2id's m, t and p for new hashes
	// (RFC 9106 section 3.1). Defaults 19456, 2 and 1.
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
	// MemoryCapKiB bounds the memory of all hashes that run at once. Default:
	// MemoryKiB for each core.
	MemoryCapKiB uint32
	// Queue is how many callers may wait; the next is refused. Default 256.
	Queue int
	// Wait is how long a caller waits at most. Default five seconds.
	Wait time.Duration
}

// Hasher hashes passwords with Argon2id, and verifies them against hashes of any
// algorithm of package digest. Its work is bounded: a
// flood of sign-ins waits in a short queue and then gets ErrBusy, while the
// process keeps its memory and answers everything else. Safe for concurrent use.
type Hasher struct {
	params digest.Params
	slots  *semaphore.Weighted
	cap    int64
	wait   time.Duration
	queue  int64

	waiting  atomic.Int64
	computed atomic.Int64
}

// NewHasher returns a Hasher.
func NewHasher(o HasherOptions) *Hasher {
	p := digest.Params{Variant: digest.VariantID, MemoryKiB: 19456, Passes: 2, Lanes: 1, Size: 32}
	if o.MemoryKiB != 0 {
		p.MemoryKiB = o.MemoryKiB
	}
	if o.Passes != 0 {
		p.Passes = o.Passes
	}
	if o.Lanes != 0 {
		p.Lanes = o.Lanes
	}
	limit := int64(o.MemoryCapKiB)
	if limit == 0 {
		limit = int64(p.MemoryKiB) * int64(runtime.GOMAXPROCS(0))
	}
	// One hash must fit, or nobody could ever sign in.
	limit = max(limit, int64(p.MemoryKiB))
	h := &Hasher{params: p, slots: semaphore.NewWeighted(limit), cap: limit, wait: o.Wait, queue: int64(o.Queue)}
	if h.wait == 0 {
		h.wait = 5 * time.Second
	}
	if h.queue == 0 {
		h.queue = 256
	}
	return h
}

// Hash returns the PHC string of password under fresh salt. It fails with
// ErrBusy or ErrPasswordTooLong.
func (h *Hasher) Hash(ctx context.Context, password string) (encoded string, err error) {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // crypto/rand.Read never returns an error
	err = h.run(ctx, h.params.MemoryKiB, password, func() {
		encoded = h.params.Encode(salt, h.params.Sum(salt, password))
	})
	return encoded, err
}

// Verify reports whether password is the one behind encoded, a hash of
// algorithm as digest.Parse knows them, and whether encoded should be replaced
// by a new Hash because it is not what this Hasher makes. It takes at least as
// long as Decoy: a cheap hash must not tell that there is a user. It fails with
// ErrBusy, ErrPasswordTooLong, or, after the same time, ErrHashFormat.
func (h *Hasher) Verify(ctx context.Context, algorithm, encoded, password string) (match, outdated bool, err error) {
	stored, parseErr := digest.Parse(algorithm, encoded)
	if parseErr != nil {
		if err := h.Decoy(ctx, password); err != nil {
			return false, false, err
		}
		return false, false, fmt.Errorf("%w: %s", ErrHashFormat, parseErr.Error())
	}
	cost := stored.Cost()
	err = h.run(ctx, cost.MemoryKiB, password, func() {
		match = stored.Matches(password)
		h.fill(cost.Work, password)
	})
	return match, !h.isOwn(algorithm, stored), err
}

// Decoy does the work of Verify for a user who does not exist or has no
// password, so that the answer takes as long.
func (h *Hasher) Decoy(ctx context.Context, password string) error {
	return h.run(ctx, h.params.MemoryKiB, password, func() { h.fill(0, password) })
}

// fill does what work lacks to be that of a new hash.
func (h *Hasher) fill(work uint64, password string) {
	if rest, needed := h.rest(work); needed {
		rest.Sum(make([]byte, 16), password)
	}
}

// rest returns the parameters of a hash that is work short of a new one.
func (h *Hasher) rest(work uint64) (p digest.Params, needed bool) {
	p = h.params
	whole := p.Cost().Work
	if work >= whole {
		return p, false
	}
	p.MemoryKiB = uint32((whole - work) / uint64(p.Passes))
	// Less than Argon2 can do is no time that anybody could measure.
	return p, p.MemoryKiB >= 8*uint32(p.Lanes)
}

// isOwn reports whether a stored hash has the form of a new one.
func (h *Hasher) isOwn(algorithm string, stored digest.Hash) bool {
	argon, ok := stored.(digest.Argon2)
	return ok && argon.Params == h.params && (algorithm == digest.Argon2id || algorithm == "")
}

// run does work, which takes memory, when there is room for it.
func (h *Hasher) run(ctx context.Context, memoryKiB uint32, password string, work func()) error {
	if len(password) > MaxPasswordBytes {
		return ErrPasswordTooLong.Describe("password has more than %d bytes", MaxPasswordBytes)
	}
	// A hash with less memory still costs a core, one with more pays for it.
	weight := min(h.cap, int64(max(memoryKiB, h.params.MemoryKiB)))
	if err := h.acquire(ctx, weight); err != nil {
		return err
	}
	defer h.slots.Release(weight)
	h.computed.Add(1)
	work()
	return nil
}

// Computed returns how often the work of a hash was done so far. Two answers
// between which nobody may tell a difference raise it by the same number.
func (h *Hasher) Computed() int64 { return h.computed.Load() }

func (h *Hasher) acquire(ctx context.Context, weight int64) error {
	if h.slots.TryAcquire(weight) {
		return nil
	}
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > h.queue {
		return ErrBusy.Describe("the password hashing queue is full")
	}
	limited, cancel := context.WithTimeout(ctx, h.wait)
	defer cancel()
	err := h.slots.Acquire(limited, weight)
	switch {
	case err == nil:
		return nil
	case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		return ErrBusy.Describe("waited %s for password hashing", h.wait)
	default:
		return err
	}
}
