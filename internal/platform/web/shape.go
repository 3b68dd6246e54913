package web

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// field is one property or parameter of a request or answer type.
type field struct {
	name     string
	source   string // "json", "path", "query", "header", "body" or "file"
	index    []int
	typ      reflect.Type
	required bool
	rules    rules
	example  string
}

// shape is what a struct type says about a request: its parameters and either
// the properties of its body, or one field that takes the whole body, or a file.
type shape struct {
	params     []field
	properties []field
	body       *field
	file       *field
}

func (s *shape) hasBody() bool { return s.body != nil || len(s.properties) > 0 }

var shapes sync.Map // reflect.Type → *shape

func shapeOf(t reflect.Type) *shape {
	if s, ok := shapes.Load(t); ok {
		return s.(*shape)
	}
	s := &shape{}
	for _, sf := range reflect.VisibleFields(t) {
		if !sf.IsExported() || sf.Anonymous {
			continue
		}
		f, ok := fieldOf(sf)
		if !ok {
			continue
		}
		switch f.source {
		case "json":
			s.properties = append(s.properties, f)
		case "body":
			s.body = &f
		case "file":
			s.file = &f
		default:
			s.params = append(s.params, f)
		}
	}
	shapes.Store(t, s)
	return s
}

func fieldOf(sf reflect.StructField) (field, bool) {
	f := field{index: sf.Index, typ: sf.Type, rules: parseRules(sf.Tag.Get("check")), example: sf.Tag.Get("example")}
	for _, source := range []string{"path", "query", "header"} {
		if name, ok := sf.Tag.Lookup(source); ok {
			f.source, f.name = source, name
			f.required = source == "path"
			return f, true
		}
	}
	if name, ok := sf.Tag.Lookup("file"); ok {
		f.source, f.name, f.required = "file", name, true
		return f, true
	}
	if _, ok := sf.Tag.Lookup("body"); ok {
		f.source = "body"
		return f, true
	}
	tag := sf.Tag.Get("json")
	name, options, _ := strings.Cut(tag, ",")
	if name == "" || name == "-" {
		return f, false
	}
	f.source, f.name = "json", name
	f.required = sf.Type.Kind() != reflect.Pointer && !isOpt(sf.Type) && !strings.Contains(options, "omit")
	return f, true
}

func isOpt(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[optional]())
}

// rules are the checks of one field, from its tag:
//
//	check:"min=1,max=128,enum=a|b,pattern=username,items=10,some,nullable"
//
// min and max bound a number's value or a string's length in code points; items
// bounds a list, some refuses an empty one. A string without max may have 4096 code points, a list without
// items 1000 elements.
type rules struct {
	min, max *int
	items    int
	enum     []string
	pattern  *regexp.Regexp
	nullable bool
	some     bool
}

var defaultRules = rules{items: 1000}

const defaultMaxString = 4096

// IsURL reports whether text has the form that the rule pattern=url demands: an
// address of the web, with nothing that a browser would run.
func IsURL(text string) bool { return patterns["url"].MatchString(text) }

var patterns = map[string]*regexp.Regexp{
	"email": regexp.MustCompile(`^\S+@\S+\.\S+$`),
	"url":   regexp.MustCompile(`^https?://\S+$`),
	"phone": regexp.MustCompile(`^\d+$`),
	"link":  regexp.MustCompile(`^(https?://\S+)?$`), // a URL, or none
}

// Pattern declares a named pattern for the check tag; call it from a package
// variable, before any route is built.
func Pattern(name, expression string) *regexp.Regexp {
	re := regexp.MustCompile(expression)
	patterns[name] = re
	return re
}

func parseRules(tag string) rules {
	r := defaultRules
	if tag == "" {
		return r
	}
	for part := range strings.SplitSeq(tag, ",") {
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "min":
			r.min = number(value)
		case "max":
			r.max = number(value)
		case "items":
			r.items = *number(value)
		case "enum":
			r.enum = strings.Split(value, "|")
		case "pattern":
			if r.pattern = patterns[value]; r.pattern == nil {
				panic("web: no pattern " + value)
			}
		case "nullable":
			r.nullable = true
		case "some":
			r.some = true
		default:
			panic("web: unknown check " + key)
		}
	}
	return r
}

func number(text string) *int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic("web: bad number in check tag: " + text)
	}
	return &n
}

// forElements returns the rules that a list's rules impose on its elements.
func (r rules) forElements() rules {
	r.items, r.some = defaultRules.items, false
	return r
}

func (r rules) checkString(text string, path Path) Issues {
	length := utf8.RuneCountInString(text)
	limit := defaultMaxString
	if r.max != nil {
		limit = *r.max
	}
	switch {
	case strings.ContainsRune(text, 0) || !utf8.ValidString(text):
		return Issues{{Code: "invalid_string", Path: path, Message: "Invalid characters"}}
	case r.min != nil && length < *r.min:
		return Issues{{Code: "too_small", Minimum: r.min, Path: path,
			Message: fmt.Sprintf("String must contain at least %d character(s)", *r.min)}}
	case length > limit:
		return Issues{{Code: "too_big", Maximum: &limit, Path: path,
			Message: fmt.Sprintf("String must contain at most %d character(s)", limit)}}
	case r.enum != nil && !slices.Contains(r.enum, text):
		return Issues{{Code: "invalid_enum_value", Options: r.enum, Path: path,
			Message: "Invalid enum value. Expected " + strings.Join(r.enum, " | ")}}
	case r.pattern != nil && !r.pattern.MatchString(text):
		return Issues{{Code: "invalid_string", Path: path, Message: "Invalid"}}
	}
	return nil
}

func (r rules) checkInt(n int64, path Path) Issues {
	switch {
	case r.min != nil && n < int64(*r.min):
		return Issues{{Code: "too_small", Minimum: r.min, Path: path,
			Message: fmt.Sprintf("Number must be greater than or equal to %d", *r.min)}}
	case r.max != nil && n > int64(*r.max):
		return Issues{{Code: "too_big", Maximum: r.max, Path: path,
			Message: fmt.Sprintf("Number must be less than or equal to %d", *r.max)}}
	}
	return nil
}

func (r rules) checkLength(n int, path Path) Issues {
	if n == 0 && r.some {
		least := 1
		return Issues{{Code: "too_small", Minimum: &least, Path: path, Message: "Array must contain at least 1 element(s)"}}
	}
	if n <= r.items {
		return nil
	}
	limit := r.items
	return Issues{{Code: "too_big", Maximum: &limit, Path: path,
		Message: fmt.Sprintf("Array must contain at most %d element(s)", limit)}}
}

// rawMessage is how free JSON appears in schemas.
var rawMessage = reflect.TypeFor[json.RawMessage]()
