// Package i18n holds every sentence that a person may read, in each built-in
// language, and chooses the language for a reader.
//
// A catalogue is a folder phrases/<tag> of JSON files, each a flat object from
// a dotted key to a text with {{placeholders}}. The file name is only for
// people. Texts of error codes live in errors.<package>.json beside the
// language's other files, under "errors.<code>". A key exists in every language
// or in none; English is the reference and the last resort.
package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"

	"signet/internal/platform/errs"
)

//go:embed phrases
var files embed.FS

// Fallback is the language of last resort; its catalogue is complete.
const Fallback = "en"

type catalogue map[string]string

// catalogues are read once. A malformed or contradictory file is a mistake of
// this build, so it panics: at the first use, which every start of the server is.
var catalogues = sync.OnceValue(func() map[string]catalogue {
	all, err := load(files)
	if err != nil {
		panic(err)
	}
	return all
})

func load(source fs.FS) (map[string]catalogue, error) {
	languages, err := fs.ReadDir(source, "phrases")
	if err != nil {
		return nil, err
	}
	all := make(map[string]catalogue, len(languages))
	for _, lang := range languages {
		c, err := loadLanguage(source, path.Join("phrases", lang.Name()))
		if err != nil {
			return nil, err
		}
		all[lang.Name()] = c
	}
	return all, nil
}

func loadLanguage(source fs.FS, dir string) (catalogue, error) {
	entries, err := fs.ReadDir(source, dir)
	if err != nil {
		return nil, err
	}
	c := catalogue{}
	for _, entry := range entries {
		name := path.Join(dir, entry.Name())
		raw, err := fs.ReadFile(source, name)
		if err != nil {
			return nil, err
		}
		var part map[string]string
		if err := json.Unmarshal(raw, &part); err != nil {
			return nil, fmt.Errorf("i18n: %s: %w", name, err)
		}
		for key, text := range part {
			if _, taken := c[key]; taken {
				return nil, fmt.Errorf("i18n: %s: %q is defined twice", name, key)
			}
			c[key] = text
		}
	}
	return c, nil
}

// Tags returns the built-in languages as BCP 47 tags, the fallback first.
func Tags() []string { return slices.Clone(tags()) }

var tags = sync.OnceValue(func() []string {
	others := slices.Sorted(maps.Keys(catalogues()))
	others = slices.DeleteFunc(others, func(tag string) bool { return tag == Fallback })
	return append([]string{Fallback}, others...)
})

var matcher = sync.OnceValue(func() language.Matcher {
	var supported []language.Tag
	for _, tag := range tags() {
		supported = append(supported, language.MustParse(tag))
	}
	return language.NewMatcher(supported)
})

// Match returns the built-in language that serves best. Each wanted value is a
// tag or an Accept-Language list (RFC 9110 section 12.5.4); earlier values win.
// What cannot be parsed is passed over; nothing suitable gives the fallback.
func Match(wanted ...string) string {
	tag, _ := match(wanted)
	return tag
}

// MatchOr is Match with another language of last resort.
func MatchOr(last string, wanted ...string) string {
	if tag, ok := match(wanted); ok {
		return tag
	}
	return Match(last)
}

func match(wanted []string) (string, bool) {
	for _, w := range wanted {
		asked, quality, err := language.ParseAcceptLanguage(w)
		if err != nil || len(asked) == 0 {
			continue
		}
		for i, q := range quality {
			if q == 0 { // "q=0" refuses a language
				asked = asked[:i]
				break
			}
		}
		if _, index, confidence := matcher().Match(asked...); confidence > language.No {
			return tags()[index], true
		}
	}
	return Fallback, false
}

// Dir returns the direction in which lang is written, "ltr" or "rtl": the value
// of HTML's dir attribute.
func Dir(lang string) string {
	script, _ := language.Make(lang).Script()
	switch script.String() {
	case "Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm", "Rohg", "Mand", "Samr":
		return "rtl"
	}
	return "ltr"
}

// T returns the phrase of key in lang, its placeholders filled from args. A
// phrase that lang lacks comes in English. A missing error phrase gives the
// generic sentence with the code in it, any other missing phrase its key.
func T(lang, key string, args map[string]any) string {
	if text, ok := lookup(lang, key); ok {
		return fill(text, args)
	}
	code, isError := strings.CutPrefix(key, "errors.")
	if !isError {
		return key
	}
	generic := "generic.error"
	if strings.HasPrefix(code, "oidc.") {
		generic = "generic.oidc_error"
	}
	text, _ := lookup(lang, generic)
	return fill(text, map[string]any{"code": code})
}

func lookup(lang, key string) (string, bool) {
	if text, ok := catalogues()[lang][key]; ok {
		return text, true
	}
	text, ok := catalogues()[Fallback][key]
	return text, ok
}

// fill replaces {{name}}. Placeholders without an argument vanish: a gap reads
// better than braces. Arguments are never searched for placeholders themselves.
func fill(text string, args map[string]any) string {
	before, rest, found := strings.Cut(text, "{{")
	if !found {
		return text
	}
	var out strings.Builder
	for found {
		out.WriteString(before)
		name, after, closed := strings.Cut(rest, "}}")
		if !closed {
			out.WriteString("{{")
			out.WriteString(rest)
			return out.String()
		}
		if value, ok := args[strings.TrimSpace(name)]; ok {
			fmt.Fprint(&out, value)
		}
		before, rest, found = strings.Cut(after, "{{")
	}
	out.WriteString(before)
	return out.String()
}

// Tree returns the phrases of lang as nested objects, English where lang has
// none. The caller owns the result.
func Tree(lang string) map[string]any {
	merged := maps.Clone(catalogues()[Fallback])
	maps.Copy(merged, catalogues()[lang])
	tree := map[string]any{}
	for key, text := range merged {
		at := tree
		parts := strings.Split(key, ".")
		for _, part := range parts[:len(parts)-1] {
			next, ok := at[part].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[part] = next
			}
			at = next
		}
		at[parts[len(parts)-1]] = text
	}
	return tree
}

// MissingErrors returns "<tag> <code>" for every declared error without a
// phrase, ordered. It knows the errors of the packages linked into the calling
// binary, so the test that uses it belongs to the one that links them all.
func MissingErrors() []string {
	var missing []string
	for _, tag := range tags() {
		for _, e := range errs.All() {
			if _, ok := catalogues()[tag]["errors."+e.Code]; !ok {
				missing = append(missing, tag+" "+e.Code)
			}
		}
	}
	slices.Sort(missing)
	return slices.Compact(missing)
}
