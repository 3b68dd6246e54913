package user

import (
	"context"
	"strconv"

	"signet/internal/platform/db"
)

// Selection narrows a list of users; what is empty does not.
type Selection struct {
	// Match is a search over columns of users.
	Match db.Filter
	// ExcludeRoleID leaves out who holds the role, ExcludeOrganizationID who
	// belongs to the organization.
	ExcludeRoleID, ExcludeOrganizationID string
}

// Select returns users, the newest first, and how many there are.
func Select(ctx context.Context, q db.Q, s Selection, r db.Range) ([]User, int64, error) {
	l := db.Listing{Columns: columns, From: "users", Where: "tenant_id = $1", Order: "created_at DESC, id DESC"}
	for _, exclusion := range []struct{ id, table, column string }{
		{s.ExcludeRoleID, "user_roles", "role_id"},
		{s.ExcludeOrganizationID, "organization_users", "organization_id"},
	} {
		if exclusion.id == "" {
			continue
		}
		l.And(func(next int) string {
			return "id NOT IN (SELECT user_id FROM " + exclusion.table + " WHERE tenant_id = $1 AND " +
				exclusion.column + " = $" + strconv.Itoa(next) + ")"
		}, exclusion.id)
	}
	if err := l.Narrow(q.Dialect(), s.Match); err != nil {
		return nil, 0, err
	}
	rows, total, err := db.List[row](ctx, q, l, r)
	if err != nil {
		return nil, 0, err
	}
	users := make([]User, len(rows))
	for i := range rows {
		users[i] = *rows[i].user()
	}
	return users, total, nil
}
