package db_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// touch changes a family in a transaction of its own.
func touch(ctx context.Context, d *db.DB, family string) error {
	return d.Tx(ctx, func(tx *db.Tx) error { return tx.Touch(ctx, family) })
}

func countRoles(ctx context.Context, q db.Q) (int, error) {
	return db.One[int](ctx, q, `SELECT count(*) FROM roles WHERE tenant_id = $1`)
}

// read returns the cached number of roles.
func read(t *testing.T, c *db.Cache[string, int], q db.Q) int {
	t.Helper()
	n, err := c.Get(context.Background(), q, "count", countRoles)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func count(t *testing.T, c *db.Cache[string, int], q db.Q, want int) {
	t.Helper()
	if n := read(t, c, q); n != want {
		t.Errorf("the cache says %d, want %d", n, want)
	}
}

// settled returns a cache whose values only changes and time drop.
func settled(t *testing.T, p *db.Pool, family string) *db.Cache[string, int] {
	t.Helper()
	c := db.NewCache[string, int](p, family, 100)
	eventually(t, "the versions were read", p.Settled)
	return c
}

func TestCacheHoldsUntilTouched(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		d := p.For("default")
		c := settled(t, p, "role")
		count(t, c, d, 0)
		if err := addRole(ctx, d, "1", "a"); err != nil {
			t.Fatal(err)
		}
		count(t, c, d, 0)
		count(t, c, p.For("other"), 0)
		if err := touch(ctx, d, "scope"); err != nil {
			t.Fatal(err)
		}
		count(t, c, d, 0)

		refused := errors.New("refused")
		err := d.Tx(ctx, func(tx *db.Tx) error {
			err := errors.Join(tx.Touch(ctx, "role"), tx.Touch(ctx, "role"), addRole(ctx, tx, "2", "b"))
			count(t, c, tx, 2) // a transaction sees its own rows …
			count(t, c, d, 0)  // … and shows them to nobody
			return errors.Join(err, refused)
		})
		if !errors.Is(err, refused) {
			t.Fatal(err)
		}
		if err := touch(ctx, d, "role"); err != nil {
			t.Fatal(err)
		}
		count(t, c, d, 1)
		version, err := db.One[int64](ctx, d, `SELECT version FROM config_versions WHERE tenant_id = $1 AND family = 'role'`)
		if err != nil || version != 1 {
			t.Errorf("version %d, %v", version, err)
		}
	})
}

func TestCacheRefusesWhatWasReadBeforeAChange(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		d := p.For("default")
		c := settled(t, p, "role")
		n, err := c.Get(ctx, d, "count", func(ctx context.Context, q db.Q) (int, error) {
			n, err := countRoles(ctx, q)
			// The change commits between the read and the moment it is stored.
			change := d.Tx(ctx, func(tx *db.Tx) error {
				return errors.Join(addRole(ctx, tx, "1", "a"), tx.Touch(ctx, "role"))
			})
			return n, errors.Join(err, change)
		})
		if err != nil || n != 0 {
			t.Fatal(n, err)
		}
		count(t, c, d, 1)
	})
}

func TestCacheKeepsNoErrorAndNothingForLong(t *testing.T) {
	t.Parallel()
	o := dbtest.SQLiteOptions(t)
	fake := clock.NewFake(time.UnixMilli(1_790_000_000_000))
	o.Clock = fake.Now
	p := dbtest.Open(t, o)
	ctx := context.Background()
	d := p.For("default")
	c := settled(t, p, "role")
	broken := errors.New("broken")
	if _, err := c.Get(ctx, d, "count", func(context.Context, db.Q) (int, error) { return 7, broken }); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	count(t, c, d, 0)
	if err := addRole(ctx, d, "1", "a"); err != nil {
		t.Fatal(err)
	}
	fake.Advance(59 * time.Second)
	count(t, c, d, 0)
	fake.Advance(time.Second)
	count(t, c, d, 1)
}

func TestCacheNoticesForeignCommits(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]func(testing.TB) db.Options{
		"sqlite": dbtest.SQLiteOptions, "postgres": dbtest.PostgresOptions,
		"postgres behind a pooler": func(t testing.TB) db.Options {
			o := dbtest.PostgresOptions(t)
			o.URL += "&default_query_exec_mode=exec"
			return o
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			o := options(t)
			here, there := dbtest.Open(t, o), dbtest.Open(t, o)
			d := here.For("default")
			c := settled(t, here, "role")
			for want := 1; want <= 3; want++ {
				count(t, c, d, want-1)
				err := there.For("default").Tx(ctx, func(tx *db.Tx) error {
					return errors.Join(addRole(ctx, tx, string(rune('0'+want)), string(rune('a'+want))), tx.Touch(ctx, "role"))
				})
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				eventually(t, "the change is seen", func() bool { return read(t, c, d) == want })
				if waited := time.Since(began); waited > 5*time.Second {
					t.Errorf("seen after %s", waited)
				}
			}
		})
	}
}
