package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
)

// ErrTimeWindow: the window of a list begins after its end.
var ErrTimeWindow = errs.New(400, "log.invalid_time_window")

// Cap is where counting the entries of a list may be given up.
const Cap = 10_000

// Line is an entry as it is read back. CreatedAt is in epoch milliseconds.
type Line struct {
	ID        string                   `db:"id"`
	Key       string                   `db:"key"`
	Payload   db.JSON[json.RawMessage] `db:"payload"`
	CreatedAt int64                    `db:"created_at"`
}

// Filter narrows a list of entries. Empty fields do not; both ends of the time,
// in epoch milliseconds, belong to it.
type Filter struct {
	UserID, ApplicationID, Key string
	From, To                   *int64
}

const lineColumns = `id, key, payload, created_at`

// List returns entries, the newest first, and how many there are. With capped
// it counts no further than one past Cap. Entries of webhooks and trusted
// devices are left out.
func List(ctx context.Context, q db.Q, f Filter, capped bool, r db.Range) (lines []Line, total int64, err error) {
	l := db.Listing{Columns: lineColumns, From: "audit_logs", Where: "tenant_id = $1 AND is_listed", Order: "created_at DESC, id DESC"}
	for _, c := range []struct {
		applies   bool
		condition string
		value     any
	}{
		{f.UserID != "", "user_id =", f.UserID},
		{f.ApplicationID != "", "application_id =", f.ApplicationID},
		{f.Key != "", "key =", f.Key},
		{f.From != nil, "created_at >=", f.From},
		{f.To != nil, "created_at <=", f.To},
	} {
		if c.applies {
			l.And(func(next int) string { return fmt.Sprintf("%s $%d", c.condition, next) }, c.value)
		}
	}
	if capped {
		total, err = db.One[int64](ctx, q, fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 FROM audit_logs WHERE %s LIMIT %d) AS counted`, l.Where, Cap+1), l.Args...)
	} else {
		total, err = l.Total(ctx, q)
	}
	if err != nil {
		return nil, 0, err
	}
	lines, err = db.Rows[Line](ctx, q, l, r)
	return lines, total, err
}

// ByID returns an entry of any kind, or errs.ErrNotExistsWithID.
func ByID(ctx context.Context, q db.Q, id string) (*Line, error) {
	line, err := byIDAndTime(ctx, q, id)
	if errors.Is(err, db.ErrNoRows) {
		// An id that was not made here says nothing of the time.
		line, err = db.One[Line](ctx, q, `SELECT `+lineColumns+` FROM audit_logs WHERE tenant_id = $1 AND id = $2`, id)
	}
	if errors.Is(err, db.ErrNoRows) {
		return nil, errs.ErrNotExistsWithID
	}
	return &line, err
}

// byIDAndTime looks where the time in the id says that the entry is.
func byIDAndTime(ctx context.Context, q db.Q, id string) (Line, error) {
	const timeDigits = 9 // of ids.Ordered
	if len(id) < timeDigits {
		return Line{}, db.ErrNoRows
	}
	created, err := strconv.ParseInt(id[:timeDigits], 36, 64)
	if err != nil {
		return Line{}, db.ErrNoRows
	}
	return db.One[Line](ctx, q, `SELECT `+lineColumns+` FROM audit_logs WHERE tenant_id = $1 AND created_at = $2 AND id = $3`, created, id)
}
