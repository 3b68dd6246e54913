package resource

import (
	"context"

	"signet/internal/platform/db"
)

// Cache reads the resources that token requests name.
type Cache struct {
	entries *db.Cache[string, *Resource]
}

// NewCache returns a cache over a database; make one at start.
func NewCache(p *db.Pool) *Cache {
	return &Cache{entries: db.NewCache[string, *Resource](p, family, 4096)}
}

// ByIndicator returns the resource of an indicator, or ErrNotFound. It is shared:
// callers must not change it.
func (c *Cache) ByIndicator(ctx context.Context, q db.Q, indicator string) (*Resource, error) {
	return c.entries.Get(ctx, q, indicator, func(ctx context.Context, q db.Q) (*Resource, error) {
		return ByIndicator(ctx, q, indicator)
	})
}
