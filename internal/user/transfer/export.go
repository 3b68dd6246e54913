package transfer

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"

	"signet/internal/platform/db"
	"signet/internal/role"
	"signet/internal/user"
)

// secretColumns are written only if asked for, and clear passwords never.
var secretColumns = []string{"passwordDigest", "passwordAlgorithm"}

// exportRows is how many users are read at once.
const exportRows = 500

// Export writes every user of the tenant in the order of ids, and returns how
// many they are. It holds a page of them at a time and reads each page as it is
// then: a user who is created meanwhile may be there or not.
func Export(ctx context.Context, q db.Q, out io.Writer, f Format, withHashes bool) (int, error) {
	columns := slices.DeleteFunc(slices.Clone(Columns), func(name string) bool {
		return name == "password" || !withHashes && slices.Contains(secretColumns, name)
	})
	buffer := bufio.NewWriter(out)
	write := ndjsonWriter(buffer, columns)
	if f == CSV {
		table := csv.NewWriter(buffer) // whose buffer it shares
		if err := table.Write(columns); err != nil {
			return 0, err
		}
		write = csvWriter(table, columns)
	}
	n, last := 0, ""
	for {
		users, err := user.After(ctx, q, last, exportRows)
		if err != nil {
			return n, err
		}
		if err := writePage(ctx, q, users, write); err != nil {
			return n, err
		}
		if n += len(users); len(users) < exportRows {
			return n, buffer.Flush()
		}
		last = users[len(users)-1].ID
	}
}

func writePage(ctx context.Context, q db.Q, users []*user.User, write func(map[string]any) error) error {
	ids := make([]string, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	roles, err := role.NamesOf(ctx, q, ids)
	if err != nil {
		return err
	}
	for _, u := range users {
		if err := write(values(u, roles[u.ID])); err != nil {
			return err
		}
	}
	return nil
}

// values returns what the columns say of a user; nil is not set.
func values(u *user.User, roles []string) map[string]any {
	all := map[string]any{
		"id": u.ID, "profile": u.Profile, "customData": u.CustomData,
		"createdAt": u.CreatedAt, "isSuspended": u.IsSuspended, "roles": append([]string{}, roles...),
	}
	for name, value := range map[string]*string{
		"username": u.Username, "primaryEmail": u.PrimaryEmail, "primaryPhone": u.PrimaryPhone, "name": u.Name,
		"avatar": u.Avatar, "passwordDigest": u.PasswordHash, "passwordAlgorithm": u.PasswordAlgorithm,
	} {
		if value != nil {
			all[name] = *value
		}
	}
	return all
}

func ndjsonWriter(out *bufio.Writer, columns []string) func(map[string]any) error {
	return func(values map[string]any) error {
		separator := byte('{')
		for _, name := range columns {
			value, ok := values[name]
			if !ok {
				continue
			}
			raw, err := json.Marshal(value)
			if err != nil {
				return err
			}
			_ = out.WriteByte(separator) // a bufio.Writer keeps its error for Flush
			_, _ = out.WriteString(`"` + name + `":`)
			_, _ = out.Write(raw)
			separator = ','
		}
		_, err := out.WriteString("}\n")
		return err
	}
}

func csvWriter(out *csv.Writer, columns []string) func(map[string]any) error {
	cells := make([]string, len(columns))
	return func(values map[string]any) error {
		for i, name := range columns {
			cells[i] = ""
			switch value := values[name].(type) {
			case nil:
			case string:
				cells[i] = value
			default:
				raw, err := json.Marshal(value)
				if err != nil {
					return err
				}
				cells[i] = string(raw)
			}
		}
		return out.Write(cells)
	}
}
