package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"signet/internal/platform/db"
)

// Opt is a property that tells absent, null and given apart: a field of a PATCH.
type Opt[T any] struct {
	// Set is true if the property was in the body, even as null.
	Set bool
	// Null is true if it was null; only a field checked "nullable" may be.
	Null  bool
	Value T
}

// Ptr returns the value, nil if it was null or absent.
func (o Opt[T]) Ptr() *T {
	if !o.Set || o.Null {
		return nil
	}
	return &o.Value
}

// OfTenant is embedded by bodies that may name their tenant. A request acts
// within the tenant of its address, whatever its body says.
type OfTenant struct {
	TenantID *string `json:"tenantId" check:"max=21"`
}

// Text returns an optional text as it is stored in a plain column: an empty one
// is null.
func Text(text *string) *string {
	if text == nil || *text == "" {
		return nil
	}
	return text
}

// Column adds a property of a PATCH to the columns that change, if it was given.
// An empty text is stored as null, as everywhere in a plain column.
func Column[T any](c *db.Changes, column string, o Opt[T]) {
	if !o.Set {
		return
	}
	if text, ok := any(o.Value).(string); o.Null || ok && text == "" {
		c.Set(column, nil)
		return
	}
	c.Set(column, o.Value)
}

type optional interface {
	optionalTarget() (value any, set func(null bool))
}

func (o *Opt[T]) optionalTarget() (any, func(bool)) {
	return &o.Value, func(null bool) { o.Set, o.Null = true, null }
}

// decodeRequest fills in from path, query, header and body of r.
func decodeRequest(r *http.Request, in any) error {
	target := reflect.ValueOf(in).Elem()
	shape := shapeOf(target.Type())
	var issues Issues
	for _, f := range shape.params {
		issues = append(issues, decodeParam(r, target.FieldByIndex(f.index), f)...)
	}
	if shape.file != nil {
		return decodeFile(r, target.FieldByIndex(shape.file.index), *shape.file, issues)
	}
	if shape.hasBody() {
		tree, err := readJSON(r)
		if err != nil {
			return err
		}
		if shape.body != nil {
			issues = append(issues, decodeValue(target.FieldByIndex(shape.body.index), tree, *shape.body, nil)...)
		} else {
			issues = append(issues, decodeObject(target, shape, tree, nil)...)
		}
	}
	return issues.Err()
}

// decodeFile begins to read the file, once nothing else speaks against the
// request.
func decodeFile(r *http.Request, target reflect.Value, f field, issues Issues) error {
	if len(issues) > 0 {
		return issues.Err()
	}
	_, file, err := ReadFile(r, f.name)
	if err != nil {
		return err
	}
	target.Set(reflect.ValueOf(file))
	return nil
}

func decodeParam(r *http.Request, target reflect.Value, f field) Issues {
	path := Path{f.name}
	var values []string
	switch f.source {
	case "path":
		values = []string{r.PathValue(f.name)}
	case "query":
		values = r.URL.Query()[f.name]
	case "header":
		if v := r.Header.Get(f.name); v != "" {
			values = []string{v}
		}
	}
	if target.Kind() == reflect.Slice {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		return decodeValue(target, list, f, path)
	}
	if len(values) == 0 {
		if f.required {
			return Issues{wrongType(path, typeName(target.Type()), "undefined")}
		}
		return nil
	}
	if len(values) > 1 {
		return Issues{wrongType(path, typeName(target.Type()), "array")}
	}
	return decodeValue(target, paramValue(target.Type(), values[0]), f, path)
}

// paramValue turns the text of a parameter into the JSON value that its field
// expects, or leaves it a string for the type check to refuse.
func paramValue(t reflect.Type, text string) any {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Bool:
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	case reflect.Int, reflect.Int64:
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			return json.Number(text)
		}
	}
	return text
}

func decodeObject(target reflect.Value, shape *shape, tree any, path Path) Issues {
	object, ok := tree.(map[string]any)
	if !ok {
		return Issues{wrongType(path, "object", jsonType(tree))}
	}
	var issues Issues
	for _, f := range shape.properties {
		at := path.to(f.name)
		value, present := object[f.name]
		if !present {
			if f.required {
				issues = append(issues, wrongType(at, typeName(f.typ), "undefined"))
			}
			continue
		}
		issues = append(issues, decodeValue(target.FieldByIndex(f.index), value, f, at)...)
	}
	return issues
}

// decodeValue stores a JSON value in target and checks the rules of its field.
func decodeValue(target reflect.Value, value any, f field, path Path) Issues {
	if opt, ok := target.Addr().Interface().(optional); ok {
		inner, set := opt.optionalTarget()
		if value == nil {
			if !f.rules.nullable {
				return Issues{wrongType(path, typeName(reflect.TypeOf(inner).Elem()), "null")}
			}
			set(true)
			return nil
		}
		set(false)
		return decodeValue(reflect.ValueOf(inner).Elem(), value, f, path)
	}
	if custom, ok := target.Addr().Interface().(json.Unmarshaler); ok {
		return decodeCustom(custom, value, path)
	}
	switch target.Kind() {
	case reflect.Pointer:
		if value == nil && f.rules.nullable {
			return nil
		}
		target.Set(reflect.New(target.Type().Elem()))
		return decodeValue(target.Elem(), value, f, path)
	case reflect.String:
		text, ok := value.(string)
		if !ok {
			return Issues{wrongType(path, "string", jsonType(value))}
		}
		target.SetString(text)
		return f.rules.checkString(text, path)
	case reflect.Bool:
		b, ok := value.(bool)
		if !ok {
			return Issues{wrongType(path, "boolean", jsonType(value))}
		}
		target.SetBool(b)
	case reflect.Int, reflect.Int64:
		return decodeInt(target, value, f, path)
	case reflect.Slice:
		return decodeSlice(target, value, f, path)
	case reflect.Map:
		return decodeMap(target, value, path)
	case reflect.Struct:
		return decodeObject(target, shapeOf(target.Type()), value, path)
	case reflect.Interface:
		if value != nil {
			target.Set(reflect.ValueOf(plain(value)))
		}
	default:
		panic(fmt.Sprintf("web: a request cannot hold a %s", target.Type()))
	}
	return nil
}

func decodeInt(target reflect.Value, value any, f field, path Path) Issues {
	number, ok := value.(json.Number)
	if !ok {
		return Issues{wrongType(path, "number", jsonType(value))}
	}
	n, err := number.Int64()
	if err != nil {
		return Issues{wrongType(path, "integer", "float")}
	}
	target.SetInt(n)
	return f.rules.checkInt(n, path)
}

func decodeSlice(target reflect.Value, value any, f field, path Path) Issues {
	list, ok := value.([]any)
	if !ok {
		return Issues{wrongType(path, "array", jsonType(value))}
	}
	if issues := f.rules.checkLength(len(list), path); issues != nil {
		return issues
	}
	items := reflect.MakeSlice(target.Type(), len(list), len(list))
	element := f
	element.rules = f.rules.forElements()
	var issues Issues
	for i, item := range list {
		at := path.to(i)
		issues = append(issues, decodeValue(items.Index(i), item, element, at)...)
	}
	target.Set(items)
	return issues
}

func decodeMap(target reflect.Value, value any, path Path) Issues {
	object, ok := value.(map[string]any)
	if !ok {
		return Issues{wrongType(path, "object", jsonType(value))}
	}
	out := reflect.MakeMapWithSize(target.Type(), len(object))
	var issues Issues
	for key, child := range object {
		at := path.to(key)
		element := reflect.New(target.Type().Elem()).Elem()
		issues = append(issues, decodeValue(element, child, field{rules: defaultRules}, at)...)
		out.SetMapIndex(reflect.ValueOf(key).Convert(target.Type().Key()), element)
	}
	target.Set(out)
	return issues
}

func decodeCustom(target json.Unmarshaler, value any, path Path) Issues {
	raw, err := json.Marshal(value)
	if err != nil {
		return Issues{wrongType(path, "object", jsonType(value))}
	}
	err = target.UnmarshalJSON(raw)
	var issues Issues
	switch {
	case err == nil:
		return nil
	case errors.As(err, &issues):
		for i := range issues {
			issues[i].Path = append(slices.Clip(path), issues[i].Path...)
		}
		return issues
	default:
		return Issues{{Code: "custom", Path: path, Message: "Invalid input"}}
	}
}

// Decode reads one JSON value into target under the rules of its field tags,
// for the UnmarshalJSON of polymorphic bodies. It returns Issues.
func Decode(raw []byte, target any) error {
	tree, err := parseJSON(raw)
	if err != nil {
		return err
	}
	v := reflect.ValueOf(target).Elem()
	if issues := decodeObject(v, shapeOf(v.Type()), tree, nil); len(issues) > 0 {
		return issues
	}
	return nil
}

// plain replaces json.Number by float64 so that free-form values look as
// encoding/json would have decoded them.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		f, _ := v.Float64() // parseJSON refused what is too large
		return f
	case map[string]any:
		for key, child := range v {
			v[key] = plain(child)
		}
	case []any:
		for i, child := range v {
			v[i] = plain(child)
		}
	}
	return v
}

func jsonType(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case json.Number, float64:
		return "number"
	case []any:
		return "array"
	default:
		return "object"
	}
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64, reflect.Float64:
		return "number"
	case reflect.Slice:
		return "array"
	default:
		return "object"
	}
}
