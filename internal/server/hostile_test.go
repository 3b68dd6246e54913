package server_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"signet/internal/platform/web"
)

// What a described operation takes, spoiled in every way that its schema allows.

// mutant is one bad request. Its body is JSON unless contentType says otherwise.
type mutant struct{ name, path, body, contentType string }

func (m mutant) form() string { return cmp.Or(m.contentType, "application/json") }

func (o operation) mutants() []mutant {
	path := regexp.MustCompile(`\{\w+\}`).ReplaceAllString(o.pattern, "000000000000000000000")
	var all []mutant
	if o.takesFile {
		all = badForms(path)
	}
	if o.body != nil {
		for name, body := range map[string]string{
			"a torn body":        `{"a":`,
			"two values":         `{} {}`,
			"no JSON":            `hello`,
			"a list":             `[]`,
			"a string":           `"x"`,
			"null":               `null`,
			"a number":           `12`,
			"deep nesting":       strings.Repeat(`{"a":`, 500) + "1" + strings.Repeat("}", 500),
			"very deep nesting":  strings.Repeat(`[`, 100_000),
			"an oversized body":  `{"a":"` + strings.Repeat("x", 1<<20) + `"}`,
			"a broken character": "{\"a\":\"\xff\xfe\"",
		} {
			all = append(all, mutant{name: name, path: path, body: body})
		}
		variants := []*openapi3.Schema{o.body}
		if len(o.body.OneOf) > 0 {
			variants = nil
			for _, ref := range o.body.OneOf {
				variants = append(variants, ref.Value)
			}
		}
		for _, variant := range variants {
			for _, w := range wrongs(variant, nil) {
				body := example(variant)
				put(body, w.at, w.value)
				raw, _ := json.Marshal(body)
				text := strings.ReplaceAll(string(raw), brokenText, "\xff\xfe")
				all = append(all, mutant{name: fmt.Sprintf("%s = %.40v", strings.Join(w.at, "."), w.value), path: path, body: text})
			}
		}
	}
	for _, p := range o.params {
		if p.In == "query" {
			all = append(all, mutant{name: "repeated " + p.Name, body: "{}", path: path + "?" + p.Name + "=a@b.cd&" + p.Name + "=a@b.cd"})
			all = append(all, mutant{name: "NUL in " + p.Name, body: "{}", path: path + "?" + p.Name + "=a@b.cd%00"})
			all = append(all, mutant{name: "broken " + p.Name, body: "{}", path: path + "?" + p.Name + "=a@b.cd%ff"})
			all = append(all, mutant{name: "endless " + p.Name, body: "{}", path: path + "?" + p.Name + "=a@b.cd" + strings.Repeat("x", 5000)})
		}
		if p.In == "path" {
			for name, id := range map[string]string{
				"an unknown": "000000000000000000000", "NUL in the": "%00", "a broken": "%ff%fe", "an endless": strings.Repeat("x", 5000),
				"SQL in the": url.PathEscape(`' OR 1=1 --`), "a dotted": "..%2f..%2fx", "a blank": "%20",
			} {
				body := "{}"
				if o.body != nil {
					raw, _ := json.Marshal(example(o.body))
					body = string(raw)
				}
				all = append(all, mutant{name: name + " " + p.Name, path: strings.Replace(o.pattern, "{"+p.Name+"}", id, 1), body: body})
			}
		}
	}
	return all
}

// badForms are bodies in which no file can be found, or none that is taken.
func badForms(path string) []mutant {
	const form, head = "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n"
	all := []mutant{{name: "JSON for a file", path: path, body: `{"file":"x"}`}}
	for name, body := range map[string]string{
		"nothing": "", "no form": "hello", "no part": "--x--\r\n", "another part": strings.Replace(head, "file", "other", 1) + "\r\n1\r\n--x--\r\n",
		"a torn part": head + "\r\n1", "torn headers": head, "a page": head + "Content-Type: text/html\r\n\r\n<script>\r\n--x--\r\n",
		"no picture": head + "Content-Type: image/png\r\n\r\nhello\r\n--x--\r\n", "an empty file": head + "Content-Type: image/png\r\n\r\n\r\n--x--\r\n",
		"a broken type": head + "Content-Type: \xff\x00;;\r\n\r\n1\r\n--x--\r\n", "endless headers": head + strings.Repeat("A: b\r\n", 50_000) + "\r\n1\r\n--x--\r\n",
		"an endless preamble": strings.Repeat("x", 1<<20) + head + "\r\n1\r\n--x--\r\n", "an oversized file": head + "\r\n" + strings.Repeat("x", web.MaxUpload+1),
	} {
		all = append(all, mutant{name: name, path: path, body: body, contentType: form})
	}
	return all
}

// wrong is a value that does not belong at a place.
type wrong struct {
	at    []string
	value any
}

// brokenText stands for bytes that are no UTF-8, which no Go encoder writes.
const brokenText = "BROKEN-TEXT"

func wrongs(s *openapi3.Schema, at []string) []wrong {
	var all []wrong
	here := func(values ...any) {
		for _, v := range values {
			all = append(all, wrong{slices.Clone(at), v})
		}
	}
	if len(at) > 0 && s.Type != nil {
		for kind, value := range map[string]any{"string": "x", "number": 1.5, "boolean": true, "array": []any{1}, "object": map[string]any{"a": 1}} {
			if !s.Type.Is(kind) {
				here(value)
			}
		}
		if !s.Nullable {
			here(nil)
		}
		if s.Type.Is("string") {
			here("a\x00b", brokenText)
			if s.Pattern == "" {
				here(strings.Repeat("x", 200_000))
			} else {
				here(strings.Repeat("a", 200_000))
				form := regexp.MustCompile(s.Pattern)
				for _, odd := range []string{"!", "script:!"} {
					if !form.MatchString(odd) {
						here(odd)
					}
				}
			}
			if s.Enum != nil {
				here("No Such Value")
			}
		}
	}
	for name, ref := range s.Properties {
		all = append(all, wrongs(ref.Value, append(slices.Clone(at), name))...)
	}
	return all
}

// example is a body that fits, with every property.
func example(s *openapi3.Schema) any {
	switch {
	case len(s.OneOf) > 0:
		return example(s.OneOf[0].Value)
	case s.Type == nil:
		return "x"
	case s.Type.Is("object"):
		object := map[string]any{}
		for name, ref := range s.Properties {
			object[name] = example(ref.Value)
		}
		return object
	case s.Type.Is("array"):
		return []any{}
	case s.Type.Is("boolean"):
		return true
	case s.Type.Is("number"):
		return 1
	case len(s.Enum) > 0:
		return s.Enum[0]
	case strings.Contains(s.Pattern, "http"):
		return "https://example.com/x"
	case strings.Contains(s.Pattern, "@"):
		return "a@example.com"
	}
	return "sample"
}

func put(body any, at []string, value any) {
	object, _ := body.(map[string]any)
	for _, name := range at[:len(at)-1] {
		object, _ = object[name].(map[string]any)
	}
	object[at[len(at)-1]] = value
}
