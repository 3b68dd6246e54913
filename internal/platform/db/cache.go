package db

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"signet/internal/platform/bounded"
)

// cacheLife is how long a cached value may be used when no news arrives.
const cacheLife = 60 * time.Second

// stampKey names a family of cached things of one tenant.
type stampKey struct{ tenant, family string }

// stamps count, per tenant and family, how often cached values were dropped. A
// cached value is good while its count is still the present one.
type stamps struct {
	pool   *Pool
	epoch  atomic.Int64 // raised when everything is dropped
	counts sync.Map     // stampKey → *atomic.Int64
	watch  sync.Once
	seen   map[stampKey]int64 // config_versions as last read; of the watching goroutine
}

func newStamps(p *Pool) *stamps { return &stamps{pool: p} }

type stamp struct{ epoch, count int64 }

func (s *stamps) current(key stampKey) stamp {
	return stamp{s.epoch.Load(), s.counter(key).Load()}
}

func (s *stamps) counter(key stampKey) *atomic.Int64 {
	if counter, ok := s.counts.Load(key); ok {
		return counter.(*atomic.Int64)
	}
	counter, _ := s.counts.LoadOrStore(key, new(atomic.Int64))
	return counter.(*atomic.Int64)
}

// dropped makes cached values of the families stale.
func (s *stamps) dropped(touched map[stampKey]bool) {
	for key := range touched {
		s.counter(key).Add(1)
	}
}

// Touch says that the transaction changes what the family caches: after the
// commit every node drops its cached values of this tenant and family.
func (t *Tx) Touch(ctx context.Context, family string) error {
	key := stampKey{t.tenant, family}
	if t.work.touched[key] {
		return nil
	}
	if _, err := t.Exec(ctx, `INSERT INTO config_versions (tenant_id, family, version) VALUES ($1, $2, 1)
		ON CONFLICT (tenant_id, family) DO UPDATE SET version = config_versions.version + 1`, family); err != nil {
		return err
	}
	if t.Dialect() == Postgres {
		if _, err := t.work.exec(ctx, `SELECT pg_notify($1, $2)`, []any{newsChannel, t.tenant + "/" + family}); err != nil {
			return err
		}
	}
	if t.work.touched == nil {
		t.work.touched = map[stampKey]bool{}
	}
	t.work.touched[key] = true
	return nil
}

// Cache keeps values that are read far more often than they change, per tenant.
// A value is dropped by Touch of its family, on this node at commit and on
// others within a second, and in any case after a minute.
type Cache[K comparable, V any] struct {
	family  string
	stamps  *stamps
	entries *bounded.Map[cacheKey[K], cacheEntry[V]]
}

type cacheKey[K comparable] struct {
	tenant string
	key    K
}

type cacheEntry[V any] struct {
	value V
	stamp stamp
	until int64
}

// NewCache returns a cache of at most size values. Make caches once, at start,
// on a migrated database.
func NewCache[K comparable, V any](p *Pool, family string, size int) *Cache[K, V] {
	p.stamps.follow()
	return &Cache[K, V]{family: family, stamps: p.stamps, entries: bounded.New[cacheKey[K], cacheEntry[V]](size)}
}

// Get returns the cached value of key or what load reads; an error is not
// cached. Callers share the value and must not change it. Inside a transaction
// nothing is cached, since it may see what never commits.
func (c *Cache[K, V]) Get(ctx context.Context, q Q, key K, load func(context.Context, Q) (V, error)) (V, error) {
	if _, ok := q.(*Tx); ok {
		return load(ctx, q)
	}
	where := cacheKey[K]{q.TenantID(), key}
	now := c.stamps.pool.clock.Millis()
	// The stamp is taken before the load: a change that commits meanwhile makes
	// the loaded value stale at once.
	present := c.stamps.current(stampKey{q.TenantID(), c.family})
	if entry, ok := c.entries.Get(where); ok && entry.stamp == present && now < entry.until {
		return entry.value, nil
	}
	value, err := load(ctx, q)
	if err != nil {
		return value, err
	}
	c.entries.Set(where, cacheEntry[V]{value, present, now + cacheLife.Milliseconds()})
	return value, nil
}
