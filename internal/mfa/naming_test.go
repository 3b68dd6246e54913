package mfa_test

import (
	"testing"

	"signet/internal/mfa"
	"signet/internal/platform/db"
	"signet/internal/user"
)

const (
	chromeOnMac  = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
	edgeOnWin    = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0"
	firefoxLinux = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"
	safariPhone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
	chromePhone  = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36"
	chromeBook   = "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
	firefoxPad   = "Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/132.0 Mobile/15E148 Safari/605.1.15"
)

func TestAgent(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string][2]string{
		chromeOnMac:  {"Chrome", "macOS"},
		edgeOnWin:    {"Edge", "Windows"},
		firefoxLinux: {"Firefox", "Linux"},
		safariPhone:  {"Safari", "iPhone"},
		chromePhone:  {"Chrome", "Android"},
		chromeBook:   {"Chrome", "ChromeOS"},
		firefoxPad:   {"Firefox", "iPad"},
		"curl/8.5.0": {"", ""},
		"":           {"", ""},
	} {
		if browser, system := mfa.Agent(agent); browser != want[0] || system != want[1] {
			t.Errorf("%s: %q on %q, want %v", agent, browser, system, want)
		}
	}
}

func TestSuggestName(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	yubiKey := []byte{0x2f, 0xc0, 0x57, 0x9f, 0x81, 0x13, 0x47, 0xea, 0xb1, 0x16, 0xbb, 0x5a, 0x8d, 0xb9, 0x20, 0x2a}
	blank := make([]byte, 16)
	for _, tc := range []struct {
		aaguid     []byte
		eligible   *bool
		transports []string
		agent      string
		kind       mfa.Kind
		en, de     string
	}{
		{yubiKey, &no, []string{"nfc", "usb"}, chromeOnMac, mfa.SecurityKey, "YubiKey 5 Series with NFC", "YubiKey 5 Series with NFC"},
		{blank, &no, []string{"nfc", "usb"}, chromeOnMac, mfa.SecurityKey, "Security key (USB)", "Sicherheitsschlüssel (USB)"},
		{blank, &no, []string{"nfc"}, chromeOnMac, mfa.SecurityKey, "Security key (NFC)", "Sicherheitsschlüssel (NFC)"},
		{nil, nil, []string{"ble"}, chromeOnMac, mfa.SecurityKey, "Security key (Bluetooth)", "Sicherheitsschlüssel (Bluetooth)"},
		{blank, &no, nil, chromeOnMac, mfa.SecurityKey, "Security key", "Sicherheitsschlüssel"},
		{blank, &no, []string{"internal"}, chromeOnMac, mfa.Device, "Chrome on macOS", "Chrome unter macOS"},
		{blank, &yes, []string{"internal", "hybrid"}, safariPhone, mfa.Synced, "Safari on iPhone", "Safari unter iPhone"},
		{blank, &yes, []string{"internal"}, "curl/8.5.0", mfa.Synced, "Passkey", "Passkey"},
	} {
		c := &mfa.Credential{AAGUID: tc.aaguid, IsBackupEligible: tc.eligible, Transports: db.JSON[[]string]{V: tc.transports}}
		if c.Kind() != tc.kind {
			t.Errorf("%+v is %s", tc, c.Kind())
		}
		if en, de := mfa.SuggestName(c, tc.agent, "en"), mfa.SuggestName(c, tc.agent, "de"); en != tc.en || de != tc.de {
			t.Errorf("%+v is named %q, %q", tc, en, de)
		}
	}
	if got := mfa.Model([]byte{1, 2}); got != "" {
		t.Errorf("a model of two bytes: %q", got)
	}
}

func TestOwnerOf(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	for _, tc := range []struct {
		user user.User
		want mfa.Owner
	}{
		{user.User{ID: "u"}, mfa.Owner{ID: "u", Name: "Unnamed User", DisplayName: "Unnamed User"}},
		{user.User{ID: "u", Username: text("ann")}, mfa.Owner{ID: "u", Name: "ann", DisplayName: "ann"}},
		{user.User{ID: "u", Username: text("ann"), Name: text("Ann")}, mfa.Owner{ID: "u", Name: "ann", DisplayName: "Ann"}},
		{user.User{ID: "u", Username: text("ann"), PrimaryPhone: text("4915")}, mfa.Owner{ID: "u", Name: "+4915", DisplayName: "+4915"}},
		{user.User{ID: "u", PrimaryPhone: text("4915"), PrimaryEmail: text("a@b.c"), Name: text("")},
			mfa.Owner{ID: "u", Name: "a@b.c", DisplayName: "a@b.c"}},
	} {
		if got := mfa.OwnerOf(&tc.user); got != tc.want {
			t.Errorf("got %+v, want %+v", got, tc.want)
		}
	}
}
