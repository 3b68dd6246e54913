package digest

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// Vectors of the reference implementation: its test.c, and for the variant D
// what its command line prints, as golang.org/x/crypto publishes it.
func TestArgon2_KnownAnswers(t *testing.T) {
	t.Parallel()
	phc := func(variant string, passes, memory, lanes int, sum string) string {
		raw, err := hex.DecodeString(sum)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("$%s$v=19$m=%d,t=%d,p=%d$c29tZXNhbHQ$%s", variant, memory, passes, lanes, base64.RawStdEncoding.EncodeToString(raw))
	}
	for _, text := range []string{
		"$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
		phc("argon2d", 1, 64, 1, "8727405fd07c32c78d64f547f24150d3f2e703a89f981a19"),
		phc("argon2d", 2, 64, 2, "68e2462c98b8bc6bb60ec68db418ae2c9ed24fc6748a40e9"),
		phc("argon2d", 3, 256, 2, "f4f0669218eaf3641f39cc97efb915721102f4b128211ef2"),
		phc("argon2d", 4, 4096, 4, "935598181aa8dc2b720914aa6435ac8d3e3a4210c5b0fb2d"),
		phc("argon2d", 2, 64, 3, "22474a423bda2ccd36ec9afd5119e5c8949798cadf659f51"),
	} {
		for _, algorithm := range []string{Argon2id, Argon2i, Argon2d, ""} {
			h, err := Parse(algorithm, text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if algorithm == "" && (!h.Matches("password") || h.Matches("passwore")) {
				t.Errorf("%s does not know its password", text)
			}
		}
	}
}

func TestArgon2_RefusesWhatIsMalformedOrTooCostly(t *testing.T) {
	t.Parallel()
	const salt, sum = "c29tZXNhbHQ", "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	for name, text := range map[string]string{
		"empty":            "",
		"bcrypt":           "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"other variant":    "$argon2x$v=19$m=64,t=1,p=1$" + salt + "$" + sum,
		"old version":      "$argon2id$v=16$m=64,t=1,p=1$" + salt + "$" + sum,
		"no version":       "$argon2id$m=64,t=1,p=1$" + salt + "$" + sum,
		"gigabytes":        "$argon2id$v=19$m=4194304,t=1,p=1$" + salt + "$" + sum,
		"minutes":          "$argon2id$v=19$m=64,t=4294967295,p=1$" + salt + "$" + sum,
		"both at once":     "$argon2id$v=19$m=262144,t=9,p=1$" + salt + "$" + sum,
		"passes":           "$argon2id$v=19$m=64,t=4097,p=1$" + salt + "$" + sum,
		"long hash":        "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + strings.Repeat("A", 88),
		"lanes":            "$argon2id$v=19$m=65536,t=1,p=255$" + salt + "$" + sum,
		"zero passes":      "$argon2id$v=19$m=64,t=0,p=1$" + salt + "$" + sum,
		"zero lanes":       "$argon2id$v=19$m=64,t=1,p=0$" + salt + "$" + sum,
		"too little":       "$argon2id$v=19$m=8,t=1,p=2$" + salt + "$" + sum,
		"negative":         "$argon2id$v=19$m=64,t=-1,p=1$" + salt + "$" + sum,
		"leading zero":     "$argon2id$v=19$m=064,t=1,p=1$" + salt + "$" + sum,
		"other order":      "$argon2id$v=19$t=1,m=64,p=1$" + salt + "$" + sum,
		"no salt":          "$argon2id$v=19$m=64,t=1,p=1$$" + sum,
		"no hash":          "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$",
		"padded":           "$argon2id$v=19$m=64,t=1,p=1$" + salt + "=$" + sum + "=",
		"trailing field":   "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + sum + "$",
		"text before":      "x$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + sum,
		"long salt":        "$argon2id$v=19$m=64,t=1,p=1$" + strings.Repeat("A", 100) + "$" + sum,
		"endless":          strings.Repeat("$", 1<<20),
		"password in file": "hunter2",
	} {
		for _, algorithm := range []string{Argon2id, Argon2i, Argon2d, ""} {
			if h, err := Parse(algorithm, text); err == nil {
				t.Errorf("%s: read as %+v", name, h)
			}
		}
	}
}

// Hashes of 4 MiB and 256 passes are common among those that are imported.
func TestArgon2_ManyPassesOverLittleMemoryAreFine(t *testing.T) {
	t.Parallel()
	for _, costs := range []string{"m=4096,t=256,p=1", "m=8192,t=8,p=1", "m=262144,t=8,p=4", "m=65536,t=3,p=4"} {
		if _, err := Parse(Argon2i, "$argon2i$v=19$"+costs+"$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"); err != nil {
			t.Errorf("%s: %v", costs, err)
		}
	}
}

func FuzzParse_Argon2(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2d$v=19$m=64,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := Parse(Argon2id, text)
		if err != nil {
			return
		}
		a, ok := h.(Argon2)
		if !ok || a.MemoryKiB > maxMemory || a.Cost().Work > maxWork || a.Lanes > maxLanes || a.Passes == 0 || a.Lanes == 0 {
			t.Errorf("%q is accepted at a cost of %+v", text, h)
		}
		if again := a.Encode(a.salt, a.sum); again != text {
			t.Errorf("%q reads as %q", text, again)
		}
	})
}
