package accountpages

import (
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"signet/internal/hosted"
	"signet/internal/mfa"
)

// maxPasskeyName is the longest name of a passkey, in code points.
const maxPasskeyName = 64

// passkeyName reads the posted name and what is wrong with it.
func passkeyName(r *http.Request) (string, *hosted.Phrase) {
	name := strings.TrimSpace(r.PostFormValue("name"))
	var problem hosted.Phrase
	switch {
	case isBlank(name):
		problem = hosted.Say("name_passkey.needed")
	case utf8.RuneCountInString(name) > maxPasskeyName, strings.ContainsFunc(name, isControl):
		problem = hosted.Say("name_passkey.too_long")
	default:
		return name, nil
	}
	return name, &problem
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// isBlank reports whether nobody can see a name.
func isBlank(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) })
}

// nameOf returns the name of a passkey, what is known of it where it has none: signing
// in and the Account API add passkeys without one.
func (p *Pages) nameOf(v *visit, c *mfa.Credential) string {
	if name := text(c.Name); !isBlank(name) {
		return name
	}
	return mfa.SuggestName(c, text(c.UserAgent), p.Renderer.Lang(v.r))
}
