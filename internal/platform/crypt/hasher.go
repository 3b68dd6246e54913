package crypt

import (
	"context"
	"crypto/rand"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"signet/internal/platform/errs"
)

// MaxPasswordBytes bounds what a Hasher accepts: the longest policy, 256 code
// points, in UTF-8.
const MaxPasswordBytes = 1024

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

// Hasher hashes and verifies passwords with Argon2id. Its work is bounded: a
// flood of sign-ins waits in a short queue and then gets ErrBusy, while the
// process keeps its memory and answers everything else. Safe for concurrent use.
type Hasher struct {
	params params
	slots  *semaphore.Weighted
	cap    int64
	wait   time.Duration
	queue  int64

	waiting  atomic.Int64
	computed atomic.Int64
}

// NewHasher returns a Hasher.
func NewHasher(o HasherOptions) *Hasher {
	p := params{variant: argon2id, memory: 19456, passes: 2, lanes: 1, size: 32}
	if o.MemoryKiB != 0 {
		p.memory = o.MemoryKiB
	}
	if o.Passes != 0 {
		p.passes = o.Passes
	}
	if o.Lanes != 0 {
		p.lanes = o.Lanes
	}
	limit := int64(o.MemoryCapKiB)
	if limit == 0 {
		limit = int64(p.memory) * int64(runtime.GOMAXPROCS(0))
	}
	// One hash must fit, or nobody could ever sign in.
	limit = max(limit, int64(p.memory))
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
	sum, err := h.compute(ctx, h.params, salt, password)
	if err != nil {
		return "", err
	}
	return h.params.encode(salt, sum), nil
}

// Verify reports whether password is the one behind encoded, and whether
// encoded should be replaced by a new Hash because its parameters are not those
// of this Hasher. It fails with ErrBusy, ErrPasswordTooLong, or ErrHashFormat
// when encoded is not an Argon2 PHC string.
func (h *Hasher) Verify(ctx context.Context, encoded, password string) (match, outdated bool, err error) {
	p, salt, want, err := parsePHC(encoded)
	if err != nil {
		return false, false, err
	}
	sum, err := h.compute(ctx, p, salt, password)
	if err != nil {
		return false, false, err
	}
	return Equal(sum, want), p != h.params, nil
}

// Decoy does the work of Verify for a user who does not exist or has no
// password, so that the answer takes as long.
func (h *Hasher) Decoy(ctx context.Context, password string) error {
	_, err := h.compute(ctx, h.params, make([]byte, 16), password)
	return err
}

func (h *Hasher) compute(ctx context.Context, p params, salt []byte, password string) ([]byte, error) {
	if len(password) > MaxPasswordBytes {
		return nil, ErrPasswordTooLong.Describe("password has more than %d bytes", MaxPasswordBytes)
	}
	// A hash with less memory still costs a core, one with more pays for it.
	weight := min(h.cap, int64(max(p.memory, h.params.memory)))
	if err := h.acquire(ctx, weight); err != nil {
		return nil, err
	}
	defer h.slots.Release(weight)
	h.computed.Add(1)
	return p.sum(salt, password), nil
}

// Computed returns how many hashes were computed so far. Two answers between
// which nobody may tell a difference raise it by the same number.
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
