// Package event records what happened, for the webhooks that report it. An
// event is a row of the outbox, written in the transaction that makes the
// change: it commits with the change or not at all.
package event

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/ids"
	"signet/internal/platform/web"
)

// Origin is what is known of the request that caused an event. A change that no
// request caused, by a worker or the command line, has an empty one.
type Origin struct {
	IP        string `json:"ip,omitempty"`
	UserAgent string `json:"userAgent,omitempty"`
	Path      string `json:"path,omitempty"`
	Method    string `json:"method,omitempty"`
	// Route is the pattern of the operation, Params what its wildcards stood for,
	// Status the answer's.
	Route  string            `json:"route,omitempty"`
	Params map[string]string `json:"params,omitempty"`
	Status int               `json:"status,omitempty"`

	// Beside is a JSON object whose members stand beside "data" in what is
	// reported, or in its place: see RecordBeside.
	Beside json.RawMessage `json:"beside,omitempty"`
}

// Record writes the event name, for example "User.Created", into the outbox.
// Now is the time of the change in epoch milliseconds; data becomes JSON, nil
// an empty object.
func Record(ctx context.Context, tx *db.Tx, now int64, name string, data any) error {
	return record(ctx, tx, now, name, data, nil)
}

// RecordBeside is Record for an event that tells more than "data", or something
// else: beside becomes a JSON object, Origin.Beside, whose members stand at the
// top of what is reported. With nil for data the report has no member "data" at
// all, whatever the operation answers; the stored data is null then, not an
// empty object.
func RecordBeside(ctx context.Context, tx *db.Tx, now int64, name string, data, beside any) error {
	members, err := json.Marshal(beside)
	if err != nil {
		return fmt.Errorf("record %s: %w", name, err)
	}
	if data == nil {
		data = json.RawMessage("null")
	}
	return record(ctx, tx, now, name, data, members)
}

func record(ctx context.Context, tx *db.Tx, now int64, name string, data any, beside json.RawMessage) error {
	if data == nil {
		data = struct{}{}
	}
	info := web.Info(ctx)
	origin := Origin{IP: info.IP, UserAgent: info.UserAgent, Path: info.Path, Method: info.Method,
		Route: info.Route, Params: info.Params, Status: info.Status, Beside: beside}
	err := tx.Queue(ctx, `INSERT INTO outbox_events (tenant_id, id, name, data, context, created_at)
		VALUES ($1, $2, $3, $4, $5, $6)`,
		ids.Ordered(time.UnixMilli(now)), name, db.JSON[any]{V: data}, db.JSON[Origin]{V: origin}, now)
	if err != nil {
		return fmt.Errorf("record %s: %w", name, err)
	}
	return nil
}

// Event is a row of the outbox.
type Event struct {
	ID        string                   `db:"id"`
	Name      string                   `db:"name"`
	Data      db.JSON[json.RawMessage] `db:"data"`
	Origin    db.JSON[Origin]          `db:"context"`
	CreatedAt int64                    `db:"created_at"`
}

// Since returns the events of the tenant with an id above after, oldest first,
// at most limit. An empty after begins with the oldest that is kept.
func Since(ctx context.Context, q db.Q, after string, limit int) ([]Event, error) {
	return db.All[Event](ctx, q, `SELECT id, name, data, context, created_at FROM outbox_events
		WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3`, after, limit)
}
