package sentinel

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/errs"
)

var perSecond = Rate{Burst: 3, Every: time.Second}

func TestLimiter_AllowsABurstThenTheRate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		l, now, d := NewLimiter(), clock.NewFake(time.Unix(1_800_000_000, 0)), p.For("default")
		allow := func(key string) error { return l.Allow(t.Context(), d, now.Now, key, perSecond) }
		for range 3 {
			want(t, "burst", allow("a"), nil)
		}
		err := allow("a")
		want(t, "beyond", err, ErrRateLimited)
		if e, _ := errs.As(err); e == nil || e.Status != 429 || e.Args["seconds"] != 1 {
			t.Errorf("error = %+v, want 429 with a second", e)
		}
		want(t, "another key", allow("b"), nil)
		now.Advance(999 * time.Millisecond)
		want(t, "too early", allow("a"), ErrRateLimited)
		now.Advance(time.Millisecond)
		want(t, "a second later", allow("a"), nil)
		want(t, "only one", allow("a"), ErrRateLimited)
		now.Advance(time.Hour)
		for range 3 {
			want(t, "full again, not fuller", allow("a"), nil)
		}
		want(t, "full again, not fuller", allow("a"), ErrRateLimited)
		want(t, "another tenant", l.Allow(t.Context(), p.For("admin"), now.Now, "a", perSecond), nil)
	})
}

// A clock that is put back, or was ahead for a while, must not shut everybody out
// until it is as late again; and clocks that differ a little give nothing away.
func TestLimiter_ClockIsPutBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		l, now, d := NewLimiter(), clock.NewFake(time.Unix(1_800_000_000, 0)), p.For("default")
		allow := func() error { return l.Allow(t.Context(), d, now.Now, "a", perSecond) }
		want(t, "at first", allow(), nil)
		now.Advance(-time.Hour)
		want(t, "an hour earlier", allow(), nil)
		now.Advance(time.Second)
		want(t, "and on", allow(), nil)
	})
	t.Run("a little", func(t *testing.T) {
		t.Parallel()
		d, here := dbtest.Postgres(t).For("default"), clock.NewFake(time.Unix(1_800_000_000, 0))
		late := clock.NewFake(here.Now().Add(-2 * time.Second))
		allowed := 0
		for range 10 {
			for _, node := range []*clock.Fake{here, late} {
				if NewLimiter().Allow(t.Context(), d, node.Now, "a", perSecond) == nil {
					allowed++
				}
			}
		}
		if allowed > perSecond.Burst {
			t.Errorf("%d allowed at once by two nodes, want %d", allowed, perSecond.Burst)
		}
	})
}

func TestLimiter_NodesShareOneBucketInPostgres(t *testing.T) {
	t.Parallel()
	p := dbtest.Postgres(t)
	now := clock.NewFake(time.Unix(1_800_000_000, 0))
	nodes := []*Limiter{NewLimiter(), NewLimiter(), NewLimiter()}
	var allowed atomic.Int64
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			err := nodes[i%3].Allow(context.Background(), p.For("default"), now.Now, "a", perSecond)
			switch {
			case err == nil:
				allowed.Add(1)
			case !errors.Is(err, ErrRateLimited):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if allowed.Load() != 3 {
		t.Errorf("%d allowed, want 3", allowed.Load())
	}
}

func TestLimiter_AddressesAreCountedApartAndLoopbackIsNot(t *testing.T) {
	t.Parallel()
	l, now, d := NewLimiter(), clock.NewFake(time.Unix(1_800_000_000, 0)), dbtest.SQLite(t).For("default")
	exhaust := func(ip string) error {
		var err error
		for range perSecond.Burst + 1 {
			err = l.AllowAddress(t.Context(), d, now.Now, "sign-in", ip, perSecond)
		}
		return err
	}
	want(t, "one client", exhaust("2001:db8::1"), ErrRateLimited)
	want(t, "its other address", l.AllowAddress(t.Context(), d, now.Now, "sign-in", "2001:db8::2", perSecond), ErrRateLimited)
	want(t, "its other action", l.AllowAddress(t.Context(), d, now.Now, "setup", "2001:db8::1", perSecond), nil)
	want(t, "another client", l.AllowAddress(t.Context(), d, now.Now, "sign-in", "192.0.2.1", perSecond), nil)
	for _, ip := range []string{"127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"} {
		want(t, ip, exhaust(ip), nil)
	}
	want(t, "no address at all", exhaust(""), ErrRateLimited)
}

// Each node counts by itself what is not counted in the database.
func TestLimiter_Here(t *testing.T) {
	t.Parallel()
	now := clock.NewFake(time.Unix(1_800_000_000, 0))
	nodes := []*Limiter{NewLimiter(), NewLimiter()}
	allow := func(node int, tenantID, ip string) error {
		return nodes[node].AllowAddressHere(tenantID, now.Now, "step", ip, perSecond)
	}
	for range perSecond.Burst {
		want(t, "burst", allow(0, "default", "192.0.2.1"), nil)
	}
	want(t, "beyond", allow(0, "default", "192.0.2.1"), ErrRateLimited)
	want(t, "another node", allow(1, "default", "192.0.2.1"), nil)
	want(t, "another address", allow(0, "default", "192.0.2.2"), nil)
	want(t, "another tenant", allow(0, "admin", "192.0.2.1"), nil)
	for range perSecond.Burst + 1 {
		want(t, "loopback", allow(0, "default", "::1"), nil)
	}
	now.Advance(time.Second)
	want(t, "a second later", allow(0, "default", "192.0.2.1"), nil)
}

func TestLimiter_NilAllowsEverything(t *testing.T) {
	t.Parallel()
	var l *Limiter
	for range 100 {
		want(t, "nil", l.Allow(t.Context(), nil, nil, "a", Rate{}), nil)
		want(t, "nil, here", l.AllowAddressHere("default", nil, "a", "192.0.2.1", Rate{}), nil)
	}
}

// Attack 43: the addresses of one client are one key.
func TestAddressKey_OneClientHasOneKey(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		a, b string
		same bool
	}{
		"same":           {"192.0.2.1", "192.0.2.1", true},
		"other":          {"192.0.2.1", "192.0.2.2", false},
		"mapped":         {"192.0.2.1", "::ffff:192.0.2.1", true},
		"spelling":       {"2001:db8::1", "2001:0DB8:0:0::0001", true},
		"network":        {"2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true},
		"other network":  {"2001:db8::1", "2001:db8:0:1::1", false},
		"zone":           {"fe80::1%eth0", "fe80::1%eth1", true},
		"no address":     {"", "", true},
		"not an address": {"x", "y", false},
	} {
		if same := addressKey("sign-in", c.a) == addressKey("sign-in", c.b); same != c.same {
			t.Errorf("%s: same = %v", name, same)
		}
		if addressKey("sign-in", c.a) == addressKey("setup", c.a) {
			t.Errorf("%s: two actions share a key", name)
		}
	}
}

func BenchmarkLimiter(b *testing.B) {
	l, d := NewLimiter(), dbtest.SQLite(b).For("default")
	for b.Loop() {
		if err := l.Allow(b.Context(), d, clock.System, "a", Rate{Burst: 1 << 30, Every: time.Nanosecond}); err != nil {
			b.Fatal(err)
		}
	}
}
