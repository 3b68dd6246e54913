package digest

import (
	"strings"
	"testing"
)

// Vectors of Openwall's crypt_blowfish (test_hashes of wrapper.c), which defines
// the revisions x and y, of golang.org/x/crypto, and, the longer ones of
// revision x, what crypt(3) of libxcrypt prints.
func TestBcrypt_KnownAnswers(t *testing.T) {
	t.Parallel()
	for text, password := range map[string]string{
		"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW": "U*U",
		"$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK": "U*U*",
		"$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a": "U*U*U",
		"$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy": "",
		"$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e": "\xa3",
		"$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq": "\xa3",
		"$2b$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq": "\xa3",
		"$2x$05$6bNw2HLQYeqHYyBfLMsv/OiwqTymGIGzFsA4hOTWebfehXHNprcAS": "\xd1\x91",
		"$2x$05$6bNw2HLQYeqHYyBfLMsv/O9LIGgn8OMzuDoHfof8AQimSGfcSWxnS": "\xd0\xc1\xd2\xcf\xcc\xd8",
		"$2x$05$/OK.fbVrR/bpIqNJ5ianF.x7OKS3VPZBkKwvC7w.MPvY/EVYry4iC": "pässwörd €",
		"$2x$05$/OK.fbVrR/bpIqNJ5ianF.2aIiBIMkIKRSTQf0sD297uuD1EbG/ne": "1\xa3" + strings.Repeat("\x80", 80),
		"$2a$05$/OK.fbVrR/bpIqNJ5ianF.swQOIzjOiJ9GHEPuhEkvqrUyvWhEMx6": strings.Repeat("\xaa", 72) + "chars after 72 are ignored as usual",
		"$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga": "allmine",
	} {
		h, err := Parse(Bcrypt, text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !h.Matches(password) || h.Matches("xyz "+password) || len(password) < 72 && h.Matches(password+"x") {
			t.Errorf("%s does not know its password", text)
		}
	}
}

func TestBcrypt_RefusesWhatIsMalformedOrTooCostly(t *testing.T) {
	t.Parallel()
	const rest = "$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"
	for _, text := range []string{
		"$2b$15" + rest, "$2b$31" + rest, "$2b$99" + rest, "$2b$03" + rest, "$2b$4" + rest, "$2b$+9" + rest,
		"$2$10" + rest, "$2c$10" + rest, "$1$10" + rest, "2b$10" + rest,
		"$2b$10" + rest[:53], "$2b$10" + rest + "a", "$2b$10" + rest + "\n", "\n$2b$10" + rest, "",
	} {
		if h, err := Parse(Bcrypt, text); err == nil {
			t.Errorf("%q: read as %+v", text, h)
		}
	}
	if _, err := Parse(Bcrypt, "$2b$14"+rest); err != nil {
		t.Errorf("the highest cost: %v", err)
	}
}
