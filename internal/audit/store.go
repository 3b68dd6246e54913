package audit

import (
	"context"
	"slices"
	"strings"

	"signet/internal/platform/db"
)

// hidden are the entries that the log list of the console does not show.
var hidden = []string{"TriggerHook.", "TrustedDevice."}

// perInsert is how many entries one statement stores.
const perInsert = 16

// insert stores rows, but for those that an attempt has stored whose outcome nobody
// knew.
func insert(ctx context.Context, tx *db.Tx, rows []row) error {
	for some := range slices.Chunk(rows, perInsert) {
		values, args := []string{}, []any{}
		for _, r := range some {
			columns := []any{
				r.id, r.createdAt, r.entry.Key, r.entry.Err == nil, listed(r.entry.Key),
				given(r.entry.UserID), given(r.entry.ApplicationID), given(r.entry.SessionID), string(r.payload),
			}
			values = append(values, "($1, "+db.Placeholders(len(args)+2, len(columns))+")")
			args = append(args, columns...)
		}
		err := tx.Queue(ctx, `INSERT INTO audit_logs
			(tenant_id, id, created_at, key, is_success, is_listed, user_id, application_id, session_id, payload)
			VALUES `+strings.Join(values, ", ")+` ON CONFLICT (tenant_id, created_at, id) DO NOTHING`, args...)
		if err != nil {
			return err
		}
	}
	return nil
}

func listed(key string) bool {
	for _, prefix := range hidden {
		if strings.HasPrefix(key, prefix) {
			return false
		}
	}
	return true
}

func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
