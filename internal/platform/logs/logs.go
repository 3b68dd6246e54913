// Package logs makes the process's logger: structured, one record to a line
// whatever a client sends, and without secrets. A secret is kept out three
// times: values of type Secret never print, attributes whose name says that
// they are secret are blanked, and so are parameters and credentials within
// text, such as the query of a logged URL.
package logs

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// Redacted stands in a log where a secret was.
const Redacted = "[redacted]"

// The formats of New.
const (
	JSON = "json"
	Text = "text"
)

// New returns a logger that writes records of at least level to w, as JSON or,
// for any other format, as text. It is safe for concurrent use.
func New(w io.Writer, format string, level slog.Leveler) *slog.Logger {
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: redact}
	if format == JSON {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// Install makes New's logger the one that everything in the process uses.
func Install(w io.Writer, format string, level slog.Leveler) { slog.SetDefault(New(w, format, level)) }

// Secret is a string that no log, error message or encoder shows by accident.
type Secret string

// Reveal returns the string itself.
func (s Secret) Reveal() string { return string(s) }

// LogValue hides the string from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(Redacted) }

// Format hides the string from every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// MarshalText hides the string from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// redact blanks an attribute with a secret name and cleans all others.
func redact(groups []string, a slog.Attr) slog.Attr {
	for _, group := range groups {
		if secretName(group) {
			return slog.String(a.Key, Redacted)
		}
	}
	if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.SourceKey) {
		return a
	}
	if secretName(a.Key) {
		return slog.String(a.Key, Redacted)
	}
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(Clean(a.Value.String()))
	case slog.KindAny:
		a.Value = cleanAny(a.Value.Any())
	}
	return a
}

func cleanAny(value any) slog.Value {
	switch v := value.(type) {
	case nil:
		return slog.AnyValue(nil)
	case error:
		return slog.StringValue(Clean(v.Error()))
	case fmt.Stringer:
		return slog.StringValue(Clean(v.String()))
	case []byte:
		return slog.StringValue(fmt.Sprintf("%d bytes", len(v)))
	case http.Header:
		return treeValue(map[string][]string(v))
	case url.Values:
		return treeValue(map[string][]string(v))
	}
	return treeValue(value)
}

// treeValue turns a composite value into its JSON form, in which every name can
// be judged.
func treeValue(value any) slog.Value {
	raw, err := json.Marshal(value)
	if err != nil {
		return slog.StringValue(fmt.Sprintf("%T", value))
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return slog.StringValue(fmt.Sprintf("%T", value))
	}
	return slog.AnyValue(cleanTree(tree))
}

func cleanTree(tree any) any {
	switch v := tree.(type) {
	case string:
		return Clean(v)
	case []any:
		for i := range v {
			v[i] = cleanTree(v[i])
		}
	case map[string]any:
		for name := range v {
			if secretName(name) {
				v[name] = Redacted
			} else {
				v[name] = cleanTree(v[name])
			}
		}
	}
	return tree
}

// secretWords make a name secret wherever they stand in it.
var secretWords = map[string]bool{
	"password": true, "passwords": true, "passwd": true, "passphrase": true, "passcode": true,
	"secret": true, "secrets": true, "token": true, "tokens": true, "cookie": true, "cookies": true,
	"authorization": true, "code": true, "codes": true, "verifier": true, "otp": true, "totp": true,
	"assertion": true, "credential": true, "credentials": true, "kek": true, "nonce": true,
	"apikey": true, "private": true, "seed": true, "pat": true, "ticket": true, "signature": true,
}

// publicEndings make a name harmless that speaks about a secret, like token_type.
var publicEndings = map[string]bool{
	"id": true, "type": true, "types": true, "method": true, "methods": true, "count": true,
	"length": true, "at": true, "ttl": true, "endpoint": true, "name": true, "table": true,
}

// publicCodes come before "code" where it is not a secret.
var publicCodes = map[string]bool{
	"status": true, "error": true, "country": true, "exit": true, "language": true,
}

// secretName reports whether a name such as "clientSecret", "set-cookie" or
// "refresh_token" announces a secret.
func secretName(name string) bool {
	words := splitName(name)
	if n := len(words); n > 1 {
		if publicEndings[words[n-1]] || words[n-1] == "code" && publicCodes[words[n-2]] {
			return false
		}
	}
	for i, word := range words {
		if secretWords[word] || word == "key" && i > 0 && words[i-1] == "api" {
			return true
		}
	}
	return false
}

// splitName splits at punctuation and where lower case turns into upper case.
func splitName(name string) []string {
	var b strings.Builder
	lower := false
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			r = ' '
		case unicode.IsUpper(r) && lower:
			b.WriteByte(' ')
		}
		lower = unicode.IsLower(r)
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.Fields(b.String())
}

var (
	// named finds a name before "=", ":" or their URL encoding, quoted or not.
	named = regexp.MustCompile(`(?:%[0-9A-Fa-f]{2})*([A-Za-z][A-Za-z0-9_.-]*)(\\*["']?\s*(?:=|:|%3[DdAa])\s*)`)
	// value is what follows such a name.
	value = regexp.MustCompile(`^(?:\\*"[^"]*"?|'[^']*'?|[^\s&;,"'<>%]+)`)
	// scheme finds HTTP credentials (RFC 9110 section 11.4).
	scheme = regexp.MustCompile(`(?i)\b(Bearer|Basic|DPoP)\s+[A-Za-z0-9._~+/=-]{8,}`)
	// userinfo finds the password in a URL.
	userinfo = regexp.MustCompile(`(://[^\s/:@]*):[^\s/@]+@`)
)

// Clean returns text without the secrets that its own form gives away:
// parameters with a secret name, HTTP credentials, passwords in URLs.
func Clean(text string) string {
	if !strings.ContainsAny(text, "=:% ") {
		return text
	}
	text = scheme.ReplaceAllString(text, "$1 "+Redacted)
	text = userinfo.ReplaceAllString(text, "$1:"+Redacted+"@")

	var out strings.Builder
	for {
		at := named.FindStringSubmatchIndex(text)
		if at == nil {
			out.WriteString(text)
			return out.String()
		}
		name, separator := text[at[2]:at[3]], text[at[4]:at[5]]
		out.WriteString(text[:at[1]])
		text = text[at[1]:]
		// "oidc.invalid_token: …" is an error code before its explanation.
		isCode := strings.Contains(name, ".") && strings.TrimSpace(separator) == ":"
		if rest := value.FindString(text); rest != "" && !isCode && secretName(name) {
			out.WriteString(Redacted)
			text = text[len(rest):]
		}
	}
}
