package i18n

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"signet/internal/platform/errs"
)

var errDeclaredWithoutPhrase = errs.New(418, "i18n_test.no_phrase")

func TestCatalogues_SameKeysAndPlaceholdersInEveryLanguage(t *testing.T) {
	t.Parallel()
	placeholder := regexp.MustCompile(`\{\{\s*[a-zA-Z_]+\s*\}\}`)
	reference := catalogues()[Fallback]
	for _, tag := range Tags() {
		c := catalogues()[tag]
		for _, key := range slices.Sorted(maps.Keys(reference)) {
			text, ok := c[key]
			if !ok {
				t.Errorf("%s lacks %q", tag, key)
				continue
			}
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s: %q is empty", tag, key)
			}
			want := placeholder.FindAllString(reference[key], -1)
			got := placeholder.FindAllString(text, -1)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) {
				t.Errorf("%s: %q has placeholders %v, English has %v", tag, key, got, want)
			}
		}
		for key := range c {
			if _, ok := reference[key]; !ok {
				t.Errorf("%s has %q, English does not", tag, key)
			}
		}
	}
}

// Pages and errors say what to do. They do not beg.
func TestCatalogues_SayWhatToDoWithoutPlease(t *testing.T) {
	t.Parallel()
	begging := regexp.MustCompile(`(?i)\b(please|bitte)\b`)
	for _, tag := range Tags() {
		for key, text := range catalogues()[tag] {
			if begging.MatchString(text) {
				t.Errorf("%s: %q: %s", tag, key, text)
			}
		}
	}
}

// A key that is both a text and a group of texts would lose one of them in Tree.
func TestCatalogues_NoKeyIsAPrefixOfAnother(t *testing.T) {
	t.Parallel()
	c := catalogues()[Fallback]
	for key := range c {
		for i, r := range key {
			if r != '.' {
				continue
			}
			if _, ok := c[key[:i]]; ok {
				t.Errorf("%q is a phrase and a group of phrases", key[:i])
			}
		}
	}
}

func TestLoad_RefusesWhatIsMalformed(t *testing.T) {
	t.Parallel()
	cases := map[string]fstest.MapFS{
		"broken JSON": {"phrases/en/a.json": {Data: []byte(`{"a": `)}},
		"nested":      {"phrases/en/a.json": {Data: []byte(`{"a": {"b": "c"}}`)}},
		"twice": {
			"phrases/en/a.json": {Data: []byte(`{"k": "1"}`)},
			"phrases/en/b.json": {Data: []byte(`{"k": "2"}`)},
		},
	}
	for name, source := range cases {
		if _, err := load(source); err == nil {
			t.Errorf("%s: loaded without an error", name)
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	cases := []struct {
		wanted []string
		want   string
	}{
		{nil, "en"},
		{[]string{"de"}, "de"},
		{[]string{"de-AT"}, "de"},
		{[]string{"de-CH, en;q=0.5"}, "de"},
		{[]string{"en-GB,de;q=0.9"}, "en"},
		{[]string{"fr;q=1, de;q=0.2"}, "de"},
		{[]string{"xx-not-a-language!", "de"}, "de"},
		{[]string{"", "de"}, "de"},
		{[]string{"ja", "de"}, "de"},
		{[]string{"en", "de"}, "en"},
		{[]string{"de;q=0, ja"}, "en"},
		{[]string{"*"}, "en"},
		{[]string{strings.Repeat("de-AT,", 5000)}, "en"},
	}
	for _, c := range cases {
		if got := Match(c.wanted...); got != c.want {
			t.Errorf("Match(%.60q) = %q, want %q", c.wanted, got, c.want)
		}
	}
	if got := MatchOr("de", "ja"); got != "de" {
		t.Errorf("MatchOr(de, ja) = %q", got)
	}
	if got := MatchOr("de", "en-US"); got != "en" {
		t.Errorf("MatchOr(de, en-US) = %q", got)
	}
	if got := MatchOr("tlh"); got != "en" {
		t.Errorf("MatchOr(tlh) = %q", got)
	}
}

func TestDir(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]string{
		"en": "ltr", "de": "ltr", "ar": "rtl", "fa-IR": "rtl", "he": "rtl", "ur": "rtl",
		"zh-CN": "ltr", "az": "ltr", "az-Arab": "rtl", "": "ltr", "nonsense!": "ltr",
	} {
		if got := Dir(lang); got != want {
			t.Errorf("Dir(%q) = %q, want %q", lang, got, want)
		}
	}
}

func TestT_FallsBackToEnglishThenToAGenericSentence(t *testing.T) {
	t.Parallel()
	if got, want := T("fr", "generic.error", map[string]any{"code": "x"}), "The request could not be completed (x)."; got != want {
		t.Errorf("unknown language: %q", got)
	}
	if got, want := T("de", "errors.no.such_code", nil), "Die Anfrage konnte nicht ausgeführt werden (no.such_code)."; got != want {
		t.Errorf("unknown code: %q", got)
	}
	if got, want := T("en", "errors.oidc.no_such_code", nil), "An OIDC error occurred: oidc.no_such_code."; got != want {
		t.Errorf("unknown OIDC code: %q", got)
	}
	if got := T("en", "no.such.key", nil); got != "no.such.key" {
		t.Errorf("unknown key: %q", got)
	}
	if got, want := T("en", "errors."+errDeclaredWithoutPhrase.Code, nil), "The request could not be completed (i18n_test.no_phrase)."; got != want {
		t.Errorf("error without a phrase: %q", got)
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	args := map[string]any{"name": "Robin", "n": 3, "evil": "{{name}}"}
	for text, want := range map[string]string{
		"plain":                    "plain",
		"Hello {{name}}, {{n}}":    "Hello Robin, 3",
		"{{ name }}":               "Robin",
		"{{evil}}":                 "{{name}}",
		"gone: {{missing}}.":       "gone: .",
		"open {{name":              "open {{name",
		"{{name}} and open {{rest": "Robin and open {{rest",
	} {
		if got := fill(text, args); got != want {
			t.Errorf("fill(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestTree_HoldsEveryPhraseOfALanguage(t *testing.T) {
	t.Parallel()
	generic, ok := Tree("de")["generic"].(map[string]any)
	if !ok || generic["error"] != catalogues()["de"]["generic.error"] {
		t.Fatalf("Tree(de).generic = %v", generic)
	}
	if got, want := countLeaves(Tree("de")), len(catalogues()["de"]); got != want {
		t.Errorf("Tree(de) has %d phrases, the catalogue %d", got, want)
	}
	if got, want := countLeaves(Tree("xx")), len(catalogues()[Fallback]); got != want {
		t.Errorf("Tree of an unknown language has %d phrases, English %d", got, want)
	}
}

func countLeaves(tree map[string]any) int {
	n := 0
	for _, v := range tree {
		if sub, ok := v.(map[string]any); ok {
			n += countLeaves(sub)
			continue
		}
		n++
	}
	return n
}

func TestMissingErrors_NamesCodesWithoutAPhrase(t *testing.T) {
	t.Parallel()
	missing := MissingErrors()
	for _, want := range []string{"de i18n_test.no_phrase", "en i18n_test.no_phrase"} {
		if !slices.Contains(missing, want) {
			t.Errorf("MissingErrors() = %v, lacks %q", missing, want)
		}
	}
}
