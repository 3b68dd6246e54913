package user

import (
	"context"
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
	// insertRows is how many users one statement stores. The SQLite driver looks
	// for each parameter among all of them: with more rows that costs more than
	// statements do.
	insertRows = 25
	// lookedUp is how many users one statement looks for, for the same reason.
	lookedUp = 100
)

// insertOne stores a user, insertFull insertRows of them.
var insertOne, insertFull = insertion(1), insertion(insertRows)

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

// CreateMany is Create for users that New.User made: their rows and counts in a
// few statements. The first one whose identifier is taken fails them all.
func CreateMany(ctx context.Context, tx *db.Tx, users []*User, caseSensitive bool) error {
	ids := make([]string, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	for batch := range slices.Chunk(users, insertRows) {
		query := insertFull
		switch len(batch) {
		case 1:
			query = insertOne
		case insertRows:
		default:
			query = insertion(len(batch))
		}
		args := make([]any, 0, len(batch)*insertWidth)
		for _, u := range batch {
			args = append(args, u.inserted(caseSensitive)...)
		}
		if _, err := tx.Exec(ctx, query, args...); err != nil {
			return taken(err)
		}
	}
	return db.CountMany(ctx, tx, Counted, "", ids, 1)
}

// inserted returns the values of insertColumns.
func (u *User) inserted(caseSensitive bool) []any {
	return []any{
		u.ID, u.Username, u.usernameKey(caseSensitive), u.PrimaryEmail, u.emailKey(), u.PrimaryPhone, u.phoneKey(),
		u.Name, u.Avatar, u.searchText(), u.PasswordHash, u.PasswordAlgorithm, u.PasswordChangedAt,
		u.IsPasswordExpired, u.IsSuspended, u.IsMFAEnabled,
		db.JSON[Profile]{V: u.Profile}, db.JSON[map[string]any]{V: u.CustomData},
		u.ApplicationID, u.CIMDClientID, u.CreatedAt, u.UpdatedAt,
	}
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

const selectNames = `SELECT id, coalesce(username, '') AS username, coalesce(username_key, '') AS username_key,
	coalesce(primary_email, '') AS primary_email, coalesce(email_key, '') AS email_key,
	coalesce(primary_phone, '') AS primary_phone, coalesce(phone_key, '') AS phone_key
	FROM users WHERE tenant_id = $1 AND `

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
		var values []any
		for _, n := range names {
			if value := column.of(n); value != "" {
				values = append(values, value)
			}
		}
		for some := range slices.Chunk(values, lookedUp) {
			holders, err := db.All[Names](ctx, q, selectNames+column.name+` IN (`+db.Placeholders(2, len(some))+`)`, some...)
			if err != nil {
				return nil, err
			}
			found = append(found, holders...)
		}
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
