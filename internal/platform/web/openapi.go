package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"sort"
	"strings"
)

// Document is an OpenAPI 3.0 document made from route tables.
type Document struct {
	body map[string]any
}

// NewDocument describes every documented route of tables whose Document is
// name. Guarded operations name the scheme "bearer" when secured is true.
func NewDocument(name, title, version string, secured bool, tables ...Table) *Document {
	paths := map[string]any{}
	tags := map[string]bool{}
	for _, table := range tables {
		if table.Document != name {
			continue
		}
		for _, rt := range table.Routes {
			if rt.OperationID == "" {
				continue
			}
			tags[table.Tag] = true
			path := openAPIPath(rt.Pattern)
			item, _ := paths[path].(map[string]any)
			if item == nil {
				item = map[string]any{}
				paths[path] = item
			}
			item[strings.ToLower(rt.Method)] = rt.operation(table.Tag, secured)
		}
	}
	body := map[string]any{
		"openapi": "3.0.1",
		"info":    map[string]any{"title": title, "version": version},
		"tags":    tagList(tags),
		"paths":   paths,
	}
	if secured {
		body["components"] = map[string]any{"securitySchemes": map[string]any{
			"bearer": map[string]any{"type": "http", "scheme": "bearer"},
		}}
	}
	return &Document{body: body}
}

// Bytes encodes the document for clients that reach the API at server, an
// origin with an optional path.
func (d *Document) Bytes(server string) ([]byte, error) {
	body := map[string]any{"servers": []any{map[string]any{"url": server}}}
	for key, value := range d.body {
		body[key] = value
	}
	return json.Marshal(body)
}

var pathParameter = regexp.MustCompile(`\{(\w+)(\.\.\.)?\}`)

func openAPIPath(pattern string) string {
	return strings.TrimSuffix(pathParameter.ReplaceAllString(pattern, "{$1}"), "{$}")
}

func tagList(tags map[string]bool) []any {
	names := make([]string, 0, len(tags))
	for name := range tags {
		names = append(names, name)
	}
	sort.Strings(names)
	list := make([]any, len(names))
	for i, name := range names {
		list[i] = map[string]any{"name": name}
	}
	return list
}

func (rt *Route) operation(tag string, secured bool) map[string]any {
	op := map[string]any{
		"operationId": rt.OperationID,
		"summary":     rt.Summary,
		"tags":        []any{tag},
		"responses":   rt.responses(),
		"parameters":  rt.parameters(),
		"security":    []any{},
	}
	if rt.Description != "" {
		op["description"] = rt.Description
	}
	if secured && len(rt.Guards) > 0 {
		op["security"] = []any{map[string]any{"bearer": []any{}}}
	}
	shape := rt.shape()
	if shape.file != nil {
		op["requestBody"] = map[string]any{"required": true, "content": fileContent(shape.file.name)}
	}
	if shape.hasBody() {
		body := rt.in
		if shape.body != nil {
			body = shape.body.typ
		}
		op["requestBody"] = map[string]any{"required": true, "content": jsonContent(body)}
	}
	return op
}

func (rt *Route) responses() map[string]any {
	responses := map[string]any{}
	success := map[string]any{"description": http.StatusText(rt.Status)}
	switch rt.out {
	case reflect.TypeFor[Nothing]():
	case nil:
		success["content"] = map[string]any{"application/json": map[string]any{"schema": map[string]any{"type": "object"}}}
	default:
		success["content"] = jsonContent(rt.out)
	}
	if rt.paging != unpaged {
		success["headers"] = pageHeaders
	}
	for _, status := range append([]int{rt.Status}, rt.Also...) {
		responses[fmt.Sprint(status)] = success
	}
	for _, status := range rt.Fails {
		responses[fmt.Sprint(status)] = map[string]any{"description": http.StatusText(status)}
	}
	return responses
}

// shape is what the operation takes; a Raw route says nothing of it.
func (rt *Route) shape() *shape {
	if rt.in == nil {
		return &shape{}
	}
	return shapeOf(rt.in)
}

func (rt *Route) parameters() []any {
	params := []any{}
	for _, f := range rt.shape().params {
		params = append(params, map[string]any{
			"name": f.name, "in": f.source, "required": f.required, "schema": schemaOf(f.typ, f.rules),
		})
	}
	if rt.paging != unpaged {
		params = append(params, pageParameters...)
	}
	if rt.search {
		params = append(params, searchParameter)
	}
	return params
}

// searchParameter describes what Searched adds to an operation.
var searchParameter = map[string]any{
	"name": "search_params", "in": "query", "required": false, "style": "form", "explode": true,
	"description": "search, search.{field}, mode, mode.{field}, joint and isCaseSensitive; like patterns bring their own %.",
	"schema":      map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string"}},
}

// pageParameters and pageHeaders describe what Paged adds to an operation.
var (
	pageParameters = []any{
		map[string]any{"name": "page", "in": "query", "required": false, "description": "The page, from 1.",
			"schema": map[string]any{"type": "integer", "minimum": 1, "default": 1}},
		map[string]any{"name": "page_size", "in": "query", "required": false, "description": "Entries on a page.",
			"schema": map[string]any{"type": "integer", "minimum": 1, "maximum": maxPageSize, "default": defaultPageSize}},
	}
	pageHeaders = map[string]any{
		"Total-Number": map[string]any{"description": "Entries on all pages.", "schema": map[string]any{"type": "integer"}},
		"Link":         map[string]any{"description": "The other pages (RFC 8288).", "schema": map[string]any{"type": "string"}},
	}
)

func jsonContent(t reflect.Type) map[string]any {
	return map[string]any{"application/json": map[string]any{
		"schema": schemaOf(t, rules{}), "example": exampleOf(t, field{}),
	}}
}

func fileContent(name string) map[string]any {
	return map[string]any{"multipart/form-data": map[string]any{"schema": map[string]any{
		"type": "object", "required": []string{name},
		"properties": map[string]any{name: map[string]any{
			"type": "string", "format": "binary", "description": fmt.Sprintf("The file, at most %d MiB.", MaxFile>>20),
		}},
	}}}
}

// Variants is implemented by a polymorphic body: it returns a value of each
// type that the body may have, for the published schema.
type Variants interface{ SchemaVariants() []any }

// schemaOf describes a Go type as an OpenAPI 3.0 schema.
func schemaOf(t reflect.Type, r rules) map[string]any {
	if v, ok := reflect.New(t).Interface().(Variants); ok {
		options := []any{}
		for _, variant := range v.SchemaVariants() {
			options = append(options, schemaOf(reflect.TypeOf(variant), rules{}))
		}
		return map[string]any{"oneOf": options}
	}
	if opt, ok := reflect.New(t).Interface().(optional); ok {
		inner, _ := opt.optionalTarget()
		return schemaOf(reflect.TypeOf(inner).Elem(), r)
	}
	schema := map[string]any{}
	if r.nullable {
		schema["nullable"] = true
	}
	switch {
	case t == rawMessage || t.Kind() == reflect.Interface:
		return schema
	case t.Kind() == reflect.Pointer:
		inner := schemaOf(t.Elem(), r)
		return inner
	}
	return describeKind(schema, t, r)
}

func describeKind(schema map[string]any, t reflect.Type, r rules) map[string]any {
	switch t.Kind() {
	case reflect.String:
		schema["type"] = "string"
		setIf(schema, "minLength", r.min)
		setIf(schema, "maxLength", r.max)
		if r.enum != nil {
			schema["enum"] = r.enum
		}
		if r.pattern != nil {
			schema["pattern"] = r.pattern.String()
		}
	case reflect.Bool:
		schema["type"] = "boolean"
	case reflect.Int, reflect.Int64, reflect.Uint32, reflect.Float64:
		schema["type"] = "number"
		setIf(schema, "minimum", r.min)
		setIf(schema, "maximum", r.max)
	case reflect.Slice:
		schema["type"] = "array"
		schema["items"] = schemaOf(t.Elem(), r.forElements())
		if r.some {
			schema["minItems"] = 1
		}
	case reflect.Map:
		schema["type"] = "object"
		schema["additionalProperties"] = schemaOf(t.Elem(), rules{})
	case reflect.Struct:
		describeStruct(schema, t)
	}
	return schema
}

func describeStruct(schema map[string]any, t reflect.Type) {
	schema["type"] = "object"
	properties := map[string]any{}
	required := []string{}
	for _, f := range shapeOf(t).properties {
		properties[f.name] = schemaOf(f.typ, f.rules)
		if f.required {
			required = append(required, f.name)
		}
	}
	schema["properties"] = properties
	if len(required) > 0 {
		schema["required"] = required
	}
}

func setIf(schema map[string]any, key string, n *int) {
	if n != nil {
		schema[key] = *n
	}
}
