package user

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"signet/internal/platform/db"
)

const (
	insertColumns = `id, username, username_key, primary_email, email_key, primary_phone, phone_key,
		name, avatar, search_text, password_hash, password_algorithm, password_changed_at,
		is_password_expired, is_suspended, is_mfa_enabled, profile, custom_data,
		application_id, cimd_client_id, created_at, updated_at`
	insertWidth = 22
	// insertRows is how many users one statement of PostgreSQL stores.
	insertRows = 25
	// lookedUp is how many users one statement of PostgreSQL looks for.
	lookedUp = 100
)

// insertFull stores insertRows users.
var insertFull = insertion(insertRows)

func insertion(n int) string {
	var b strings.Builder
	b.WriteString("INSERT INTO users (tenant_id, " + insertColumns + ") VALUES ")
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("($1, " + db.Placeholders(2+i*insertWidth, insertWidth) + ")")
	}
	return b.String()
}

// insertJSON stores users that come as one JSON array of arrays. SQLite's search
// index writes to disk with every statement, so that many small ones cost several
// times as much as one.
var insertJSON = func() string {
	var b strings.Builder
	b.WriteString("INSERT INTO users (tenant_id, " + insertColumns + ") SELECT $1")
	for i := range insertWidth {
		fmt.Fprintf(&b, ", json_extract(value, '$[%d]')", i)
	}
	// The OFFSET has each row read once; without it, it would be for each column.
	b.WriteString(" FROM (SELECT value FROM json_each($2) LIMIT -1 OFFSET 0) AS rows")
	return b.String()
}()

// Row is a user in the form in which CreateMany stores it.
type Row struct {
	User  *User
	Names Names

	values  []any           // of insertColumns
	encoded json.RawMessage // the same for insertJSON
}

// RowOf prepares a user that New.User made; db.ErrText if it has text that cannot
// be stored. The flag is that of UsernamePolicy.DistinguishesCase.
func RowOf(d db.Dialect, u *User, caseSensitive bool) (Row, error) {
	n := u.Names(caseSensitive)
	r := Row{User: u, Names: n, values: []any{
		u.ID, u.Username, set(n.UsernameKey), u.PrimaryEmail, set(n.EmailKey), u.PrimaryPhone, set(n.PhoneKey),
		u.Name, u.Avatar, u.searchText(), u.PasswordHash, u.PasswordAlgorithm, u.PasswordChangedAt,
		u.IsPasswordExpired, u.IsSuspended, u.IsMFAEnabled,
		db.JSON[Profile]{V: u.Profile}, db.JSON[map[string]any]{V: u.CustomData},
		u.ApplicationID, u.CIMDClientID, u.CreatedAt, u.UpdatedAt,
	}}
	var err error
	for i, value := range r.values {
		if r.values[i], err = db.Stored(value); err != nil {
			return r, err
		}
	}
	if d == db.SQLite {
		r.encoded, err = json.Marshal(r.values)
		r.values = nil
	}
	return r, err
}

// CreateMany is Create for prepared users: their rows and counts in a few
// statements. The first one whose identifier is taken fails them all.
func CreateMany(ctx context.Context, tx *db.Tx, rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	insert := insertSome
	if tx.Dialect() == db.SQLite {
		insert = insertAll
	}
	if err := insert(ctx, tx, rows); err != nil {
		return taken(err)
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.User.ID
	}
	return db.CountMany(ctx, tx, Counted, "", ids, 1)
}

// insertSome stores insertRows users with each statement.
func insertSome(ctx context.Context, tx *db.Tx, rows []Row) error {
	for batch := range slices.Chunk(rows, insertRows) {
		query := insertFull
		if len(batch) < insertRows {
			query = insertion(len(batch))
		}
		args := make([]any, 0, len(batch)*insertWidth)
		for _, r := range batch {
			args = append(args, r.values...)
		}
		if _, err := tx.Exec(ctx, query, args...); err != nil {
			return err
		}
	}
	return nil
}

// insertAll stores all users with one statement.
func insertAll(ctx context.Context, tx *db.Tx, rows []Row) error {
	var all strings.Builder
	for i, r := range rows {
		all.WriteByte("[,"[min(i, 1)])
		all.Write(r.encoded)
	}
	all.WriteByte(']')
	_, err := tx.Exec(ctx, insertJSON, all.String())
	return err
}

// Names are everything by which a user differs from every other: the id, the
// identifiers as they are written and, as keys, as they are compared. What is
// not set is "".
type Names struct {
	ID           string `db:"id"`
	Username     string `db:"username"`
	UsernameKey  string `db:"username_key"`
	PrimaryEmail string `db:"primary_email"`
	EmailKey     string `db:"email_key"`
	PrimaryPhone string `db:"primary_phone"`
	PhoneKey     string `db:"phone_key"`
}

// Names returns the names of the user. The flag is that of
// UsernamePolicy.DistinguishesCase.
func (u *User) Names(caseSensitive bool) Names {
	return Names{
		ID:       u.ID,
		Username: orDefault(u.Username, ""), UsernameKey: orDefault(u.usernameKey(caseSensitive), ""),
		PrimaryEmail: orDefault(u.PrimaryEmail, ""), EmailKey: orDefault(u.emailKey(), ""),
		PrimaryPhone: orDefault(u.PrimaryPhone, ""), PhoneKey: orDefault(u.phoneKey(), ""),
	}
}

const selectNames = `SELECT u.id, coalesce(u.username, '') AS username, coalesce(u.username_key, '') AS username_key,
	coalesce(u.primary_email, '') AS primary_email, coalesce(u.email_key, '') AS email_key,
	coalesce(u.primary_phone, '') AS primary_phone, coalesce(u.phone_key, '') AS phone_key
	FROM `

// Holders returns the names of the users who have an id, username, email
// address or phone number of one of the given; some may come more than once.
func Holders(ctx context.Context, q db.Q, names []Names) ([]Names, error) {
	var found []Names
	for _, column := range []struct {
		name string
		of   func(Names) string
	}{
		{"id", func(n Names) string { return n.ID }},
		{"username_key", func(n Names) string { return n.UsernameKey }},
		{"email_key", func(n Names) string { return n.EmailKey }},
		{"phone_key", func(n Names) string { return n.PhoneKey }},
	} {
		var values []string
		for _, n := range names {
			if value := column.of(n); value != "" {
				values = append(values, value)
			}
		}
		holders, err := holdersOf(ctx, q, column.name, values)
		if err != nil {
			return nil, err
		}
		found = append(found, holders...)
	}
	return found, nil
}

// holdersOf is Holders for the values of one column.
func holdersOf(ctx context.Context, q db.Q, column string, values []string) (found []Names, err error) {
	if q.Dialect() == db.SQLite {
		return db.All[Names](ctx, q, selectNames+`json_each($2) AS j CROSS JOIN users u
			WHERE u.tenant_id = $1 AND u.`+column+` = j.value`, db.JSON[[]string]{V: values})
	}
	for some := range slices.Chunk(values, lookedUp) {
		args := make([]any, len(some))
		for i, value := range some {
			args[i] = value
		}
		holders, err := db.All[Names](ctx, q, selectNames+`users u
			WHERE u.tenant_id = $1 AND u.`+column+` IN (`+db.Placeholders(2, len(some))+`)`, args...)
		if err != nil {
			return nil, err
		}
		found = append(found, holders...)
	}
	return found, nil
}

// After returns at most limit users whose id follows id, in the order of ids.
// With "" it begins: whoever passes on the last id reads all users page by page,
// each as it is when its page is read.
func After(ctx context.Context, q db.Q, id string, limit int) ([]*User, error) {
	rows, err := db.All[row](ctx, q, `SELECT `+columns+` FROM users WHERE tenant_id = $1 AND id > $2
		ORDER BY id LIMIT $3`, id, limit)
	if err != nil {
		return nil, err
	}
	users := make([]*User, len(rows))
	for i := range rows {
		users[i] = rows[i].user()
	}
	return users, nil
}
