// Package accountcenter holds what a tenant lets its users do with their own
// accounts: whether self-service exists, and which data may be read or changed.
// It decides nothing about a request; package account enforces it.
package accountcenter

import "slices"

// Settings are the account-center settings of a tenant. Their JSON form is the
// published one.
type Settings struct {
	TenantID string `json:"tenantId"`
	// ID is always "default".
	ID string `json:"id"`
	// Enabled switches the self-service APIs and pages.
	Enabled bool `json:"enabled"`
	// Fields says what users may do with each kind of data; absent means Off.
	Fields map[Field]Access `json:"fields"`
	// WebAuthnRelatedOrigins are further origins on which passkeys of this
	// relying party may be registered, compared as they are written.
	WebAuthnRelatedOrigins []string `json:"webauthnRelatedOrigins"`
	// DeleteAccountURL is where the pages send people who want to leave.
	DeleteAccountURL *string `json:"deleteAccountUrl"`
	CustomCSS        *string `json:"customCss"`
	// ProfileFields are the rows of the profile page in their order; nil leaves
	// the choice to the page. Change drops those that do not exist.
	ProfileFields []ProfileField `json:"profileFields"`

	// Version counts changes, for optimistic locking.
	Version int `json:"-"`
}

// ProfileField names one row of the profile page.
type ProfileField struct {
	Name string `json:"name" check:"min=1,max=128"`
}

// isKnown reports whether there is such a row. Tenants have no profile fields of
// their own yet.
func (f ProfileField) isKnown() bool {
	return f.Name == string(Name) || f.Name == string(Avatar)
}

// Field is a kind of account data.
type Field string

// The kinds of account data.
const (
	Name       Field = "name"
	Avatar     Field = "avatar"
	Profile    Field = "profile"
	Email      Field = "email"
	Phone      Field = "phone"
	Password   Field = "password"
	Username   Field = "username"
	Social     Field = "social"
	CustomData Field = "customData"
	MFA        Field = "mfa"
	Passkey    Field = "passkey"
	Session    Field = "session"
)

// Access is what users may do with a kind of their data.
type Access string

// The values of Access.
const (
	Off      Access = "Off"
	ReadOnly Access = "ReadOnly"
	Edit     Access = "Edit"
)

// Access returns what users may do with a field. Passkeys follow the other
// factors unless they are named; named Off, they stay off.
func (s *Settings) Access(f Field) Access {
	access, named := s.Fields[f]
	if !named && f == Passkey {
		access = s.Fields[MFA]
	}
	if access == "" {
		return Off
	}
	return access
}

// Readable reports whether users may see a field of their account.
func (s *Settings) Readable(f Field) bool { return s.Access(f) != Off }

// Editable reports whether users may change a field of their account.
func (s *Settings) Editable(f Field) bool { return s.Access(f) == Edit }

// adminTenant is the tenant of those who operate Signet.
const adminTenant = "admin"

// Seed returns the settings with which a tenant begins: closed, but open for
// those who operate Signet.
func Seed(tenantID string) *Settings {
	s := &Settings{
		TenantID: tenantID, ID: "default", Fields: map[Field]Access{},
		WebAuthnRelatedOrigins: []string{}, Version: 1,
	}
	if tenantID == adminTenant {
		s.Enabled = true
		for _, f := range []Field{Name, Avatar, Profile, Email, Phone, Password, Username, Social, CustomData, MFA} {
			s.Fields[f] = Edit
		}
		s.ProfileFields = []ProfileField{{Name: "name"}, {Name: "avatar"}}
	}
	return s
}

// ProductSeed is Seed but for the default tenant of a fresh installation, whose
// users can add a security key without any configuration.
func ProductSeed(tenantID string) *Settings {
	s := Seed(tenantID)
	if tenantID == adminTenant {
		s.Fields[Passkey], s.Fields[Session] = Edit, Edit
		return s
	}
	s.Enabled = true
	for _, f := range []Field{Name, Avatar, Profile, Username, Password, MFA, Passkey, Session} {
		s.Fields[f] = Edit
	}
	return s
}

// Clone returns a copy that shares nothing, for changing.
func (s *Settings) Clone() *Settings {
	c := *s
	c.Fields = make(map[Field]Access, len(s.Fields))
	for f, access := range s.Fields {
		c.Fields[f] = access
	}
	c.WebAuthnRelatedOrigins = slices.Clone(s.WebAuthnRelatedOrigins)
	c.ProfileFields = slices.Clone(s.ProfileFields)
	return &c
}
