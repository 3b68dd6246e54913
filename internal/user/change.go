package user

import (
	"cmp"
	"context"
	"maps"
	"unicode/utf8"

	"signet/internal/platform/crypt/digest"
	"signet/internal/platform/db"
	"signet/internal/platform/ids"
)

// passwordAlgorithm is the wire's name of what crypt.Hasher makes.
const passwordAlgorithm = digest.Argon2id

// Longest values of the plain columns, in code points.
const (
	MaxName       = 128
	maxIdentifier = 128
	MaxAvatar     = 2048
)

// New describes a user to be created. Empty strings are not set.
type New struct {
	// ID defaults to a fresh one.
	ID                         string
	Username                   string
	PrimaryEmail, PrimaryPhone string
	Name, Avatar               string
	// PasswordHash is what crypt.Hasher makes, or an imported hash that
	// digest.Check has seen with its PasswordAlgorithm.
	PasswordHash, PasswordAlgorithm string

	Profile                     Profile
	CustomData                  map[string]any
	IsMFAEnabled                *bool
	IsSuspended                 bool
	ApplicationID, CIMDClientID string
	// CreatedAt is epoch milliseconds; it defaults to the present.
	CreatedAt int64
	// CaseSensitive is UsernamePolicy.DistinguishesCase; it matters only with a
	// username.
	CaseSensitive bool
}

// Patch describes changes. A nil field is left alone; a pointer to an empty
// string clears the column.
type Patch struct {
	Username                   *string
	PrimaryEmail, PrimaryPhone *string
	Name, Avatar               *string
	// PasswordHash, of crypt.Hasher, is a new password: the time of the change is
	// stored and a manual expiry is lifted.
	PasswordHash      *string
	IsPasswordExpired *bool
	IsSuspended       *bool

	IsMFAEnabled           *bool
	IsMFAPromptSkipped     *bool
	IsMFASkippedOnSignIn   *bool
	IsMFASuggestionSkipped *bool
	IsPasskeyPromptSkipped *bool

	// Profile is merged: see Profile.Merge. WholeProfile replaces all of it.
	Profile, WholeProfile *Profile
	// CustomData replaces the whole value; MergeCustomData sets single keys.
	CustomData      *map[string]any
	MergeCustomData map[string]any

	// CaseSensitive is UsernamePolicy.DistinguishesCase; it matters only with a
	// username.
	CaseSensitive bool
}

// Create stores a new user. It fails with ErrUsernameTaken, ErrEmailTaken,
// ErrPhoneTaken or ErrValueTooLong. Policies are checked and events recorded by
// the caller.
func Create(ctx context.Context, tx *db.Tx, now int64, n New) (*User, error) {
	u, err := n.User(now)
	if err != nil {
		return nil, err
	}
	row, err := RowOf(tx.Dialect(), u, n.CaseSensitive)
	if err != nil {
		return nil, err
	}
	if err := CreateMany(ctx, tx, []Row{row}); err != nil {
		return nil, err
	}
	return u, nil
}

// User returns the user as it will be stored, or ErrValueTooLong.
func (n New) User(now int64) (*User, error) {
	u := &User{
		ID:            n.ID,
		Username:      set(n.Username),
		PrimaryEmail:  set(n.PrimaryEmail),
		PrimaryPhone:  set(n.PrimaryPhone),
		Name:          set(n.Name),
		Avatar:        set(n.Avatar),
		Profile:       n.Profile,
		CustomData:    n.CustomData,
		IsMFAEnabled:  n.IsMFAEnabled,
		IsSuspended:   n.IsSuspended,
		ApplicationID: set(n.ApplicationID),
		CIMDClientID:  set(n.CIMDClientID),
		CreatedAt:     cmp.Or(n.CreatedAt, now),
		UpdatedAt:     now,
	}
	if u.ID == "" {
		u.ID = ids.Short()
	}
	if u.CustomData == nil {
		u.CustomData = map[string]any{}
	}
	u.setPassword(n.PasswordHash, cmp.Or(n.PasswordAlgorithm, passwordAlgorithm), now)
	if err := u.fits(); err != nil {
		return nil, err
	}
	return u, nil
}

// Update changes the user and returns the new state. It fails with ErrNotFound
// and as Create does. Policies are checked and events recorded by the caller.
func Update(ctx context.Context, tx *db.Tx, now int64, id string, p Patch) (*User, error) {
	u, err := one(ctx, tx, `id = $2`+tx.Dialect().ForUpdate(), id)
	if err != nil {
		return nil, err
	}
	u.apply(p, now)
	if err := u.fits(); err != nil {
		return nil, err
	}
	if err := save(ctx, tx, u, p.Username != nil, p.CaseSensitive); err != nil {
		return nil, err
	}
	return u, nil
}

func (u *User) apply(p Patch, now int64) {
	for _, field := range []struct {
		to   **string
		from *string
	}{
		{&u.Username, p.Username},
		{&u.PrimaryEmail, p.PrimaryEmail},
		{&u.PrimaryPhone, p.PrimaryPhone},
		{&u.Name, p.Name},
		{&u.Avatar, p.Avatar},
	} {
		if field.from != nil {
			*field.to = set(*field.from)
		}
	}
	if p.PasswordHash != nil {
		u.setPassword(*p.PasswordHash, passwordAlgorithm, now)
	}
	if p.IsMFAEnabled != nil {
		u.IsMFAEnabled = p.IsMFAEnabled
	}
	u.applyFlags(p)
	if p.WholeProfile != nil {
		u.Profile = *p.WholeProfile
	}
	if p.Profile != nil {
		u.Profile = u.Profile.Merge(*p.Profile)
	}
	if p.CustomData != nil {
		u.CustomData = map[string]any{}
		maps.Copy(u.CustomData, *p.CustomData)
	}
	maps.Copy(u.CustomData, p.MergeCustomData)
	u.UpdatedAt = now
}

func (u *User) applyFlags(p Patch) {
	for _, flag := range []struct{ to, from *bool }{
		{&u.IsPasswordExpired, p.IsPasswordExpired},
		{&u.IsSuspended, p.IsSuspended},
		{&u.IsMFAPromptSkipped, p.IsMFAPromptSkipped},
		{&u.IsMFASkippedOnSignIn, p.IsMFASkippedOnSignIn},
		{&u.IsMFASuggestionSkipped, p.IsMFASuggestionSkipped},
		{&u.IsPasskeyPromptSkipped, p.IsPasskeyPromptSkipped},
	} {
		if flag.from != nil {
			*flag.to = *flag.from
		}
	}
}

func (u *User) setPassword(encoded, algorithm string, now int64) {
	u.IsPasswordExpired = false
	if u.PasswordHash = set(encoded); u.PasswordHash == nil {
		u.PasswordAlgorithm, u.PasswordChangedAt = nil, nil
		return
	}
	u.PasswordAlgorithm, u.PasswordChangedAt = &algorithm, &now
}

// fits returns ErrValueTooLong if a column is longer than the wire allows.
func (u *User) fits() error {
	for _, field := range []struct {
		name  string
		value *string
		limit int
	}{
		{"username", u.Username, maxUsername},
		{"primaryEmail", u.PrimaryEmail, maxIdentifier},
		{"primaryPhone", u.PrimaryPhone, maxIdentifier},
		{"name", u.Name, MaxName},
		{"avatar", u.Avatar, MaxAvatar},
		{"passwordDigest", u.PasswordHash, digest.MaxLength},
	} {
		if field.value != nil && utf8.RuneCountInString(*field.value) > field.limit {
			return ErrValueTooLong.Describe("%s is longer than %d characters", field.name, field.limit)
		}
	}
	return nil
}

func set(value string) *string {
	if value == "" {
		return nil
	}
	return &value
}
