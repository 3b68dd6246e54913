package digest

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// abc is the digest of "abc", the example of RFC 1321, 3174, 3874, 6234 and
// 7693, FIPS 180-4 and 202, and ISO/IEC 10118-3; OpenSSL 3.0 agrees.
var abc = map[string]string{
	"md5":        "900150983cd24fb0d6963f7d28e17f72",
	"sha1":       "a9993e364706816aba3e25717850c26c9cd0d89d",
	"sha224":     "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
	"sha256":     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	"sha384":     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
	"sha512":     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
	"sha512-224": "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa",
	"sha512-256": "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23",
	"sha3-224":   "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf",
	"sha3-256":   "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
	"sha3-384":   "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25",
	"sha3-512":   "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
	"ripemd160":  "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc",
	"blake2b512": "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
	"blake2s256": "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982",
	"shake128":   "5881092dd818bf5cf8a3ddb793fbcba7",
	"shake256":   "483366601360a8771c6863080cc4114d8db44530f8f1e1ee4f94ea37e78b5739",
	"md5-sha1":   "900150983cd24fb0d6963f7d28e17f72a9993e364706816aba3e25717850c26c9cd0d89d",
}

// aliases are other names under which OpenSSL knows a digest.
var aliases = map[string][]string{
	"md5":        {"MD5", "RSA-MD5", "md5WithRSAEncryption", "ssl3-md5"},
	"sha1":       {"SHA-1", "RSA-SHA1", "RSA-SHA1-2", "sha1WithRSAEncryption", "ssl3-sha1"},
	"sha256":     {"SHA256", "SHA-256", "SHA2-256", "RSA-SHA256", "sha256WithRSAEncryption"},
	"sha512-224": {"RSA-SHA512/224", "sha512-224WithRSAEncryption", "SHA2-512/224"},
	"sha3-384":   {"RSA-SHA3-384", "id-rsassa-pkcs1-v1_5-with-sha3-384"},
	"ripemd160":  {"ripemd", "rmd160", "RSA-RIPEMD160", "ripemd160WithRSA"},
	"blake2b512": {"BLAKE2b512", "BLAKE2B-512"},
	"blake2s256": {"BLAKE2S-256"},
}

func legacyText(t *testing.T, algorithm string, args []any, hash string) string {
	t.Helper()
	text, err := json.Marshal([]any{algorithm, args, hash})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDigests_KnownAnswers(t *testing.T) {
	t.Parallel()
	for name, want := range abc {
		for _, alias := range append(aliases[name], name) {
			for password, args := range map[string][]any{
				"abc": {"@"}, "b": {"a", "@", "c"}, "c": {"ab", "@"}, "a": {"@", "bc"}, "": {"abc", "@"},
			} {
				text := legacyText(t, alias, args, want)
				if err := Check(Legacy, text); err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				h, err := Parse(Legacy, text)
				if err != nil || !h.Matches(password) || h.Matches(password+"x") {
					t.Errorf("%s does not know %q: %v", text, password, err)
				}
			}
		}
	}
	for algorithm, name := range map[string]string{MD5: "md5", SHA1: "sha1", SHA256: "sha256"} {
		h, err := Parse(algorithm, abc[name])
		if err != nil || !h.Matches("abc") || h.Matches("abd") {
			t.Errorf("%s: %v", algorithm, err)
		}
		for _, wrong := range []string{"", strings.ToUpper(abc[name]), abc[name][1:], abc[name] + "0", "@"} {
			if h, err := Parse(algorithm, wrong); err == nil && (h.Matches("abc") || h.Matches("") || h.Matches("@")) {
				t.Errorf("%s matches %q", algorithm, wrong)
			}
		}
	}
}

// SHA-1: RFC 6070. SHA-256: RFC 7914 section 11. The digests without a published
// vector are what OpenSSL 3.0 derives.
func TestPBKDF2_KnownAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		password   string
		salt       any
		iterations any
		size       any
		digest     string
		hash       string
	}{
		{"password", "salt", 1, 20, "sha1", "0c60c80f961f0e71f3a9b524af6012062fe037a6"},
		{"password", "salt", "2", "20", "sha1", "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"},
		{"password", "salt", 4096, 20, "SHA1", "4b007901b765489abead49d926f721d065a429c1"},
		{"passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096, 25, "sha1", "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"},
		{"pass\x00word", "hex:7361006c74", 4096, 16, "sha1", "56fa6aa75548099dcc37d7f03425e0c3"},
		{"passwd", "salt", 1, 64, "sha256", "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"},
		{"Password", "NaCl", 80000, 64, "sha256", "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"},
		{"Password", "hex:4e61436c", 1000, 64, "sha512", "770848fb6d2da0ab075635d163e49e6c000d5238141cc78e70751e4dfd200e55f5a8ac244ed118138dad44855153518a2469925754b0a69a4b8213def142405c"},
		{"Password", "NaCl", 1000, 20, "md5", "ef4b0a2c0bb7c90f0915036ce6b8d3342a5eb84c"},
		{"Password", "NaCl", 1000, 40, "sha3-256", "23e61c97d6f30e0233b1c55fb58ca90a9da2bf45b78589b5e920b3fc9601625297e7eb46b556428a"},
		{"Password", "NaCl", 1000, 40, "ripemd160", "28b66b9bcbca609bcd074d1b3ee5edde2de9578ab24d0616605e82725437bf3f94405ef0e94bfa1f"},
		{"Password", "NaCl", 1000, 40, "blake2b512", "3c9245578e2ea69417923bdb25801eb39406c19f55d5c30bbfa08050e0d2ee0056a66d3317373001"},
		{"Password", "NaCl", 1000, 40, "blake2s256", "bcab89471957a841617773020127a79faec84247ff0628304151cb692c64cdcec75ffa1f751089bf"},
		{"Password", "NaCl", 1000, 40, "sha384", "7a403a9c7b6b2c00e52afab13e60236efb40897f8882985d739019a430378af8e235635058f5fd82"},
	} {
		for _, name := range []string{"pbkdf2", "pbkdf2Sync"} {
			text := legacyText(t, name, []any{c.salt, c.iterations, c.size, c.digest, "@"}, c.hash)
			h, err := Parse(Legacy, text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if !h.Matches(c.password) || h.Matches(c.password+"x") {
				t.Errorf("%s does not know its password", text)
			}
		}
	}
}

// The example of https://github.com/firebase/scrypt.
func TestFirebaseScrypt_KnownAnswer(t *testing.T) {
	t.Parallel()
	const (
		signer = "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="
		salt   = "42xEC+ixf3L2lw=="
		hash   = "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="
	)
	urlSafe := strings.NewReplacer("+", "-", "/", "_", "=", "")
	for _, text := range []string{
		legacyText(t, "firebase-scrypt", []any{salt, signer, "Bw==", 8, 14, "@"}, hash),
		legacyText(t, "firebase-scrypt", []any{urlSafe.Replace(salt), urlSafe.Replace(signer), "Bw", "8", "14", "@"}, urlSafe.Replace(hash)),
	} {
		if err := Check(Legacy, text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		h, err := Parse(Legacy, text)
		if err != nil || !h.Matches("user1password") || h.Matches("user1Password") {
			t.Errorf("%s does not know its password: %v", text, err)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	pbkdf2 := func(args string) string { return `["pbkdf2", [` + args + `], "00"]` }
	firebase := func(args string) string { return `["firebase-scrypt", [` + args + `], "AAAA"]` }
	const key = `"c2lnbmVyIGtleQ=="`
	for _, c := range []struct {
		algorithm, text string
		want            error
	}{
		{Argon2id, "anything", nil}, {Argon2i, "", nil}, {Argon2d, "$", nil}, {Bcrypt, "$2b$31$", nil},
		{MD5, "no hex", nil}, {SHA1, "", nil}, {SHA256, "@", nil},
		{"", "x", ErrMethod}, {"argon2id", "x", ErrMethod}, {"Argon2", "x", ErrMethod}, {"Legacy", "", ErrMethod},

		{Legacy, "no json", ErrLegacyFormat}, {Legacy, "null", ErrLegacyFormat}, {Legacy, `{}`, ErrLegacyFormat}, {Legacy, "[]", ErrLegacyFormat},
		{Legacy, `["sha256"]`, ErrLegacyFormat}, {Legacy, `["sha256", ["@"]]`, ErrLegacyFormat}, {Legacy, `["sha256", ["@"], "00", 1]`, ErrLegacyFormat},
		{Legacy, `["sha256", ["@"], "00"] `, nil}, {Legacy, `["sha256", ["@"], "00"]]`, ErrLegacyFormat},
		{Legacy, `["sha256", ["salt"], "00"]`, ErrLegacyFormat}, {Legacy, `["sha256", [], "00"]`, ErrLegacyFormat},
		{Legacy, `["sha256", "@", "00"]`, ErrLegacyFormat}, {Legacy, `["sha256", ["@", null], "00"]`, ErrLegacyFormat}, {Legacy, `["sha256", ["@", ["x"]], "00"]`, ErrLegacyFormat},
		{Legacy, `["sha256", ["@"], ""]`, ErrLegacyFormat}, {Legacy, `["sha256", ["@"], null]`, ErrLegacyFormat}, {Legacy, `["", ["@"], "00"]`, ErrLegacyFormat},
		{Legacy, `["sha256", ["@"` + strings.Repeat(`,""`, maxArgs) + `], "00"]`, ErrLegacyFormat},
		{Legacy, `["sha256", ["@", "` + strings.Repeat("é", MaxLength) + `"], "00"]`, ErrLegacyFormat},
		{Legacy, `["crc32", ["@"], "00"]`, ErrLegacyAlgorithm}, {Legacy, `["bcrypt", ["@"], "00"]`, ErrLegacyAlgorithm}, {Legacy, `["PBKDF2", ["@"], "00"]`, ErrLegacyAlgorithm},
		{Legacy, `["sm3", ["@"], "00"]`, ErrLegacyAlgorithm}, {Legacy, `["RSA-SM3", ["@"], "00"]`, ErrLegacyAlgorithm}, {Legacy, `["sm3WithRSAEncryption", ["@"], "00"]`, ErrLegacyAlgorithm},

		{Legacy, pbkdf2(`"salt", 8388608, 32, "sha256", "@"`), nil}, {Legacy, pbkdf2(`"salt", 8388609, 32, "sha256", "@"`), ErrLegacyFormat},
		{Legacy, pbkdf2(`"salt", 8388608, 33, "sha256", "@"`), ErrLegacyFormat}, {Legacy, pbkdf2(`"salt", 8388608, 32, "sha512", "@"`), ErrLegacyFormat},
		{Legacy, pbkdf2(`"salt", 1e3, 32, "sha256", "@"`), ErrLegacyFormat}, {Legacy, pbkdf2(`"salt", 0, 32, "sha256", "@"`), ErrLegacyFormat}, {Legacy, pbkdf2(`"salt", -1, 32, "sha256", "@"`), ErrLegacyFormat},
		{Legacy, pbkdf2(`"salt", 99999999999999999999, 32, "sha256", "@"`), ErrLegacyFormat},
		{Legacy, pbkdf2(`"salt", 1, 0, "sha256", "@"`), ErrLegacyFormat}, {Legacy, pbkdf2(`"salt", 1, 7, "sha256", "@"`), ErrLegacyFormat}, {Legacy, pbkdf2(`"salt", 1, 129, "sha256", "@"`), ErrLegacyFormat},
		{Legacy, pbkdf2(`"hex:0g", 1, 32, "sha256", "@"`), ErrLegacyFormat}, {Legacy, pbkdf2(`"salt", 1, 32, "sha256"`), ErrLegacyFormat},
		{Legacy, pbkdf2(`"@", "salt", 1, 32, "sha256"`), ErrLegacyFormat}, {Legacy, pbkdf2(`"salt", 1, 32, "sha256", "@", "@"`), ErrLegacyFormat},
		{Legacy, pbkdf2(`"salt", 1, 32, "crc32", "@"`), ErrLegacyAlgorithm}, {Legacy, pbkdf2(`"salt", 1, 32, "sm3", "@"`), ErrLegacyAlgorithm}, {Legacy, pbkdf2(`"salt", 1, 32, "shake128", "@"`), ErrLegacyAlgorithm},

		{Legacy, firebase(`"", ` + key + `, "", 8, 18, "@"`), ErrLegacyFormat}, {Legacy, firebase(`"", ` + key + `, "", 8, 17, "@"`), nil},
		{Legacy, firebase(`"", ` + key + `, "", 262144, 24, "@"`), ErrLegacyFormat}, {Legacy, firebase(`"", ` + key + `, "", 1, 25, "@"`), ErrLegacyFormat},
		{Legacy, firebase(`"", ` + key + `, "", 0, 14, "@"`), ErrLegacyFormat}, {Legacy, firebase(`"", ` + key + `, "", 8, 0, "@"`), ErrLegacyFormat},
		{Legacy, firebase(`"!", ` + key + `, "", 8, 14, "@"`), ErrLegacyFormat}, {Legacy, firebase(`"", "", "", 8, 14, "@"`), ErrLegacyFormat},
		{Legacy, firebase(`"", ` + key + `, "", 8, 14`), ErrLegacyFormat},
	} {
		err := Check(c.algorithm, c.text)
		if (err == nil) != (c.want == nil) || !errors.Is(err, c.want) {
			t.Errorf("%s %.120s: %v, want %v", c.algorithm, c.text, err, c.want)
		}
		if _, parseErr := Parse(c.algorithm, c.text); c.algorithm == Legacy && (parseErr == nil) != (err == nil) {
			t.Errorf("%.120s: imported with %v, verified with %v", c.text, err, parseErr)
		}
	}
}

func FuzzParse_Legacy(f *testing.F) {
	f.Add(`["sha256", ["salt", "@"], "00"]`)
	f.Add(`["pbkdf2", ["hex:00", 1000, 32, "sha512", "@"], "00"]`)
	f.Add(`["firebase-scrypt", ["AA", "c2lnbmVyIGtleQ==", "Bw==", 8, 1, "@"], "AAAA"]`)
	f.Add(`["md5-sha1", [1.5, "@", "@"], 0]`)
	f.Fuzz(func(t *testing.T, text string) {
		h, err := Parse(Legacy, text)
		if err != nil {
			return
		}
		if Check(Legacy, text) != nil {
			t.Errorf("%q verifies but cannot be imported", text)
		}
		cost := h.Cost()
		if cost.MemoryKiB > maxMemory+1 || cost.Work > maxWork {
			t.Errorf("%q costs %+v", text, cost)
		}
		if cost.Work < 1<<12 && h.Matches("one password") && h.Matches("another") {
			t.Errorf("%q matches any password", text)
		}
	})
}
