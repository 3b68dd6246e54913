package audit_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"signet/internal/audit"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

type entry struct {
	Key       string  `db:"key"`
	IsSuccess bool    `db:"is_success"`
	IsListed  bool    `db:"is_listed"`
	UserID    *string `db:"user_id"`
	Payload   string  `db:"payload"`
}

func entries(t *testing.T, d *db.DB) []entry {
	t.Helper()
	all, err := db.All[entry](context.Background(), d,
		`SELECT key, is_success, is_listed, user_id, payload FROM audit_logs WHERE tenant_id = $1 ORDER BY created_at, id`)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func inRequest(p *db.Pool, tenantID string) context.Context {
	endpoint := &url.URL{Scheme: "http", Host: "localhost"}
	ctx := tenant.With(context.Background(), tenant.New(tenantID, endpoint, p))
	return web.WithInfo(ctx, &web.RequestInfo{ID: "request-1", IP: "203.0.113.9", UserAgent: "agent"})
}

var errRefused = errs.New(422, "test.refused")

func TestTrail_KeepsWhatARolledBackTransactionDid(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		now := clock.NewFake(time.UnixMilli(1_800_000_000_000))
		trail := audit.NewTrail(p, now.Now)
		ctx, flush := trail.Collect(inRequest(p, "default"))
		d := p.For("default")
		err := d.Tx(ctx, func(*db.Tx) error {
			audit.Log(ctx, audit.Entry{Key: "Step", UserID: "u1", Err: errRefused.Wrap(errors.New("canary-cause"))})
			return errRefused
		})
		if !errors.Is(err, errRefused) {
			t.Fatal(err)
		}
		if n := len(entries(t, d)); n != 0 {
			t.Fatalf("%d entries before the outcome", n)
		}
		now.Advance(time.Millisecond) // the order within one is not kept
		audit.Log(ctx, audit.Entry{Key: "TriggerHook.X"})
		flush()
		trail.Close()

		got := entries(t, d)
		if len(got) != 2 {
			t.Fatalf("%d entries", len(got))
		}
		if got[0].Key != "Step" || got[0].IsSuccess || !got[0].IsListed || *got[0].UserID != "u1" {
			t.Errorf("first %+v", got[0])
		}
		for _, want := range []string{`test.refused`, `203.0.113.9`, `request-1`} {
			if !strings.Contains(got[0].Payload, want) {
				t.Errorf("no %s in %s", want, got[0].Payload)
			}
		}
		if strings.Contains(got[0].Payload, "canary") {
			t.Error("the private cause is in the trail")
		}
		if got[1].IsListed || !got[1].IsSuccess {
			t.Errorf("second %+v", got[1])
		}
		if n := len(entries(t, p.For("admin"))); n != 0 {
			t.Errorf("%d entries in another tenant", n)
		}
	})
}

// Attack 58: secrets never reach the trail, whatever a step hands over.
func TestTrail_MasksSecrets(t *testing.T) {
	t.Parallel()
	p := dbtest.SQLite(t)
	trail := audit.NewTrail(p, clock.System)
	ctx, flush := trail.Collect(inRequest(p, "default"))
	audit.Log(ctx, audit.Entry{Key: "Step", Data: map[string]any{
		"password": "canary-1", "nested": map[string]any{"clientSecret": "canary-2", "list": []any{map[string]any{"access_token": "canary-3"}}},
		"Authorization": "canary-4", "privateKey": "canary-5", "cookieValue": "canary-6", "identifier": "robin",
	}})
	flush()
	trail.Close()
	payload := entries(t, p.For("default"))[0].Payload
	if strings.Contains(payload, "canary") {
		t.Errorf("a secret is in %s", payload)
	}
	if !strings.Contains(payload, "robin") {
		t.Errorf("an open value is gone from %s", payload)
	}
}

func TestTrail_WritesEverythingBeforeItCloses(t *testing.T) {
	t.Parallel()
	p := dbtest.SQLite(t)
	trail := audit.NewTrail(p, clock.System)
	const n = 500
	for i := range n {
		ctx, flush := trail.Collect(inRequest(p, []string{"default", "admin"}[i%2]))
		audit.Log(ctx, audit.Entry{Key: fmt.Sprintf("Step.%d", i)})
		flush()
	}
	trail.Close()
	if got := len(entries(t, p.For("default"))) + len(entries(t, p.For("admin"))); got != n {
		t.Errorf("%d of %d entries", got, n)
	}
}

// While nothing can be written the trail fills up, says so before it makes
// anybody wait, and loses nothing.
func TestTrail_SaysWhenItIsFull(t *testing.T) {
	t.Parallel()
	p := dbtest.SQLite(t)
	trail := audit.NewTrail(p, clock.System)
	d := p.For("default")
	n := 0
	err := d.Tx(t.Context(), func(*db.Tx) error {
		for ; trail.HasRoom(); n++ {
			if n > 10_000 {
				t.Fatal("room for everything")
			}
			ctx, flush := trail.Collect(inRequest(p, "default"))
			audit.Log(ctx, audit.Entry{Key: "Step"})
			flush()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := trail.Sync(t.Context()); err != nil || !trail.HasRoom() {
		t.Errorf("no room after all was written: %v", err)
	}
	trail.Close()
	if got := len(entries(t, d)); got != n {
		t.Errorf("%d of %d entries", got, n)
	}
}
