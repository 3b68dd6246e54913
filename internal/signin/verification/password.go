package verification

import (
	"context"
	"errors"
	"log/slog"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/user"
)

// ErrInvalidCredentials: no such user, no password, or a wrong one. The three
// are told apart nowhere.
var ErrInvalidCredentials = errs.New(422, "session.invalid_credentials")

// Identifier is what a person typed to say who they are.
type Identifier struct {
	// Type is "username", "email" or "phone".
	Type  string `json:"type" check:"enum=username|email|phone"`
	Value string `json:"value" check:"max=256"`
}

// FindUser returns the user of an identifier, nil if there is none.
// caseSensitive is that of the tenant's usernames.
func FindUser(ctx context.Context, q db.Q, id Identifier, caseSensitive bool) (*user.User, error) {
	var u *user.User
	var err error
	switch id.Type {
	case "username":
		u, err = user.ByUsername(ctx, q, id.Value, caseSensitive)
	case "email":
		u, err = user.ByEmail(ctx, q, id.Value)
	default:
		u, err = user.ByPhone(ctx, q, id.Value)
	}
	if errors.Is(err, user.ErrNotFound) {
		return nil, nil
	}
	return u, err
}

// Password proves that somebody knows the password of the user whom an
// identifier named at that moment.
type Password struct {
	base
	Identifier Identifier `json:"identifier"`
	// UserID is whose password it was. An identifier can change hands between a
	// proof and its use; the proof stays with the person.
	UserID string `json:"userId"`
	// ChangedAt is since when it has been the password.
	ChangedAt *int64 `json:"changedAt,omitempty"`
}

// NewPassword returns the proof for a user.
func NewPassword(id Identifier, u *user.User) *Password {
	return &Password{base: newBase(TypePassword), Identifier: id, UserID: u.ID, ChangedAt: u.PasswordChangedAt}
}

// Holds reports whether the password that was proved is still the password of
// u: who changes a password shuts out those who knew the old one.
func (p *Password) Holds(u *user.User) bool {
	return user.IsSamePassword(p.ChangedAt, u.PasswordChangedAt)
}

// Verified implements Record: a wrong password leaves no record.
func (p *Password) Verified() bool { return p.UserID != "" }

// View implements Record.
func (p *Password) View() any {
	return struct {
		base
		Identifier Identifier `json:"identifier"`
		Verified   bool       `json:"verified"`
	}{p.base, p.Identifier, p.Verified()}
}

// CheckPassword returns ErrInvalidCredentials unless password is that of u, who
// may be nil. It does the same work in every case. outdated says that the
// stored hash should be replaced. A hash that cannot be read matches nothing.
func CheckPassword(ctx context.Context, h *crypt.Hasher, u *user.User, password string) (outdated bool, err error) {
	if u == nil || u.PasswordHash == nil {
		if err := h.Decoy(ctx, password); err != nil {
			return false, err
		}
		return false, ErrInvalidCredentials
	}
	algorithm := ""
	if u.PasswordAlgorithm != nil {
		algorithm = *u.PasswordAlgorithm
	}
	match, outdated, err := h.Verify(ctx, algorithm, *u.PasswordHash, password)
	if errors.Is(err, crypt.ErrHashFormat) {
		slog.ErrorContext(ctx, "a stored password hash matches nothing",
			"request_id", web.Info(ctx).ID, "user_id", u.ID, "algorithm", algorithm, "error", err.Error())
		err = nil
	}
	if err == nil && !match {
		err = ErrInvalidCredentials
	}
	return outdated, err
}

// Strengthen stores the password of u, which was just proved, under today's
// parameters. The password itself stays as old as it is.
func Strengthen(ctx context.Context, h *crypt.Hasher, q db.Q, u *user.User, password string) error {
	encoded, err := h.Hash(ctx, password)
	if err != nil {
		return err
	}
	_, err = user.StorePasswordHash(ctx, q, u.ID, *u.PasswordHash, encoded)
	return err
}

// NewPasswordIdentity is a username with a password for a new account. The
// password's hash is kept apart, sealed.
type NewPasswordIdentity struct {
	base
	Identifier Identifier `json:"identifier"`
}

// NewIdentity returns the record of a pair that was checked.
func NewIdentity(id Identifier) *NewPasswordIdentity {
	return &NewPasswordIdentity{base: newBase(TypeNewPasswordIdentity), Identifier: id}
}

// Verified implements Record: choosing a name and a password is all there is.
func (n *NewPasswordIdentity) Verified() bool { return true }

// View implements Record.
func (n *NewPasswordIdentity) View() any { return n }
