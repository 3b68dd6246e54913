// Package organization holds organizations, which are groups of users and
// machines; the template that all of them share, which is organization roles and
// what those permit; and who is a member with which roles. It decides what goes
// together: people hold roles of people, machine-to-machine applications those
// of machines, and only members hold any. What somebody may do through all of
// this is package access.
package organization

import (
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/user"
)

// Errors of this package.
var (
	// ErrNotFound: nothing has the id in the path.
	ErrNotFound = errs.ErrNotExistsWithID
	// ErrNoMember: roles are asked of or given to somebody outside.
	ErrNoMember = errs.New(422, "organization.require_membership")
	// ErrNoRoleName: a role was named that does not exist.
	ErrNoRoleName = errs.New(422, "organization.role_names_not_found")
)

// Organization is a group of users and applications.
type Organization struct {
	ID          string  `db:"id"`
	Name        string  `db:"name"` // may repeat
	Description *string `db:"description"`
	// IsMFARequired refuses tokens of the organization to members without a
	// second factor.
	IsMFARequired bool                    `db:"is_mfa_required"`
	CustomData    db.JSON[map[string]any] `db:"custom_data"`
	Color         db.JSON[Color]          `db:"color"`
	Branding      db.JSON[Branding]       `db:"branding"`
	CustomCSS     *string                 `db:"custom_css"`
	CreatedAt     int64                   `db:"created_at"` // epoch milliseconds
}

var (
	_ = web.Pattern("color", `(?i)^#[0-9a-f]{3}([0-9a-f]{3})?$`)
	_ = web.Pattern("uri", `^[A-Za-z][A-Za-z0-9+.-]*:\S+$`)
)

// Color is the palette of pages that are shown for the organization; what is
// absent is that of the sign-in experience. Colours are #rgb or #rrggbb.
type Color struct {
	PrimaryColor      *string `json:"primaryColor,omitempty" check:"max=7,pattern=color" example:"#3366ff"`
	IsDarkModeEnabled *bool   `json:"isDarkModeEnabled,omitempty"`
	DarkPrimaryColor  *string `json:"darkPrimaryColor,omitempty" check:"max=7,pattern=color" example:"#88aaff"`
}

// Branding are URLs of pictures, of any scheme.
type Branding struct {
	LogoURL     *string `json:"logoUrl,omitempty" check:"max=2048,pattern=uri" example:"https://example.com/logo.svg"`
	DarkLogoURL *string `json:"darkLogoUrl,omitempty" check:"max=2048,pattern=uri" example:"https://example.com/logo-dark.svg"`
	Favicon     *string `json:"favicon,omitempty" check:"max=2048,pattern=uri" example:"https://example.com/icon.png"`
	DarkFavicon *string `json:"darkFavicon,omitempty" check:"max=2048,pattern=uri" example:"https://example.com/icon-dark.png"`
}

// searchText is what a search by id and name looks through: both folded, each
// between marks, so that no hit spans them.
func searchText(id, name string) string {
	return "\x1f" + user.FoldSearch(id) + "\x1f" + user.FoldSearch(name) + "\x1f"
}
