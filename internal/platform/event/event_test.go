package event_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/event"
	"signet/internal/platform/web"
)

const now = 1_790_000_000_000

// addRole is a change that an event tells of.
func addRole(ctx context.Context, tx *db.Tx, id string) error {
	_, err := tx.Exec(ctx, `INSERT INTO roles (tenant_id, id, name, description, type, created_at)
		VALUES ($1, $2, $2, '', 'User', $3)`, id, now)
	return err
}

func TestAnEventCarriesItsRequest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := web.WithInfo(context.Background(), &web.RequestInfo{
			IP: "203.0.113.7", UserAgent: "Browser/1", Path: "/api/users", Method: "POST", Origin: "https://example.com",
		})
		d := p.For("default")
		err := d.Tx(ctx, func(tx *db.Tx) error {
			return errors.Join(
				event.Record(ctx, tx, now, "Role.Created", map[string]any{"id": "r1", "note": "a\x00b"}),
				event.Record(ctx, tx, now+1, "Role.Data.Updated", nil),
				event.RecordBeside(ctx, tx, now+2, "Role.Scopes.Updated", []string{"s"}, map[string]string{"roleId": "r1\x00"}),
				event.RecordBeside(ctx, tx, now+3, "Organization.Membership.Updated", nil, map[string]string{"organizationId": "o"}))
		})
		if err != nil {
			t.Fatal(err)
		}
		events, err := event.Since(ctx, d, "", 10)
		if err != nil || len(events) != 4 {
			t.Fatalf("got %d events, %v", len(events), err)
		}
		first := events[0]
		want := event.Origin{IP: "203.0.113.7", UserAgent: "Browser/1", Path: "/api/users", Method: "POST"}
		if first.Name != "Role.Created" || first.CreatedAt != now || !reflect.DeepEqual(first.Origin.V, want) {
			t.Errorf("first event is %+v", first)
		}
		data, err := db.One[db.JSON[map[string]string]](ctx, d,
			`SELECT data FROM outbox_events WHERE tenant_id = $1 AND id = $2`, first.ID)
		if err != nil || data.V["id"] != "r1" || data.V["note"] != "ab" {
			t.Errorf("data is %v, %v", data.V, err)
		}
		if string(events[1].Data.V) != "{}" {
			t.Errorf("an event without data holds %s", events[1].Data.V)
		}
		for i, want := range map[int]struct{ data, key, value string }{2: {`["s"]`, "roleId", "r1"}, 3: {"null", "organizationId", "o"}} {
			var beside map[string]string
			if err := json.Unmarshal(events[i].Origin.V.Beside, &beside); err != nil || len(beside) != 1 || beside[want.key] != want.value || string(events[i].Data.V) != want.data {
				t.Errorf("%s has %s beside %s, %v", events[i].Name, beside, events[i].Data.V, err)
			}
		}
		if rest, err := event.Since(ctx, d, first.ID, 10); err != nil || len(rest) != 3 || rest[0].ID != events[1].ID {
			t.Errorf("after the first come %+v, %v", rest, err)
		}
		if other, err := event.Since(ctx, p.For("other"), "", 10); err != nil || len(other) != 0 {
			t.Errorf("another tenant sees %+v, %v", other, err)
		}
	})
}

func TestAnEventCommitsWithItsChangeOrNotAtAll(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		d := p.For("default")
		count := func() (roles, events int) {
			roles, err1 := db.One[int](ctx, d, `SELECT count(*) FROM roles WHERE tenant_id = $1`)
			events, err2 := db.One[int](ctx, d, `SELECT count(*) FROM outbox_events WHERE tenant_id = $1`)
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
			return roles, events
		}

		refused := errors.New("refused after the event")
		err := d.Tx(ctx, func(tx *db.Tx) error {
			if err := addRole(ctx, tx, "r1"); err != nil {
				return err
			}
			if err := event.Record(ctx, tx, now, "Role.Created", nil); err != nil {
				return err
			}
			return refused
		})
		if !errors.Is(err, refused) {
			t.Fatal(err)
		}
		if roles, events := count(); roles != 0 || events != 0 {
			t.Fatalf("after a rollback: %d roles, %d events", roles, events)
		}

		err = d.Tx(ctx, func(tx *db.Tx) error {
			if err := addRole(ctx, tx, "r1"); err != nil {
				return err
			}
			return event.Record(ctx, tx, now, "Role.Created", make(chan int)) // no JSON
		})
		if err == nil {
			t.Fatal("data that is no JSON was accepted")
		}
		if roles, events := count(); roles != 0 || events != 0 {
			t.Fatalf("after an event that failed: %d roles, %d events", roles, events)
		}

		err = d.Tx(ctx, func(tx *db.Tx) error {
			return errors.Join(addRole(ctx, tx, "r1"), event.Record(ctx, tx, now, "Role.Created", nil))
		})
		if err != nil {
			t.Fatal(err)
		}
		if roles, events := count(); roles != 1 || events != 1 {
			t.Fatalf("after a commit: %d roles, %d events", roles, events)
		}
	})
}
