package web

import (
	"encoding/json"
	"reflect"
	"strings"
)

// exampleOf makes an example of a type for the published document: what the tag
// `example` of a field says, else a value that the field's name suggests.
func exampleOf(t reflect.Type, f field) any {
	if v, ok := reflect.New(t).Interface().(Variants); ok {
		return exampleOf(reflect.TypeOf(v.SchemaVariants()[0]), f)
	}
	if opt, ok := reflect.New(t).Interface().(optional); ok {
		inner, _ := opt.optionalTarget()
		return exampleOf(reflect.TypeOf(inner).Elem(), f)
	}
	if f.example != "" {
		return parseExample(t, f.example)
	}
	switch {
	case t == rawMessage || t.Kind() == reflect.Interface:
		return map[string]any{}
	case t.Kind() == reflect.Pointer:
		return exampleOf(t.Elem(), f)
	}
	switch t.Kind() {
	case reflect.String:
		return exampleText(f)
	case reflect.Bool:
		return strings.HasPrefix(f.name, "enabled")
	case reflect.Int, reflect.Int64, reflect.Uint32, reflect.Float64:
		return exampleNumber(f)
	case reflect.Slice:
		element := f
		element.name = strings.TrimSuffix(f.name, "s")
		return []any{exampleOf(t.Elem(), element)}
	case reflect.Struct:
		return exampleObject(t)
	default:
		return map[string]any{}
	}
}

func exampleObject(t reflect.Type) map[string]any {
	object := map[string]any{}
	for _, f := range shapeOf(t).properties {
		object[f.name] = exampleOf(f.typ, f)
	}
	return object
}

func parseExample(t reflect.Type, text string) any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var value any
	if t.Kind() == reflect.String || json.Unmarshal([]byte(text), &value) != nil {
		return text
	}
	return value
}

// exampleWords suggests a text for a property of that name.
var exampleWords = map[string]string{
	"tenantId": "default", "username": "robin", "primaryEmail": "robin@example.com", "email": "robin@example.com",
	"primaryPhone": "4915112345678", "avatar": "https://example.com/robin.png", "description": "What it is for",
	"name": "Example", "indicator": "https://api.example.com", "password": "Blue-Harbour-42",
	"emailDomain": "example.com", "locale": "en", "customCss": ".signet { }",
}

func exampleText(f field) string {
	lower := strings.ToLower(f.name)
	switch word := exampleWords[f.name]; {
	case len(f.rules.enum) > 0:
		return f.rules.enum[0]
	case word != "":
		return word
	case f.name == "id" || strings.HasSuffix(f.name, "Id"):
		return "k3v9x2m8q1z7r5t0w4y6b"
	case strings.HasSuffix(lower, "url") || strings.HasSuffix(lower, "uri") || f.rules.pattern == patterns["url"]:
		return "https://example.com"
	}
	return "example"
}

func exampleNumber(f field) int64 {
	switch {
	case strings.HasSuffix(f.name, "At"):
		return 1_790_000_000_000
	case f.rules.min != nil:
		return int64(*f.rules.min)
	}
	return 1
}
