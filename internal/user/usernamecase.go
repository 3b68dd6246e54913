package user

import (
	"context"

	"signet/internal/platform/db"
)

// CaseConflicts are usernames that differ only in case: two users each, who
// would be one if case did not count.
type CaseConflicts struct {
	Total   int            `json:"totalConflicts"`
	Samples []CaseConflict `json:"samples"`
}

// CaseConflict is one of them.
type CaseConflict struct {
	Username string   `json:"usernameLower"`
	UserIDs  []string `json:"userIds"`
}

// clashing are the lower-case forms that several users share. Usernames are
// ASCII, so both databases agree on lower().
const clashing = `FROM users WHERE tenant_id = $1 AND username IS NOT NULL GROUP BY lower(username) HAVING count(*) > 1`

// FindCaseConflicts looks for usernames that differ only in case and returns at
// most limit of them.
func FindCaseConflicts(ctx context.Context, q db.Q, limit int) (*CaseConflicts, error) {
	total, err := db.One[int](ctx, q, `SELECT count(*) FROM (SELECT lower(username) `+clashing+`) AS clashes`)
	if err != nil {
		return nil, err
	}
	found := &CaseConflicts{Total: total, Samples: []CaseConflict{}}
	if total == 0 {
		return found, nil
	}
	names, err := db.All[string](ctx, q, `SELECT lower(username) `+clashing+` ORDER BY lower(username) LIMIT $2`, limit)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		users, err := db.All[string](ctx, q, `SELECT id FROM users WHERE tenant_id = $1 AND lower(username) = $2 ORDER BY created_at, id LIMIT 100`, name)
		if err != nil {
			return nil, err
		}
		found.Samples = append(found.Samples, CaseConflict{Username: name, UserIDs: users})
	}
	return found, nil
}

// RekeyUsernames makes the keys by which usernames are compared anew. Two users
// that become one violate the uniqueness of the key.
func RekeyUsernames(ctx context.Context, tx *db.Tx, caseSensitive bool) error {
	key := "lower(username)"
	if caseSensitive {
		key = "username"
	}
	_, err := tx.Exec(ctx, `UPDATE users SET username_key = `+key+` WHERE tenant_id = $1 AND username IS NOT NULL AND username_key <> `+key)
	return err
}
