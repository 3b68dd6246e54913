package crypt

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signet/internal/platform/crypt/digest"
	"signet/internal/platform/errs"
)

// cheap is a Hasher for tests that are not about cost.
func cheap() *Hasher { return NewHasher(HasherOptions{MemoryKiB: 64, Passes: 1}) }

func mustHash(t *testing.T, h *Hasher, password string) string {
	t.Helper()
	encoded, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func TestHasher_DefaultsAreTheDocumentedArgon2id(t *testing.T) {
	t.Parallel()
	encoded := mustHash(t, NewHasher(HasherOptions{}), "correct horse")
	if !strings.HasPrefix(encoded, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash = %s", encoded)
	}
}

func TestHasher_VerifiesItsOwnHashes(t *testing.T) {
	t.Parallel()
	h := cheap()
	encoded := mustHash(t, h, "correct horse")
	if encoded == mustHash(t, h, "correct horse") {
		t.Error("two hashes of one password are the same: no salt")
	}
	for password, want := range map[string]bool{
		"correct horse": true, "correct horse ": false, "Correct horse": false, "": false, "correct horse\x00": false,
	} {
		match, outdated, err := h.Verify(t.Context(), digest.Argon2id, encoded, password)
		if err != nil || match != want || outdated {
			t.Errorf("Verify(%q) = %v, %v, %v, want match %v", password, match, outdated, err, want)
		}
	}
}

// The reference implementation's own test vectors, so that hashes made
// elsewhere verify here.
func TestHasher_VerifiesForeignHashesAndCallsThemOutdated(t *testing.T) {
	t.Parallel()
	h := cheap()
	for _, encoded := range []string{
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
	} {
		match, outdated, err := h.Verify(t.Context(), digest.Argon2id, encoded, "password")
		if err != nil || !match || !outdated {
			t.Errorf("%s: match %v, outdated %v, %v", encoded, match, outdated, err)
		}
		if match, _, _ := h.Verify(t.Context(), digest.Argon2id, encoded, "passwore"); match {
			t.Errorf("%s: a wrong password matches", encoded)
		}
	}
}

func TestHasher_OutdatedMeansOtherParameters(t *testing.T) {
	t.Parallel()
	encoded := mustHash(t, cheap(), "x")
	for name, o := range map[string]HasherOptions{
		"memory": {MemoryKiB: 128, Passes: 1}, "passes": {MemoryKiB: 64, Passes: 2}, "lanes": {MemoryKiB: 64, Passes: 1, Lanes: 2},
	} {
		match, outdated, err := NewHasher(o).Verify(t.Context(), digest.Argon2id, encoded, "x")
		if err != nil || !match || !outdated {
			t.Errorf("%s: match %v, outdated %v, %v", name, match, outdated, err)
		}
	}
}

// Attack 36: whoever does not exist costs what everybody costs.
func TestHasher_DecoyDoesTheWorkOfVerify(t *testing.T) {
	t.Parallel()
	h := cheap()
	encoded := mustHash(t, h, "right")
	for name, work := range map[string]func(){
		"right": func() { _, _, _ = h.Verify(t.Context(), digest.Argon2id, encoded, "right") },
		"wrong": func() { _, _, _ = h.Verify(t.Context(), digest.Argon2id, encoded, "wrong") },
		"decoy": func() { _ = h.Decoy(t.Context(), "wrong") },
	} {
		before := h.Computed()
		if work(); h.Computed() != before+1 {
			t.Errorf("%s: %d hashes, want 1", name, h.Computed()-before)
		}
	}
}

// Attack 41.
func TestHasher_EveryByteOfALongPasswordCounts(t *testing.T) {
	t.Parallel()
	h := cheap()
	prefix := strings.Repeat("a", 72)
	encoded := mustHash(t, h, prefix+"b")
	for _, other := range []string{prefix, prefix + "c", prefix + "bb"} {
		if match, _, err := h.Verify(t.Context(), digest.Argon2id, encoded, other); match || err != nil {
			t.Errorf("passwords that differ after byte 72 are the same: %v", err)
		}
	}
	longest := strings.Repeat("é", MaxPasswordBytes/2)
	if match, _, err := h.Verify(t.Context(), digest.Argon2id, mustHash(t, h, longest), longest); !match || err != nil {
		t.Errorf("the longest password does not verify: %v", err)
	}
}

// Attack 41: the refusal costs no hash.
func TestHasher_MegabytePasswordIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	h := cheap()
	// With every slot taken, anything that is not refused first would wait.
	if err := h.slots.Acquire(t.Context(), h.cap); err != nil {
		t.Fatal(err)
	}
	huge := strings.Repeat("x", 1<<20)
	encoded := "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	_, hashErr := h.Hash(t.Context(), huge)
	_, _, verifyErr := h.Verify(t.Context(), digest.Argon2id, encoded, huge)
	decoyErr := h.Decoy(t.Context(), huge)
	for _, err := range []error{hashErr, verifyErr, decoyErr} {
		if !errors.Is(err, ErrPasswordTooLong) {
			t.Errorf("err = %v, want ErrPasswordTooLong", err)
		}
	}
}

// Attack 41: 200 parallel hashes under a memory cap.
func TestHasher_FloodStaysUnderTheMemoryCap(t *testing.T) {
	const memoryMiB, slots = 8, 2
	h := NewHasher(HasherOptions{MemoryKiB: memoryMiB << 10, Passes: 1, MemoryCapKiB: slots * memoryMiB << 10, Wait: time.Minute})
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)

	var peak atomic.Uint64
	stop, sampled := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(sampled)
		for tick := time.NewTicker(time.Millisecond); ; {
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak.Store(max(peak.Load(), m.HeapSys))
			}
		}
	}()
	var wg sync.WaitGroup
	var failed atomic.Int64
	for range 200 {
		wg.Go(func() {
			if _, err := h.Hash(context.Background(), "flood"); err != nil {
				failed.Add(1)
			}
		})
	}
	wg.Wait()
	close(stop)
	<-sampled
	if failed.Load() != 0 {
		t.Errorf("%d hashes failed", failed.Load())
	}
	// The collector may let the heap double before it takes a finished hash's
	// memory back; 200 hashes at once would need 1600 MiB.
	grown := int64(peak.Load()-min(before.HeapSys, peak.Load())) >> 20
	if limit := int64(4*slots*memoryMiB + 16); grown > limit {
		t.Errorf("the heap grew by %d MiB, want at most %d", grown, limit)
	}
}

func TestHasher_FullQueueAnswersBusyAtOnce(t *testing.T) {
	t.Parallel()
	h := NewHasher(HasherOptions{MemoryKiB: 64, Passes: 1, Queue: 2, Wait: time.Hour})
	if err := h.slots.Acquire(t.Context(), h.cap); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if _, err := h.Hash(context.Background(), "x"); err != nil {
				t.Errorf("a waiter failed: %v", err)
			}
		})
	}
	for h.waiting.Load() < 2 {
		runtime.Gosched()
	}
	if err := h.Decoy(t.Context(), "x"); !errors.Is(err, ErrBusy) {
		t.Errorf("err = %v, want ErrBusy", err)
	}
	h.slots.Release(h.cap)
	wg.Wait()
	if n := h.waiting.Load(); n != 0 {
		t.Errorf("%d still counted as waiting", n)
	}
}

func TestHasher_WaitingEndsInBusyOrWithTheRequest(t *testing.T) {
	t.Parallel()
	h := NewHasher(HasherOptions{MemoryKiB: 64, Passes: 1, Wait: time.Millisecond})
	if err := h.slots.Acquire(t.Context(), h.cap); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Hash(t.Context(), "x"); !errors.Is(err, ErrBusy) {
		t.Errorf("after the wait: %v, want ErrBusy", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Hash(gone, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("request gone: %v, want context.Canceled", err)
	}
	h.slots.Release(h.cap)
	if _, err := h.Hash(t.Context(), "x"); err != nil {
		t.Errorf("after the flood: %v", err)
	}
}

// What cannot be read answers like a wrong password: after the same time.
func TestHasher_UnusableHashCostsAVerification(t *testing.T) {
	t.Parallel()
	h := cheap()
	for name, stored := range map[string][2]string{
		"no hash":           {"", "hunter2"},
		"gigabytes":         {digest.Argon2id, "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"},
		"centuries":         {digest.Bcrypt, "$2b$31$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"},
		"unknown algorithm": {"ROT13", "uhagre2"},
		"legacy":            {digest.Legacy, `["crc32", ["@"], "hunter2"]`},
	} {
		before := h.Computed()
		match, _, err := h.Verify(t.Context(), stored[0], stored[1], "hunter2")
		if match || !errors.Is(err, ErrHashFormat) || strings.Contains(err.Error(), stored[1]) {
			t.Errorf("%s: %v, %v, want ErrHashFormat without the hash", name, match, err)
		}
		if _, visible := errs.As(err); visible {
			t.Errorf("%s: a client could see %v", name, err)
		}
		if n := h.Computed() - before; n != 1 {
			t.Errorf("%s: %d hashes", name, n)
		}
	}
}

// Attack 36: a hash that costs nothing would tell that there is a user.
func TestHasher_CheapHashTakesAsLongAsAnother(t *testing.T) {
	t.Parallel()
	h := NewHasher(HasherOptions{MemoryKiB: 1 << 10, Passes: 4, Lanes: 2})
	for name, stored := range map[string][2]string{
		"md5":    {digest.MD5, "5f4dcc3b5aa765d61d8327deb882cf99"},
		"pbkdf2": {digest.Legacy, `["pbkdf2", ["salt", 10, 16, "sha256", "@"], "00"]`},
		"bcrypt": {digest.Bcrypt, "$2a$04$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga"},
		"argon2": {digest.Argon2i, "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"},
	} {
		parsed, err := digest.Parse(stored[0], stored[1])
		if err != nil {
			t.Fatal(name, err)
		}
		whole, own := h.params.Cost().Work, parsed.Cost().Work
		rest, needed := h.rest(own)
		if total := own + rest.Cost().Work; !needed || total > whole || total < whole-whole/10 {
			t.Errorf("%s: work of %d, filled to %d, want %d", name, own, own+rest.Cost().Work, whole)
		}
		before := h.Computed()
		if _, outdated, err := h.Verify(t.Context(), stored[0], stored[1], "password"); err != nil || !outdated {
			t.Errorf("%s: outdated %v, %v", name, outdated, err)
		}
		if n := h.Computed() - before; n != 1 {
			t.Errorf("%s: %d hashes", name, n)
		}
	}
	if _, needed := h.rest(h.params.Cost().Work); needed {
		t.Error("a new hash is filled up")
	}
}

// Attack 41: foreign algorithms wait for their turn too.
func TestHasher_EveryAlgorithmWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	h := NewHasher(HasherOptions{MemoryKiB: 64, Passes: 1, Wait: time.Millisecond})
	if err := h.slots.Acquire(t.Context(), h.cap); err != nil {
		t.Fatal(err)
	}
	for _, stored := range [][2]string{
		{digest.MD5, "5f4dcc3b5aa765d61d8327deb882cf99"},
		{digest.Bcrypt, "$2b$14$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"},
		{digest.Legacy, `["firebase-scrypt", ["", "c2lnbmVyIGtleQ==", "", 8, 14, "@"], "c2lnbmVyIGtleQ=="]`},
	} {
		if _, _, err := h.Verify(t.Context(), stored[0], stored[1], "password"); !errors.Is(err, ErrBusy) {
			t.Errorf("%s: %v, want ErrBusy", stored[0], err)
		}
	}
}

func BenchmarkHasher_Hash(b *testing.B) {
	h := NewHasher(HasherOptions{})
	for b.Loop() {
		if _, err := h.Hash(b.Context(), "correct horse battery staple"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHasher_VerifyParallel(b *testing.B) {
	h := NewHasher(HasherOptions{Queue: 1 << 20, Wait: time.Hour})
	encoded, err := h.Hash(b.Context(), "correct horse battery staple")
	if err != nil {
		b.Fatal(err)
	}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if match, _, err := h.Verify(context.Background(), digest.Argon2id, encoded, "correct horse battery staple"); !match || err != nil {
				b.Error(match, err)
			}
		}
	})
}
