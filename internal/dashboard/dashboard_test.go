package dashboard_test

import (
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	"signet/internal/audit"
	"signet/internal/dashboard"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/errs"
	"signet/internal/platform/job"
	"signet/internal/tenant"
	"signet/internal/user"
)

// apia is a zone far from UTC, berlin one that changes its clocks.
var apia, berlin = zone("Pacific/Apia"), zone("Europe/Berlin")

func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

func day(t *testing.T, text string) dashboard.Day {
	t.Helper()
	d, err := dashboard.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func exec(t *testing.T, p *db.Pool, statement string, args ...any) {
	t.Helper()
	if _, err := p.Across().Exec(context.Background(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// active stores that users were active: users from first to last, on a day.
func active(t *testing.T, p *db.Pool, tenantID string, d dashboard.Day, first, last int) {
	t.Helper()
	for i := first; i <= last; i++ {
		exec(t, p, `INSERT INTO daily_active_users (tenant_id, day, user_id) VALUES ($1, $2, $3)`, tenantID, int64(d), fmt.Sprintf("u%d", i))
	}
}

func TestDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		at   time.Time
		day  string
		days dashboard.Day
	}{
		{time.Date(2026, 3, 1, 0, 0, 0, 0, apia), "2026-03-01", 20513},
		{time.Date(2026, 2, 28, 23, 59, 59, 0, apia), "2026-02-28", 20512},
		{time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), "1970-01-01", 0},
		{time.Date(1969, 12, 31, 23, 0, 0, 0, berlin), "1969-12-31", -1},
	} {
		got := dashboard.DayOf(c.at)
		if got != c.days || got.String() != c.day || day(t, c.day) != got {
			t.Errorf("%v: %d %s", c.at, got, got)
		}
	}
	// The day on which clocks go forward has 23 hours.
	d := day(t, "2026-03-29")
	if length := (d + 1).Begins(berlin) - d.Begins(berlin); length != 23*3600*1000 {
		t.Errorf("%d ms", length)
	}
	for _, wrong := range []string{"", "2026-02-30", "2026-2-3", "20260203", "2026-02-03T00:00:00Z", "26-02-03"} {
		if d, err := dashboard.ParseDay(wrong); err == nil {
			t.Errorf("%q is %s", wrong, d)
		}
	}
}

func TestCountNew_CountsDaysOfTheZone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		today := day(t, "2026-03-30") // the clocks changed the day before
		at := func(days dashboard.Day, add int64) int64 { return (today + days).Begins(berlin) + add }
		for i, created := range []int64{
			at(1, 0),            // tomorrow: not counted
			at(1, -1), at(0, 0), // today
			at(0, -1),             // yesterday
			at(-6, 0),             // the first of the seven days
			at(-7, 0), at(-13, 0), // the seven before
			at(-7, 5), at(-13, -1), // before all of them
		} {
			err := p.For("default").Tx(t.Context(), func(tx *db.Tx) error {
				_, err := user.Create(t.Context(), tx, created, user.New{ID: fmt.Sprintf("user%08d", i)})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		got, err := dashboard.CountNew(t.Context(), p.For("default"), today, berlin)
		want := dashboard.NewUsers{Today: dashboard.Change{Count: 2, Delta: 1}, Last7Days: dashboard.Change{Count: 4, Delta: 1}}
		if err != nil || *got != want {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
		if n, err := dashboard.TotalUsers(t.Context(), p.For("default")); n != 9 || err != nil {
			t.Errorf("%d in all, %v", n, err)
		}
		if got, err = dashboard.CountNew(t.Context(), p.For("admin"), today, berlin); err != nil || *got != (dashboard.NewUsers{}) {
			t.Errorf("another tenant: %+v, %v", got, err)
		}
	})
}

// each runs fn on both engines with a clock that stands at the beginning of d.
func each(t *testing.T, d dashboard.Day, fn func(t *testing.T, p *db.Pool, now *clock.Fake)) {
	t.Helper()
	for name, options := range map[string]func(testing.TB) db.Options{
		"sqlite": dbtest.SQLiteOptions, "postgres": dbtest.PostgresOptions,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := clock.NewFake(time.UnixMilli(d.Begins(berlin)))
			o := options(t)
			o.Clock = now.Now
			p := dbtest.Open(t, o)
			exec(t, p, `INSERT INTO tenants (id, name, created_at) VALUES ('default', 'default', 1), ('admin', 'admin', 1)`)
			fn(t, p, now)
		})
	}
}

func settle(t *testing.T, p *db.Pool) {
	t.Helper()
	lease, _, err := job.Acquire(t.Context(), p, "settle", "test")
	if err != nil || lease == nil {
		t.Fatal(lease, err)
	}
	if err := dashboard.Settle(berlin)(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
}

func settled(t *testing.T, p *db.Pool, tenantID string) (n int) {
	t.Helper()
	n, err := db.One[int](t.Context(), p.For(tenantID), `SELECT count(*) FROM daily_stats WHERE tenant_id = $1`)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The numbers are the same whether days are counted now or were before.
func TestCountActive(t *testing.T) {
	t.Parallel()
	end := day(t, "2026-03-30")
	each(t, end, func(t *testing.T, p *db.Pool, now *clock.Fake) {
		active(t, p, "default", end, 1, 3)
		active(t, p, "default", end-1, 2, 6)
		active(t, p, "default", end-6, 7, 7)
		active(t, p, "default", end-7, 1, 1) // of the week before
		active(t, p, "default", end-29, 8, 9)
		active(t, p, "default", end-30, 8, 12) // of the month before
		active(t, p, "default", end-59, 12, 13)
		active(t, p, "default", end-60, 14, 20) // of neither
		active(t, p, "default", end+1, 30, 40)
		active(t, p, "admin", end, 1, 9)
		check := func(when string) {
			t.Helper()
			got, err := dashboard.CountActive(t.Context(), p.For("default"), end)
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range map[int]dashboard.Point{
				0: {"2026-03-01", 2}, 1: {"2026-03-02", 0}, 22: {"2026-03-23", 1}, 23: {"2026-03-24", 1},
				28: {"2026-03-29", 5}, 29: {"2026-03-30", 3},
			} {
				if len(got.Curve) != month || got.Curve[i] != want {
					t.Fatalf("%s: point %d of %v, want %v", when, i, got.Curve, want)
				}
			}
			for name, c := range map[string][2]dashboard.Change{
				"dau": {got.DAU, {Count: 3, Delta: -2}}, "wau": {got.WAU, {Count: 7, Delta: 6}}, "mau": {got.MAU, {Count: 9, Delta: 3}},
			} {
				if c[0] != c[1] {
					t.Errorf("%s: %s %+v, want %+v", when, name, c[0], c[1])
				}
			}
		}
		check("counted")
		// A day is settled two hours after its end.
		now.Advance(2*time.Hour - time.Millisecond)
		settle(t, p)
		if n := settled(t, p, "default"); n != month+month-1 {
			t.Errorf("%d days are settled", n)
		}
		check("settled up to two days before")
		now.Advance(time.Hour)
		settle(t, p)
		check("settled up to the day before")
		now.Advance(24 * time.Hour)
		settle(t, p)
		exec(t, p, `DELETE FROM daily_active_users WHERE day <= $1`, int64(end))
		check("settled and purged")
		if n := settled(t, p, "admin"); n != 1 {
			t.Errorf("%d days of a tenant that nobody used before are settled", n)
		}
	})
}

// A server that was off for a year must not count a year of days.
func TestSettle_LooksBackOnlyAsFarAsPeopleAreKept(t *testing.T) {
	t.Parallel()
	today := day(t, "2026-03-30")
	each(t, today, func(t *testing.T, p *db.Pool, now *clock.Fake) {
		active(t, p, "default", today-400, 1, 1)
		now.Advance(3 * time.Hour)
		settle(t, p)
		if n := settled(t, p, "default"); n != dashboard.Kept+1 {
			t.Errorf("%d days", n)
		}
		settle := dashboard.Settle(berlin)
		lost, _, err := job.Acquire(t.Context(), p, "lost", "test")
		if err != nil {
			t.Fatal(err)
		}
		exec(t, p, `UPDATE leases SET fence = fence + 1`)
		now.Advance(24 * time.Hour)
		before := settled(t, p, "default")
		if err := settle(t.Context(), lost); err == nil || settled(t, p, "default") != before {
			t.Errorf("a node that lost its lease has written: %v", err)
		}
	})
}

const month = 30

// log puts entries on the trail, as one request.
func log(t *testing.T, p *db.Pool, trail *audit.Trail, tenantID string, entries ...audit.Entry) {
	t.Helper()
	endpoint := &url.URL{Scheme: "http", Host: "localhost"}
	ctx, flush := trail.Collect(tenant.With(t.Context(), tenant.New(tenantID, endpoint, p)))
	for _, e := range entries {
		audit.Log(ctx, e)
	}
	flush()
	if err := trail.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func exchange(userID string) audit.Entry {
	return audit.Entry{Key: "ExchangeTokenBy.RefreshToken", UserID: userID}
}

func TestRecorder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		midnight := day(t, "2026-03-01").Begins(apia)
		now := clock.NewFake(time.UnixMilli(midnight - 1))
		trail := audit.NewTrail(p, now.Now, dashboard.NewRecorder(apia).Follow)
		t.Cleanup(trail.Close)
		failed := exchange("eve")
		failed.Err = errs.ErrNotFound
		log(t, p, trail, "default", exchange("bo"), exchange("al"), exchange("bo"), failed, exchange(""),
			audit.Entry{Key: "Interaction.SignIn.Submit", UserID: "cy"})
		now.Advance(time.Millisecond)
		log(t, p, trail, "default", exchange("bo"))
		log(t, p, trail, "admin", exchange("al"))
		type row struct {
			Tenant string        `db:"tenant_id"`
			Day    dashboard.Day `db:"day"`
			User   string        `db:"user_id"`
		}
		list := func() string {
			rows, err := db.All[row](t.Context(), p.Across(), `SELECT tenant_id, day, user_id FROM daily_active_users ORDER BY 1, 2, 3`)
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(rows)
		}
		want := "[{admin 2026-03-01 al} {default 2026-02-28 al} {default 2026-02-28 bo} {default 2026-03-01 bo}]"
		if got := list(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		// Whom it has noted it does not store again; another node does, to no effect.
		exec(t, p, `DELETE FROM daily_active_users WHERE tenant_id = 'admin'`)
		log(t, p, trail, "admin", exchange("al"))
		if got := list(); got == want {
			t.Errorf("stored twice: %s", got)
		}
		other := audit.NewTrail(p, now.Now, dashboard.NewRecorder(apia).Follow)
		t.Cleanup(other.Close)
		log(t, p, other, "admin", exchange("al"))
		log(t, p, other, "default", exchange("bo"))
		if got := list(); got != want {
			t.Errorf("after another node: %s, want %s", got, want)
		}
	})
}
