package audit

import (
	"context"
	"strings"

	"signet/internal/platform/db"
)

// hidden are the entries that the log list of the console does not show.
var hidden = []string{"TriggerHook.", "TrustedDevice."}

func insert(ctx context.Context, tx *db.Tx, rows []row) error {
	for _, r := range rows {
		_, err := tx.Exec(ctx, `INSERT INTO audit_logs
			(tenant_id, id, created_at, key, is_success, is_listed, user_id, application_id, session_id, payload)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			r.id, r.createdAt, r.entry.Key, r.entry.Err == nil, listed(r.entry.Key),
			given(r.entry.UserID), given(r.entry.ApplicationID), given(r.entry.SessionID), string(r.payload))
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
