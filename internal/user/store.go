package user

import (
	"context"
	"errors"
	"slices"

	"signet/internal/asset"
	"signet/internal/platform/db"
)

const columns = `id, username, primary_email, primary_phone, name, avatar,
	password_hash, password_algorithm, password_changed_at, is_password_expired, is_suspended,
	is_mfa_enabled, is_mfa_prompt_skipped, is_mfa_skipped_on_sign_in, is_mfa_suggestion_skipped,
	is_passkey_prompt_skipped, profile, custom_data, application_id, cimd_client_id,
	last_sign_in_at, created_at, updated_at`

const selectUser = `SELECT ` + columns + ` FROM users WHERE tenant_id = $1 AND `

// row is a User as it is stored.
type row struct {
	User
	ProfileJSON    db.JSON[Profile]        `db:"profile"`
	CustomDataJSON db.JSON[map[string]any] `db:"custom_data"`
}

func (r *row) user() *User {
	u := r.User
	u.Profile, u.CustomData = r.ProfileJSON.V, r.CustomDataJSON.V
	if u.CustomData == nil {
		u.CustomData = map[string]any{}
	}
	return &u
}

func one(ctx context.Context, q db.Q, where string, args ...any) (*User, error) {
	r, err := db.One[row](ctx, q, selectUser+where, args...)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return r.user(), nil
}

// ByID returns the user, or ErrNotFound.
func ByID(ctx context.Context, q db.Q, id string) (*User, error) {
	return one(ctx, q, `id = $2`, id)
}

// First is a reading of the user whom a condition on the table names; into is nil
// afterwards if there is none.
func First(into **User, where string, args ...any) db.Reading {
	return db.First(into, (*row).user, selectUser+where, args...)
}

// ByUsername returns the user whose username is the given one, or ErrNotFound.
// The flag is that of UsernamePolicy.DistinguishesCase.
func ByUsername(ctx context.Context, q db.Q, username string, caseSensitive bool) (*User, error) {
	return one(ctx, q, `username_key = $2`, UsernameKey(username, caseSensitive))
}

// ByEmail returns the user whose primary email is the given address in any
// spelling, or ErrNotFound. Mail must go to the stored address, never to email.
func ByEmail(ctx context.Context, q db.Q, email string) (*User, error) {
	return one(ctx, q, `email_key = $2`, EmailKey(email))
}

// ByPhone returns the user whose primary phone has the digits of phone, or
// ErrNotFound.
func ByPhone(ctx context.Context, q db.Q, phone string) (*User, error) {
	return one(ctx, q, `phone_key = $2`, PhoneKey(phone))
}

// Identified is what a user signs in with.
type Identified struct {
	ID                                   string
	Username, PrimaryEmail, PrimaryPhone *string
}

// EachIdentified calls visit for every user of the tenant. It reads all of them: for
// what operators do once in a while.
func EachIdentified(ctx context.Context, q db.Q, visit func(u Identified)) error {
	return q.Read(ctx, `SELECT id, username, primary_email, primary_phone FROM users WHERE tenant_id = $1`, nil, func(rows db.Cursor) error {
		for rows.Next() {
			var u Identified
			if err := rows.Scan(&u.ID, &u.Username, &u.PrimaryEmail, &u.PrimaryPhone); err != nil {
				return err
			}
			visit(u)
		}
		return nil
	})
}

// HasAny reports whether the tenant has a user.
func HasAny(ctx context.Context, q db.Q) (bool, error) {
	return db.One[bool](ctx, q, `SELECT EXISTS (SELECT 1 FROM users WHERE tenant_id = $1)`)
}

// List returns at most limit users, newest first, after skipping offset of
// them.
func List(ctx context.Context, q db.Q, limit, offset int) ([]User, error) {
	rows, err := db.All[row](ctx, q, `SELECT `+columns+` FROM users WHERE tenant_id = $1
		ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3`, limit, offset)
	if err != nil {
		return nil, err
	}
	users := make([]User, len(rows))
	for i := range rows {
		users[i] = *rows[i].user()
	}
	return users, nil
}

// Delete removes the user and, by cascade, what belongs to nobody else. It
// returns ErrNotFound if there is no such user. Ending sessions and grants is
// the caller's.
func Delete(ctx context.Context, tx *db.Tx, id string) error {
	// Locked, so that nobody links the user between these statements.
	if _, err := one(ctx, tx, `id = $2`+tx.Dialect().ForUpdate(), id); err != nil {
		return err
	}
	// Counts are touched in the order in which a new user's are: two transactions
	// never wait for each other.
	if err := db.Count(ctx, tx, Counted, "", id, -1); err != nil {
		return err
	}
	// What a cascade deletes would not be counted.
	for _, link := range []struct{ table, column, kind string }{
		{"user_roles", "role_id", CountedRoles},
		{"organization_users", "organization_id", CountedOrganizations},
	} {
		refs, err := db.All[string](ctx, tx, `DELETE FROM `+link.table+` WHERE tenant_id = $1 AND user_id = $2 RETURNING `+link.column, id)
		if err != nil {
			return err
		}
		slices.Sort(refs)
		for _, ref := range refs {
			if err := db.Count(ctx, tx, link.kind, ref, id, -1); err != nil {
				return err
			}
		}
	}
	if err := asset.DropOf(ctx, tx, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM users WHERE tenant_id = $1 AND id = $2`, id)
	return err
}

// MarkSignedIn stores the time of a sign-in; it is no change of the user.
func MarkSignedIn(ctx context.Context, q db.Q, now int64, id string) error {
	return q.Queue(ctx, `UPDATE users SET last_sign_in_at = $3 WHERE tenant_id = $1 AND id = $2`, id, now)
}

// StorePasswordHash replaces the hash of an unchanged password by a stronger
// one. It does nothing, and reports false, if the hash is no longer old: the
// password was changed meanwhile, and that must stand. When the password was
// last changed stays as it is.
func StorePasswordHash(ctx context.Context, q db.Q, id, old, encoded string) (stored bool, err error) {
	n, err := q.Exec(ctx, `UPDATE users SET password_hash = $4, password_algorithm = $5
		WHERE tenant_id = $1 AND id = $2 AND password_hash = $3`, id, old, encoded, passwordAlgorithm)
	return n == 1, err
}

// save stores every column that an Update may change. The key of the username
// is replaced only along with the username: the rule by which it was made may
// have changed since.
func save(ctx context.Context, tx *db.Tx, u *User, renamed, caseSensitive bool) error {
	_, err := tx.Exec(ctx, `UPDATE users SET
		username = $3, username_key = CASE WHEN $4 THEN $5 ELSE username_key END,
		primary_email = $6, email_key = $7, primary_phone = $8, phone_key = $9,
		name = $10, avatar = $11, search_text = $12,
		password_hash = $13, password_algorithm = $14, password_changed_at = $15,
		is_password_expired = $16, is_suspended = $17,
		is_mfa_enabled = $18, is_mfa_prompt_skipped = $19, is_mfa_skipped_on_sign_in = $20,
		is_mfa_suggestion_skipped = $21, is_passkey_prompt_skipped = $22,
		profile = $23, custom_data = $24, updated_at = $25
		WHERE tenant_id = $1 AND id = $2`,
		u.ID, u.Username, renamed, u.usernameKey(caseSensitive),
		u.PrimaryEmail, u.emailKey(), u.PrimaryPhone, u.phoneKey(),
		u.Name, u.Avatar, u.searchText(),
		u.PasswordHash, u.PasswordAlgorithm, u.PasswordChangedAt,
		u.IsPasswordExpired, u.IsSuspended,
		u.IsMFAEnabled, u.IsMFAPromptSkipped, u.IsMFASkippedOnSignIn,
		u.IsMFASuggestionSkipped, u.IsPasskeyPromptSkipped,
		db.JSON[Profile]{V: u.Profile}, db.JSON[map[string]any]{V: u.CustomData}, u.UpdatedAt)
	return taken(err)
}

func taken(err error) error {
	switch {
	case db.IsUnique(err, "users", "username_key"):
		return ErrUsernameTaken.Wrap(err)
	case db.IsUnique(err, "users", "email_key"):
		return ErrEmailTaken.Wrap(err)
	case db.IsUnique(err, "users", "phone_key"):
		return ErrPhoneTaken.Wrap(err)
	}
	return err
}

func (u *User) usernameKey(caseSensitive bool) *string {
	return mapped(u.Username, func(s string) string { return UsernameKey(s, caseSensitive) })
}

func (u *User) emailKey() *string { return mapped(u.PrimaryEmail, EmailKey) }
func (u *User) phoneKey() *string { return mapped(u.PrimaryPhone, PhoneKey) }

// mapped returns the key of value, nil if there is nothing left to compare.
func mapped(value *string, form func(string) string) *string {
	if value == nil {
		return nil
	}
	return set(form(*value))
}
