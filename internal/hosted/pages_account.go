package hosted

// The account pages. Every one carries the account menu. An empty URL of an
// action hides the action: the tenant does not allow it.

// Settings is the account's overview. A nil section is not shown.
type Settings struct {
	*Menu
	// Notice is shown in the section whose id is NoticeIn: that is where the
	// browser scrolls to.
	Notice   *Notice
	NoticeIn string
	// Avatar is nil if the tenant hides pictures, Name if it hides names, …
	Avatar    *AvatarRow
	Name      *NameRow
	Username  *UsernameRow
	Password  *PasswordRow
	TwoFactor *TwoFactor
	Sessions  []SessionRow
	// ShowSessions shows the section; SessionsURL asks for the step-up that
	// seeing them needs and is empty once they are listed.
	ShowSessions bool
	SessionsURL  string
	Apps         *Apps
	// LostKeyURL explains what to do about a lost key.
	LostKeyURL string
}

// NoticeOf returns what the section with an id has to say, nil for nothing.
func (s Settings) NoticeOf(section string) *Notice {
	if s.NoticeIn != section {
		return nil
	}
	return s.Notice
}

// AvatarRow shows the picture of the menu's Person, or says that there is none.
type AvatarRow struct {
	IsSet   bool
	EditURL string
}

// NameRow shows the display name; Value may be empty.
type NameRow struct{ Value, EditURL string }

// UsernameRow shows the username; Value may be empty.
type UsernameRow struct{ Value, EditURL string }

// PasswordRow says whether there is a password.
type PasswordRow struct {
	IsSet   bool
	EditURL string
}

// TwoFactor is the section "Two-factor authentication".
type TwoFactor struct {
	// On says that signing in asks for a second factor.
	On       bool
	Passkeys []PasskeyRow
	// AddURL leads to CreatePasskey.
	AddURL string
	// Unavailable, one of the Fail constants, says why no passkey can be added
	// at this address.
	Unavailable string
	// Full is how many passkeys an account can have, once there are that many.
	Full int
	// AdviseSpare recommends a second key.
	AdviseSpare bool
}

// The kinds of a passkey, as PasskeyRow and the field "kind" name them.
const (
	KindSecurityKey = "security-key"
	KindThisDevice  = "this-device"
)

// PasskeyRow is one passkey.
type PasskeyRow struct {
	// ID is unique on the page.
	ID   string
	Name string
	// Kind is KindSecurityKey or KindThisDevice, which may sync.
	Kind string
	// Model is the product's name, or browser and system; may be empty.
	Model string
	// Synced says that the credential is backed up by its provider.
	Synced bool
	// AddedAt and UsedAt are epoch milliseconds; 0 is never.
	AddedAt, UsedAt      int64
	RenameURL, RemoveURL string
}

// SessionRow is one place where the person is signed in.
type SessionRow struct {
	// ID is unique on the page.
	ID string
	// Device is browser and system, "Firefox on Windows"; may be empty.
	Device string
	// Place is a city or address; may be empty.
	Place string
	// Phone chooses the icon.
	Phone bool
	// SignedInAt is epoch milliseconds.
	SignedInAt int64
	// Current marks the session of this browser.
	Current bool
	// SignOutURL leads to EndSession.
	SignOutURL string
}

// Apps is the section of the applications of others that the person allowed to
// use their account.
type Apps struct {
	Rows []AppRow
	// ShowURL asks for the step-up that seeing them needs and is empty once they
	// are listed.
	ShowURL string
}

// AppRow is one such application.
type AppRow struct {
	// ID is unique on the page.
	ID   string
	Name string
	// AllowedAt is when it was first allowed, in epoch milliseconds.
	AllowedAt int64
	// RemoveURL leads to RemoveApp.
	RemoveURL string
}

// EditAvatar uploads a picture. Field posted: file.
type EditAvatar struct {
	*Menu
	Form
	Picture Field
	// Remove takes the present picture away; without an action there is none.
	Remove    Form
	CancelURL string
	Notice    *Notice
}

// EditName changes the display name. Field posted: name.
type EditName struct {
	*Menu
	Form
	Name      Field
	CancelURL string
	Notice    *Notice
}

// EditUsername changes the username. Field posted: username.
type EditUsername struct {
	*Menu
	Form
	Username  Field
	CancelURL string
	Notice    *Notice
}

// ChangePassword sets a new password; the step-up before it proved who asks.
// Field posted: password.
type ChangePassword struct {
	*Menu
	Form
	// Username lets password managers file the password under it.
	Username  string
	Password  Field
	MinLength int
	// IsSet says that there is a password already.
	IsSet     bool
	CancelURL string
	Notice    *Notice
}

// StepUp proves again that it is the person, by password or by passkey. Fields
// posted: password, or credential.
type StepUp struct {
	*Menu
	Form
	// Ceremony is that of a passkey; without Options the password is asked for.
	Ceremony
	// Shows says that the next page shows something, and changes nothing.
	Shows    bool
	Username string
	Password Field
	// UsePasskeyURL and UsePasswordURL lead to this page for the other way;
	// empty if there is none.
	UsePasskeyURL, UsePasswordURL string
	CancelURL                     string
	Notice                        *Notice
}

// NamePasskey names a new passkey. Field posted: name.
type NamePasskey struct {
	*Menu
	Form
	// Name holds the suggestion.
	Name Field
	// Pending says that the passkey is saved only with its name.
	Pending bool
	// AdviseSpare recommends a second key.
	AdviseSpare bool
	Notice      *Notice
}

// RenamePasskey renames one. Field posted: name.
type RenamePasskey struct {
	*Menu
	Form
	// Current is the name it has now.
	Current   string
	Name      Field
	CancelURL string
	Notice    *Notice
}

// RemovePasskey asks before a passkey is removed.
type RemovePasskey struct {
	*Menu
	Form
	Name string
	// Last says, of the last passkey, what protects the account afterwards.
	Last      Phrase
	CancelURL string
	Notice    *Notice
}

// LostKey explains what to do about a lost key.
type LostKey struct {
	*Menu
	// User is how an administrator names the account.
	User    string
	BackURL string
}

// EndSession asks before another session is signed out.
type EndSession struct {
	*Menu
	Form
	Device     string
	SignedInAt int64
	CancelURL  string
}

// RemoveApp asks before an application loses its access.
type RemoveApp struct {
	*Menu
	Form
	Name      string
	AllowedAt int64
	CancelURL string
}

// TaskDone says that a change is made, where somebody wanted that said before the
// way back to them.
type TaskDone struct {
	*Menu
	Title Phrase
	// DoneURL is where the person goes on, Next how people read it; see Form.
	DoneURL, Next string
}

// AccountClosed says that the tenant has no account pages.
type AccountClosed struct{}

func (Settings) template() string       { return "settings" }
func (EditAvatar) template() string     { return "edit-avatar" }
func (EditName) template() string       { return "edit-name" }
func (EditUsername) template() string   { return "edit-username" }
func (ChangePassword) template() string { return "change-password" }
func (StepUp) template() string         { return "step-up" }
func (NamePasskey) template() string    { return "name-passkey" }
func (RenamePasskey) template() string  { return "rename-passkey" }
func (RemovePasskey) template() string  { return "remove-passkey" }
func (LostKey) template() string        { return "lost-key" }
func (EndSession) template() string     { return "end-session" }
func (RemoveApp) template() string      { return "remove-app" }
func (TaskDone) template() string       { return "task-done" }
func (AccountClosed) template() string  { return "account-closed" }
