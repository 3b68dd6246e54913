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
		match, outdated, err := h.Verify(t.Context(), encoded, password)
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
		match, outdated, err := h.Verify(t.Context(), encoded, "password")
		if err != nil || !match || !outdated {
			t.Errorf("%s: match %v, outdated %v, %v", encoded, match, outdated, err)
		}
		if match, _, _ := h.Verify(t.Context(), encoded, "passwore"); match {
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
		match, outdated, err := NewHasher(o).Verify(t.Context(), encoded, "x")
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
		"right": func() { _, _, _ = h.Verify(t.Context(), encoded, "right") },
		"wrong": func() { _, _, _ = h.Verify(t.Context(), encoded, "wrong") },
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
		if match, _, err := h.Verify(t.Context(), encoded, other); match || err != nil {
			t.Errorf("passwords that differ after byte 72 are the same: %v", err)
		}
	}
	longest := strings.Repeat("é", MaxPasswordBytes/2)
	if match, _, err := h.Verify(t.Context(), mustHash(t, h, longest), longest); !match || err != nil {
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
	_, _, verifyErr := h.Verify(t.Context(), encoded, huge)
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

func TestParsePHC_RefusesWhatIsMalformedOrTooCostly(t *testing.T) {
	t.Parallel()
	const salt, sum = "c29tZXNhbHQ", "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	for name, encoded := range map[string]string{
		"empty":            "",
		"bcrypt":           "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"argon2d":          "$argon2d$v=19$m=64,t=1,p=1$" + salt + "$" + sum,
		"old version":      "$argon2id$v=16$m=64,t=1,p=1$" + salt + "$" + sum,
		"no version":       "$argon2id$m=64,t=1,p=1$" + salt + "$" + sum,
		"gigabytes":        "$argon2id$v=19$m=4194304,t=1,p=1$" + salt + "$" + sum,
		"minutes":          "$argon2id$v=19$m=64,t=4294967295,p=1$" + salt + "$" + sum,
		"lanes":            "$argon2id$v=19$m=65536,t=1,p=255$" + salt + "$" + sum,
		"zero passes":      "$argon2id$v=19$m=64,t=0,p=1$" + salt + "$" + sum,
		"zero lanes":       "$argon2id$v=19$m=64,t=1,p=0$" + salt + "$" + sum,
		"too little":       "$argon2id$v=19$m=8,t=1,p=2$" + salt + "$" + sum,
		"negative":         "$argon2id$v=19$m=64,t=-1,p=1$" + salt + "$" + sum,
		"leading zero":     "$argon2id$v=19$m=064,t=1,p=1$" + salt + "$" + sum,
		"other order":      "$argon2id$v=19$t=1,m=64,p=1$" + salt + "$" + sum,
		"no salt":          "$argon2id$v=19$m=64,t=1,p=1$$" + sum,
		"no hash":          "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$",
		"padded":           "$argon2id$v=19$m=64,t=1,p=1$" + salt + "=$" + sum + "=",
		"trailing field":   "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + sum + "$",
		"text before":      "x$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + sum,
		"long salt":        "$argon2id$v=19$m=64,t=1,p=1$" + strings.Repeat("A", 400) + "$" + sum,
		"endless":          strings.Repeat("$", 1<<20),
		"password in file": "hunter2",
	} {
		if match, outdated, err := cheap().Verify(t.Context(), encoded, "password"); !errors.Is(err, ErrHashFormat) || match || outdated {
			t.Errorf("%s: %v, %v, %v, want ErrHashFormat", name, match, outdated, err)
		}
	}
}

func FuzzParsePHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2i$v=19$m=64,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, encoded string) {
		p, salt, sum, err := parsePHC(encoded)
		if err != nil {
			return
		}
		if p.memory > maxMemory || p.passes > maxPasses || p.lanes > maxLanes || p.passes == 0 || p.lanes == 0 {
			t.Errorf("%q is accepted at a cost of %+v", encoded, p)
		}
		if again := p.encode(salt, sum); again != encoded {
			t.Errorf("%q reads as %q", encoded, again)
		}
	})
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
			if match, _, err := h.Verify(context.Background(), encoded, "correct horse battery staple"); !match || err != nil {
				b.Error(match, err)
			}
		}
	})
}
