package settings_test

import (
	"slices"
	"testing"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/errs"
	"signet/internal/settings"
)

const now = 1_800_000_000_000

func put(t *testing.T, d *db.DB, fn func(tx *db.Tx) error) error {
	t.Helper()
	return d.Tx(t.Context(), fn)
}

func TestSessionTTL(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		ttl := func() time.Duration {
			t.Helper()
			got, err := settings.SessionTTL(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := ttl(); got != 14*24*time.Hour {
			t.Errorf("default %v", got)
		}
		for _, seconds := range []int64{60, 31_536_000, 1} {
			if err := put(t, d, func(tx *db.Tx) error {
				return settings.PutSession(t.Context(), tx, now, settings.Session{TTL: seconds})
			}); err != nil {
				t.Fatal(err)
			}
		}
		for _, seconds := range []int64{0, -1, 31_536_001} {
			err := put(t, d, func(tx *db.Tx) error {
				return settings.PutSession(t.Context(), tx, now, settings.Session{TTL: seconds})
			})
			if e, ok := errs.As(err); !ok || e.Status != 400 {
				t.Errorf("%d: %v", seconds, err)
			}
		}
		if got := ttl(); got != time.Second {
			t.Errorf("stored %v", got)
		}
	})
}

func TestIDToken(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		if got, err := settings.GetIDToken(t.Context(), d); got != nil || err != nil {
			t.Errorf("before: %+v, %v", got, err)
		}
		if err := put(t, d, func(tx *db.Tx) error { return settings.Seed(t.Context(), tx, now) }); err != nil {
			t.Fatal(err)
		}
		err := put(t, d, func(tx *db.Tx) error {
			return settings.PutIDToken(t.Context(), tx, now, settings.IDToken{EnabledExtendedClaims: []string{"roles", "password"}})
		})
		if e, ok := errs.As(err); !ok || e.Status != 400 {
			t.Errorf("unknown claim: %v", err)
		}
		got, err := settings.GetIDToken(t.Context(), d)
		if err != nil || !slices.Equal(got.EnabledExtendedClaims, []string{"roles", "organizations", "organization_roles"}) {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// A reader sees a change as soon as it has committed, and each tenant its own.
func TestReader(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d, reader := p.For("default"), settings.NewReader(p)
		read := func(d *db.DB) settings.OIDC {
			t.Helper()
			got, err := reader.OIDC(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := read(d); got.SessionTTL != settings.DefaultSessionTTL || got.ExtendedClaims != nil {
			t.Errorf("%+v", got)
		}
		err := put(t, d, func(tx *db.Tx) error {
			if err := settings.Seed(t.Context(), tx, now); err != nil {
				return err
			}
			return settings.PutSession(t.Context(), tx, now, settings.Session{TTL: 5})
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := read(d); got.SessionTTL != 5*time.Second || len(got.ExtendedClaims) != 3 {
			t.Errorf("%+v", got)
		}
		if got := read(p.For("admin")); got.SessionTTL != settings.DefaultSessionTTL {
			t.Errorf("another tenant: %+v", got)
		}
	})
}
