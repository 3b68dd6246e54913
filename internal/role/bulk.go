package role

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/user"
)

// All returns every role by name.
func All(ctx context.Context, q db.Q) ([]Role, error) {
	return db.All[Role](ctx, q, selectRole+` ORDER BY name`)
}

// AssignMany gives a role to users, some of whom may have it already.
func AssignMany(ctx context.Context, tx *db.Tx, now int64, roleID string, userIDs []string) error {
	added, err := userLink.Add(ctx, tx, now, userIDs, roleID)
	if err != nil || len(added) == 0 {
		return err
	}
	return db.CountMany(ctx, tx, user.CountedRoles, roleID, added, 1)
}

// NamesOf returns the names of the roles of users, in order, by the user's id.
func NamesOf(ctx context.Context, q db.Q, userIDs []string) (map[string][]string, error) {
	names := map[string][]string{}
	if len(userIDs) == 0 {
		return names, nil
	}
	type held struct {
		UserID string `db:"user_id"`
		Name   string `db:"name"`
	}
	all, err := db.All[held](ctx, q, `SELECT u.user_id AS user_id, r.name AS name
		FROM user_roles u JOIN roles r ON r.tenant_id = u.tenant_id AND r.id = u.role_id
		WHERE u.tenant_id = $1 AND u.user_id IN (`+db.Placeholders(2, len(userIDs))+`) ORDER BY u.user_id, r.name`, db.Args(userIDs)...)
	for _, h := range all {
		names[h.UserID] = append(names[h.UserID], h.Name)
	}
	return names, err
}
