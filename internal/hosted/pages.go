package hosted

// Page is a page that Renderer can show: one of the structs of this package.
type Page interface {
	// template is the name of the file in templates/, without extension.
	template() string
}

// The ways to ask for agreement to the tenant's terms.
const (
	TermsNone   = ""       // nothing is shown
	TermsNotice = "notice" // a sentence: continuing means agreeing
	TermsCheck  = "check"  // a check box, field "terms"
)

// SignIn asks who someone is and, unless Password is nil, for the password on
// the same page. Fields posted: identifier, password.
type SignIn struct {
	Form
	// App is the name of the application to continue to; may be empty.
	App string
	// Methods are the accepted identifiers: "username", "email", "phone".
	Methods    []string
	Identifier Field
	Password   *Field
	// RegisterURL leads to CreateAccount; empty if nobody may register.
	RegisterURL string
	Notice      *Notice
	Terms       string
}

// Password asks for the password of an identifier that was typed before.
// Field posted: password.
type Password struct {
	Form
	Identifier string
	Password   Field
	// BackURL leads back to SignIn.
	BackURL string
	Notice  *Notice
}

// CreateAccount asks for a username and, unless Password is nil, a password.
// Fields posted: username, password, terms.
type CreateAccount struct {
	Form
	App      string
	Username Field
	Password *Field
	// MinLength is the shortest password that is accepted.
	MinLength int
	Terms     string
	// SignInURL leads to SignIn; empty if nobody may sign in.
	SignInURL string
	// Administrator says that the account will administer Signet.
	Administrator bool
	Notice        *Notice
}

// ChoosePassword asks for a new password: the second page of creating an
// account, or one that an existing account lacks. Field posted: password.
type ChoosePassword struct {
	Form
	// Username lets password managers file the password under it.
	Username  string
	Password  Field
	MinLength int
	BackURL   string
	Notice    *Notice
}

// ChooseUsername asks for the username that an account lacks. Field posted:
// username.
type ChooseUsername struct {
	Form
	Username Field
	Notice   *Notice
}

// VerifyPasskey asks for a passkey as second factor.
type VerifyPasskey struct {
	Form
	Ceremony
	Person Person
	// StepsUp says that the person is signed in, and that an application asks for
	// a key.
	StepsUp bool
	// SwitchURL leads to signing in as somebody else.
	SwitchURL string
}

// Way is one way to show that it is you. Kind is a factor: "WebAuthn", "Totp",
// "BackupCode", "EmailVerificationCode", "PhoneVerificationCode".
type Way struct {
	Kind string
	URL  string
	// Target is a masked address or number, where the kind has one.
	Target string
}

// OtherWays lists the ways to choose from, to verify or (with Bind) to add.
type OtherWays struct {
	Ways    []Way
	BackURL string
	Bind    bool
	// Skip is the form behind "Not now", field posted: skip. Nil if the choice
	// is not skippable.
	Skip *Form
}

// Onboarding offers two-factor authentication. Field posted: choice, "on" or
// "skip".
type Onboarding struct {
	Form
	Notice *Notice
}

// CreatePasskey starts the ceremony that makes a passkey, in the account pages
// and while signing in. Beside Ceremony's fields it posts "skip" if Skippable.
type CreatePasskey struct {
	Form
	Ceremony
	*Menu
	// CancelURL leads back; empty hides the link.
	CancelURL string
	// Skippable offers "Not now" as part of the form.
	Skippable bool
	// Named says that a page for the name follows.
	Named bool
}

// SignOut confirms a sign-out. With script it posts itself, unless it Asks. Fields
// posted: xsrf, logout.
type SignOut struct {
	Form
	XSRF string
	Asks bool
	// Next names where a page that asks leads to, "" if it stays here.
	Next string
}

// SignedOut says that the session has ended.
type SignedOut struct {
	// SignInURL leads to signing in again; empty hides it.
	SignInURL string
}

// UnknownSession says that a page was opened without a sign-in going on.
type UnknownSession struct {
	// RestartURL starts the same application again, if it is known.
	RestartURL string
	// App is that application's name.
	App string
	// AccountURL leads to the account pages; empty hides it.
	AccountURL string
}

// Suspended says that the account is suspended.
type Suspended struct {
	// SwitchURL leads to signing in as somebody else.
	SwitchURL string
}

// Failed says that something went wrong, with what an operator needs to find it.
type Failed struct {
	// Message is what happened, as far as people may know; the zero Phrase says
	// that the fault is ours.
	Message Phrase
	// ID is the request's id, Code the stable error code, Time epoch milliseconds.
	ID, Code string
	Time     int64
	// Lasting says that it happens every time: only the operators can mend it.
	Lasting bool
	// RetryURL starts again; empty hides it.
	RetryURL string
	// AppURL, http(s) only, leads back to App.
	AppURL, App string
}

// NotFound says that there is no such page.
type NotFound struct {
	// HomeURL leads somewhere that exists.
	HomeURL string
}

// Claim is one line of the demo application's table.
type Claim struct{ Name, Value string }

// Demo is the demo application. Without a Menu it is signed out.
type Demo struct {
	*Menu
	SignInURL string
	// Claims are those of the ID token, in order.
	Claims []Claim
	Notice *Notice
}

// SetupStart is where the one-time link leads; posting spends the link. Field
// posted: setup_token.
type SetupStart struct {
	Form
	SetupToken string
	// Expired says that the link is used, replaced or too old; Action is unused.
	Expired bool
}

func (SignIn) template() string         { return "sign-in" }
func (Password) template() string       { return "password" }
func (CreateAccount) template() string  { return "create-account" }
func (ChoosePassword) template() string { return "choose-password" }
func (ChooseUsername) template() string { return "choose-username" }
func (VerifyPasskey) template() string  { return "verify-passkey" }
func (OtherWays) template() string      { return "other-ways" }
func (Onboarding) template() string     { return "onboarding" }
func (CreatePasskey) template() string  { return "create-passkey" }
func (SignOut) template() string        { return "sign-out" }
func (SignedOut) template() string      { return "signed-out" }
func (UnknownSession) template() string { return "unknown-session" }
func (Suspended) template() string      { return "suspended" }
func (Failed) template() string         { return "failed" }
func (NotFound) template() string       { return "not-found" }
func (Demo) template() string           { return "demo" }
func (SetupStart) template() string     { return "setup-start" }
