package hosted

import (
	"cmp"
	"html/template"
	"slices"
	"strings"
)

// heading is what the part "task-head" shows.
type heading struct{ Title, Lead string }

// Heading translates a title and the sentence below it, with the same args.
func (v *view) Heading(title, lead string, args ...any) heading {
	return heading{v.T(title, args...), v.T(lead, args...)}
}

// IdentifierLabel names the field for the accepted identifiers.
func (v *view) IdentifierLabel(methods []string) string {
	var known []string
	for _, m := range []string{"email", "phone", "username"} {
		if slices.Contains(methods, m) {
			known = append(known, m)
		}
	}
	if len(known) == 0 {
		known = []string{"username"}
	}
	return v.T("field.identifier." + strings.Join(known, "_"))
}

// wayWords are the words in phrase keys for the kinds of a Way.
var wayWords = map[string]string{
	"WebAuthn": "passkey", "Totp": "totp", "BackupCode": "backup_code",
	"EmailVerificationCode": "email_code", "PhoneVerificationCode": "phone_code",
}

// WayTitle names a way.
func (v *view) WayTitle(kind string) string { return v.T("way." + wayWords[kind] + ".title") }

// WayText describes a way.
func (v *view) WayText(w Way) string {
	return v.T("way."+wayWords[w.Kind]+".text", "target", w.Target)
}

// WayIcon draws a way.
func (v *view) WayIcon(kind string) template.HTML {
	switch kind {
	case "Totp":
		return icon("clock")
	case "BackupCode":
		return icon("codes")
	case "EmailVerificationCode":
		return icon("mail")
	case "PhoneVerificationCode":
		return icon("phone")
	}
	return icon("key")
}

// KindName names the kind of a passkey.
func (v *view) KindName(kind string) string {
	if kind == KindSecurityKey {
		return v.T("create_passkey.security_key")
	}
	return v.T("create_passkey.this_device")
}

// choice is one place where a passkey may live.
type choice struct{ Kind, Icon, Title, Text string }

// PasskeyChoice describes a kind as a choice.
func (v *view) PasskeyChoice(kind string) choice {
	c := choice{Kind: kind, Icon: "laptop", Title: v.KindName(kind), Text: v.T("create_passkey.this_device_text")}
	if kind == KindSecurityKey {
		c.Icon, c.Text = "token", v.T("create_passkey.security_key_text")
	}
	return c
}

// trouble is what can go wrong in a ceremony: what did, and what the script
// may have to say.
type trouble struct {
	Record  string
	Current *Notice
	All     []possible
}

type possible struct {
	Name   string
	Notice *Notice
}

// Trouble prepares the notices of a ceremony.
func (v *view) Trouble(ceremony string, c Ceremony, other string) part {
	t := trouble{Record: c.Record}
	for _, name := range failuresOf[ceremony] {
		n := v.Explain(ceremony, name)
		n.Way = v.wayOn(name, c, other)
		t.All = append(t.All, possible{name, n})
		if name == c.Failure {
			t.Current = n
		}
	}
	return v.With(t)
}

// Explain returns the notice for a failure, without a way on.
func (v *view) Explain(ceremony, failure string) *Notice {
	key := "passkey." + ceremony + "." + failure
	return &Notice{Tone: tones[failure], Title: Say(key + ".title"), Text: Say(key + ".text")}
}

// wayOn leads elsewhere where trying again is no use and else to this page
// afresh, since a challenge may have been spent.
func (v *view) wayOn(failure string, c Ceremony, other string) *Link {
	if c.OtherURL != "" && (lasting[failure] || failure == FailWrongKey) {
		return &Link{URL: c.OtherURL, Label: Say(other)}
	}
	if lasting[failure] {
		return nil
	}
	label := "passkey.way.retry"
	switch failure {
	case FailAlreadyRegistered, FailWrongKey:
		label = "passkey.way.another_key"
	case FailNoPIN:
		label = "passkey.way.pin_set"
	}
	return &Link{URL: cmp.Or(c.AgainURL, v.Here), Label: Say(label)}
}
