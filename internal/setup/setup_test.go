package setup_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/setup"
	"signet/internal/tenant"
)

const now = int64(1_800_000_000_000)

func newToken(t *testing.T, d *db.DB) string {
	t.Helper()
	var token string
	err := d.Tx(context.Background(), func(tx *db.Tx) (err error) {
		token, err = setup.NewToken(context.Background(), tx, now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func exchange(d *db.DB, at int64, token string) (cookie string, err error) {
	err = d.Tx(context.Background(), func(tx *db.Tx) (err error) {
		cookie, err = setup.Exchange(context.Background(), tx, at, token)
		return err
	})
	return cookie, err
}

func complete(d *db.DB, at int64, cookie string) error {
	return d.Tx(context.Background(), func(tx *db.Tx) error {
		return setup.Complete(context.Background(), tx, at, cookie)
	})
}

func TestSetupLink_WorksOnceAndForAnHour(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For(tenant.Admin)
		late := now + setup.Lifetime.Milliseconds()

		old := newToken(t, d)
		token := newToken(t, d)
		for name, c := range map[string]struct {
			token string
			at    int64
		}{"replaced": {old, now}, "unknown": {"x", now}, "empty": {"", now}, "late": {token, late}} {
			if usable, err := setup.Usable(context.Background(), d, c.at, c.token); usable || err != nil {
				t.Errorf("%s link looks usable: %v", name, err)
			}
			if _, err := exchange(d, c.at, c.token); !errors.Is(err, setup.ErrTokenInvalid) {
				t.Errorf("%s link: %v", name, err)
			}
		}
		if _, err := exchange(p.For(tenant.Default), now, token); !errors.Is(err, setup.ErrTokenInvalid) {
			t.Errorf("another tenant's link: %v", err)
		}
		for range 2 {
			if usable, err := setup.Usable(context.Background(), d, now, token); !usable || err != nil {
				t.Errorf("the link looks spent: %v", err)
			}
		}
		cookie, err := exchange(d, now, token)
		if err != nil {
			t.Fatal(err)
		}
		if usable, err := setup.Usable(context.Background(), d, now, token); usable || err != nil {
			t.Errorf("a spent link looks usable: %v", err)
		}
		if _, err := exchange(d, now, token); !errors.Is(err, setup.ErrTokenInvalid) {
			t.Errorf("second exchange: %v", err)
		}
		if err := setup.Allowed(context.Background(), d, now, cookie); err != nil {
			t.Errorf("the cookie does not work: %v", err)
		}
		if err := setup.Allowed(context.Background(), d, late, cookie); !errors.Is(err, setup.ErrRequired) {
			t.Errorf("the cookie outlives the link: %v", err)
		}
		if err := complete(d, now, cookie); err != nil {
			t.Fatal(err)
		}
		if err := setup.Allowed(context.Background(), d, now, cookie); !errors.Is(err, setup.ErrRequired) {
			t.Errorf("a spent cookie works: %v", err)
		}
	})
}

func TestSetupCookie_ParallelUseMakesOneAdministrator(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For(tenant.Admin)
		cookie, err := exchange(d, now, newToken(t, d))
		if err != nil {
			t.Fatal(err)
		}
		results := make([]error, 20)
		var wg sync.WaitGroup
		for i := range results {
			wg.Go(func() { results[i] = complete(d, now, cookie) })
		}
		wg.Wait()
		won := 0
		for _, err := range results {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, setup.ErrRequired):
				t.Errorf("unexpected: %v", err)
			}
		}
		if won != 1 {
			t.Errorf("%d registrations won", won)
		}
	})
}
