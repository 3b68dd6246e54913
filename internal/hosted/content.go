package hosted

import (
	"signet/internal/platform/errs"
	"signet/internal/user"
)

// Phrase is a text that is translated when the page is rendered.
type Phrase struct {
	Key  string
	Args map[string]any
}

// Say returns the phrase of key. args are names and values in turn.
func Say(key string, args ...any) Phrase {
	p := Phrase{Key: key}
	if len(args) > 0 {
		p.Args = pairs(args)
	}
	return p
}

// SayError returns the message of an error.
func SayError(e *errs.Error) Phrase { return Phrase{Key: "errors." + e.Code, Args: e.Args} }

// SayPassword returns why a password was rejected, one phrase for each reason,
// or the message of the error if it tells none.
func SayPassword(e *errs.Error) []Phrase {
	issues, _ := e.Data.([]user.Issue)
	reasons := make([]Phrase, 0, len(issues))
	for _, issue := range issues {
		reasons = append(reasons, Phrase{Key: "errors." + issue.Code, Args: issue.Interpolation})
	}
	if len(reasons) == 0 {
		reasons = append(reasons, SayError(e))
	}
	return reasons
}

func pairs(args []any) map[string]any {
	m := make(map[string]any, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		m[args[i].(string)] = args[i+1]
	}
	return m
}

// Form is what a page posts. Its zero value posts to the page's own address.
type Form struct {
	// Action is the path as the browser must request it, with its query.
	Action string
	// Token returns as the field "token"; the handler compares it.
	Token string
	// LeadsTo are the redirect URIs that the answer, or a redirect after it,
	// may lead to: their origins and schemes join the page's form-action.
	LeadsTo []string
	// Next is where the browser goes afterwards, as people read it: a host, or a
	// scheme. It is empty where that is a page of ours.
	Next string
}

func (f Form) leadsTo() []string { return f.LeadsTo }

// Field is one control of a form: what was typed and what is wrong with it.
// Never put a password into Value.
type Field struct {
	Value  string
	Errors []Phrase
	// Focus puts the cursor here although nothing is wrong with this field alone:
	// the page's notice says what to do.
	Focus bool
}

// Invalid returns a field with its errors.
func Invalid(value string, reasons ...Phrase) Field { return Field{Value: value, Errors: reasons} }

// Link is a way to go.
type Link struct {
	URL   string
	Label Phrase
}

// The tones of a Notice.
const (
	ToneInfo  = ""
	ToneGood  = "good"
	ToneWarn  = "warn"
	ToneError = "error"
)

// Notice says what happened and what to do next.
type Notice struct {
	Tone  string
	Title Phrase
	Text  Phrase
	// Way is the way forward, if there is one.
	Way *Link
}

// Trouble returns the notice for an error that belongs to no single field.
func Trouble(e *errs.Error) *Notice { return &Notice{Tone: ToneError, Text: SayError(e)} }

// Person is how a page names the account it speaks of.
type Person struct {
	// Name is the display name, else the username.
	Name string
	// Detail is a second line such as the username or address; may be empty.
	Detail string
	// Avatar is an http(s) URL; without one the initials stand in.
	Avatar string
}

// Initials returns at most two letters of the name, for want of a picture.
func (p Person) Initials() string { return initials(p.Name) }

// Menu is the account menu at the top right of a signed-in person's pages.
type Menu struct {
	Person     Person
	ProfileURL string
	// SignOut is the form behind "Sign out".
	SignOut Form
}

func (m *Menu) accountMenu() *Menu { return m }

// Failures of a passkey ceremony, as passkey.js and the handlers name them.
const (
	FailCancelled         = "cancelled"
	FailTimedOut          = "timed_out"
	FailAlreadyRegistered = "already_registered" // creating only
	FailWrongKey          = "wrong_key"          // verifying only
	FailNoPIN             = "no_pin"
	FailUnsupported       = "unsupported"
	FailInsecureOrigin    = "insecure_origin"
	FailIPAddress         = "ip_address"
	FailExpired           = "expired" // the challenge is gone: the page was open too long
	FailBlocked           = "blocked" // too many failures
	FailRefused           = "refused" // the server found the answer wrong
)

// tones gives each failure the tone of its notice.
var tones = map[string]string{
	FailCancelled: ToneInfo, FailTimedOut: ToneWarn, FailAlreadyRegistered: ToneInfo,
	FailWrongKey: ToneError, FailNoPIN: ToneWarn, FailUnsupported: ToneError,
	FailInsecureOrigin: ToneError, FailIPAddress: ToneError, FailExpired: ToneWarn,
	FailBlocked: ToneError, FailRefused: ToneError,
}

// The ceremonies of WebAuthn, as phrases and scripts name them.
const (
	ceremonyCreate = "create"
	ceremonyGet    = "get"
)

var failuresOf = map[string][]string{
	ceremonyCreate: {FailCancelled, FailTimedOut, FailAlreadyRegistered, FailNoPIN, FailUnsupported,
		FailInsecureOrigin, FailIPAddress, FailExpired, FailBlocked, FailRefused},
	ceremonyGet: {FailCancelled, FailTimedOut, FailWrongKey, FailNoPIN, FailUnsupported,
		FailInsecureOrigin, FailIPAddress, FailExpired, FailBlocked, FailRefused},
}

// lasting failures repeat on every try in this browser or at this address.
var lasting = map[string]bool{
	FailUnsupported: true, FailInsecureOrigin: true, FailIPAddress: true, FailBlocked: true,
}

// Ceremony is the part of a page that asks the browser for a passkey. The
// script posts the credential as JSON in the field "credential" and, when
// creating, the choice in "kind": "security-key" or "this-device".
type Ceremony struct {
	// Options is the JSON of the WebAuthn options, binary members in base64url.
	Options string
	// Record names the ceremony; it returns as the field "record".
	Record string
	// Failure, one of the Fail constants, says why the last try did not work.
	Failure string
	// OtherURL leads to another way; empty if there is none.
	OtherURL string
	// AgainURL leads to the page afresh; empty is the address it was asked for at.
	AgainURL string
}
