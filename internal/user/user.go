// Package user holds people: who they are, the identifiers under which they
// sign in, their password hash and their flags. It decides what a valid
// username and password is, and that an identifier belongs to one person only,
// however it is written. It does not know how somebody proves to be a user
// (signin), which factors they hold (mfa), or what they may do (access).
package user

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// User is a person. An identifier that is not set is nil. Times are epoch
// milliseconds.
type User struct {
	ID           string  `db:"id"`
	Username     *string `db:"username"`
	PrimaryEmail *string `db:"primary_email"`
	PrimaryPhone *string `db:"primary_phone"` // digits: country code and national number
	Name         *string `db:"name"`
	Avatar       *string `db:"avatar"` // URL

	PasswordHash      *string `db:"password_hash"`      // PHC string
	PasswordAlgorithm *string `db:"password_algorithm"` // for example "Argon2id"
	PasswordChangedAt *int64  `db:"password_changed_at"`
	IsPasswordExpired bool    `db:"is_password_expired"` // by hand of an administrator
	IsSuspended       bool    `db:"is_suspended"`

	IsMFAEnabled           *bool `db:"is_mfa_enabled"` // nil: the user was never asked
	IsMFAPromptSkipped     bool  `db:"is_mfa_prompt_skipped"`
	IsMFASkippedOnSignIn   bool  `db:"is_mfa_skipped_on_sign_in"`
	IsMFASuggestionSkipped bool  `db:"is_mfa_suggestion_skipped"`
	IsPasskeyPromptSkipped bool  `db:"is_passkey_prompt_skipped"`

	Profile    Profile
	CustomData map[string]any // never nil

	ApplicationID *string `db:"application_id"` // where the user was created
	CIMDClientID  *string `db:"cimd_client_id"` // the same, if that client is known by URL only
	LastSignInAt  *int64  `db:"last_sign_in_at"`
	CreatedAt     int64   `db:"created_at"`
	UpdatedAt     int64   `db:"updated_at"`
}

// HasPassword reports whether the user can sign in with a password.
func (u *User) HasPassword() bool { return u.PasswordHash != nil }

// IsSamePassword reports whether a password that was set at one time, in epoch
// milliseconds, is the one that was set at another; nil is a time that nobody knows.
func IsSamePassword(a, b *int64) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// Usable returns ErrSuspended if the user may not sign in, nil otherwise.
func (u *User) Usable() error {
	if u.IsSuspended {
		return ErrSuspended
	}
	return nil
}

// DisplayName returns what to call the user: name, username, email, phone or,
// failing all of them, the id.
func (u *User) DisplayName() string {
	for _, candidate := range []*string{u.Name, u.Username, u.PrimaryEmail, u.PrimaryPhone} {
		if candidate != nil && *candidate != "" {
			return *candidate
		}
	}
	return u.ID
}

// Profile holds the standard claims of OpenID Connect Core 1.0 section 5.1 that
// have no column of their own. A nil field is not set; an empty one is set to
// the empty string.
type Profile struct {
	FamilyName        *string  `json:"familyName,omitempty"`
	GivenName         *string  `json:"givenName,omitempty"`
	MiddleName        *string  `json:"middleName,omitempty"`
	Nickname          *string  `json:"nickname,omitempty"`
	PreferredUsername *string  `json:"preferredUsername,omitempty"`
	Profile           *string  `json:"profile,omitempty"`
	Website           *string  `json:"website,omitempty" check:"pattern=website"`
	Gender            *string  `json:"gender,omitempty"`
	Birthdate         *string  `json:"birthdate,omitempty"`
	Zoneinfo          *string  `json:"zoneinfo,omitempty"`
	Locale            *string  `json:"locale,omitempty"`
	Address           *Address `json:"address,omitempty"`
}

// Address is the address claim of OpenID Connect Core 1.0 section 5.1.1.
type Address struct {
	Formatted     *string `json:"formatted,omitempty"`
	StreetAddress *string `json:"streetAddress,omitempty"`
	Locality      *string `json:"locality,omitempty"`
	Region        *string `json:"region,omitempty"`
	PostalCode    *string `json:"postalCode,omitempty"`
	Country       *string `json:"country,omitempty"`
}

// Merge returns p with every set field of patch in place of its own. The
// address is replaced whole.
func (p Profile) Merge(patch Profile) Profile {
	for _, field := range []struct{ to, from **string }{
		{&p.FamilyName, &patch.FamilyName},
		{&p.GivenName, &patch.GivenName},
		{&p.MiddleName, &patch.MiddleName},
		{&p.Nickname, &patch.Nickname},
		{&p.PreferredUsername, &patch.PreferredUsername},
		{&p.Profile, &patch.Profile},
		{&p.Website, &patch.Website},
		{&p.Gender, &patch.Gender},
		{&p.Birthdate, &patch.Birthdate},
		{&p.Zoneinfo, &patch.Zoneinfo},
		{&p.Locale, &patch.Locale},
	} {
		if *field.from != nil {
			*field.to = *field.from
		}
	}
	if patch.Address != nil {
		p.Address = patch.Address
	}
	return p
}

// UsernameKey returns the form in which usernames are compared: as typed, or in
// lower case where the tenant ignores case.
func UsernameKey(username string, caseSensitive bool) string {
	if caseSensitive {
		return username
	}
	return strings.ToLower(username)
}

// EmailKey returns the form in which email addresses are compared: without outer
// space, composed (NFC) and in lower case. Dots and plus tags count, and no
// compatibility folding makes two mailboxes one.
func EmailKey(email string) string {
	return strings.ToLower(norm.NFC.String(strings.TrimSpace(email)))
}

// searchSeparator stands around every field of the search text, so that one
// index serves substring, prefix and exact search over all of them.
const searchSeparator = "\x1f"

// searchText returns id, email, phone, username and name, folded, each between
// separators.
func (u *User) searchText() string {
	var b strings.Builder
	b.WriteString(searchSeparator)
	for _, field := range []*string{&u.ID, u.PrimaryEmail, u.PrimaryPhone, u.Username, u.Name} {
		if field != nil {
			b.WriteString(FoldSearch(*field))
		}
		b.WriteString(searchSeparator)
	}
	return b.String()
}

// FoldSearch returns text as it stands in the search column; patterns are folded
// the same way before they are matched.
func FoldSearch(text string) string {
	return strings.ToLower(strings.ReplaceAll(norm.NFC.String(text), searchSeparator, " "))
}
