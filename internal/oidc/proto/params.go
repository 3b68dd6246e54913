package proto

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
)

// MaxBody is the most bytes that the body of a protocol request may have.
const MaxBody = 56 << 10

// maxParameters bounds how many parameters one request may carry.
const maxParameters = 256

// Resource is the one parameter that a request may repeat (RFC 8707 section 2).
const Resource = "resource"

// Params are the parameters of a protocol request. Every parameter but Resource
// has exactly one value, and no value is empty: RFC 6749 section 3.1 treats a
// parameter without a value as omitted. It is JSON of the form {"name": ["v"]}.
type Params map[string][]string

// Get returns the value of a parameter, "" if it is absent.
func (p Params) Get(name string) string {
	if values := p[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Has reports whether the request carries the parameter.
func (p Params) Has(name string) bool { return len(p[name]) > 0 }

// All returns every value of a parameter.
func (p Params) All(name string) []string { return p[name] }

// Require returns the value of a parameter, or invalid_request if it is absent.
func (p Params) Require(name string) (string, error) {
	if value := p.Get(name); value != "" {
		return value, nil
	}
	return "", MissingParameter(name)
}

// Read returns the parameters of a request: the query of a GET, the body of a
// POST. Every refusal is an invalid_request.
func Read(w http.ResponseWriter, r *http.Request) (Params, error) {
	if r.Method == http.MethodPost {
		return ReadBody(w, r)
	}
	return ReadQuery(r)
}

// ReadQuery returns the parameters of the query. A comma separates several
// resources, a form that some clients send.
func ReadQuery(r *http.Request) (Params, error) {
	params, err := parseForm(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	if values := params[Resource]; len(values) > 0 {
		var split []string
		for _, value := range values {
			for part := range strings.SplitSeq(value, ",") {
				if part != "" {
					split = append(split, part)
				}
			}
		}
		params[Resource] = split
	}
	return params, nil
}

// ReadBody returns the parameters of a form or JSON body of at most MaxBody
// bytes. JSON that does not parse counts as no parameters.
func ReadBody(w http.ResponseWriter, r *http.Request) (Params, error) {
	kind, attributes, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	isJSON := kind == "application/json"
	if r.Header.Get("Content-Type") == "" && r.ContentLength == 0 {
		return Params{}, nil
	}
	if err != nil || (!isJSON && kind != "application/x-www-form-urlencoded") {
		return nil, ErrInvalidRequest.Describe(
			"only application/x-www-form-urlencoded content-type bodies are supported on %s %s", r.Method, routeOf(r))
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			return nil, ErrRequestTooLarge
		}
		return nil, ErrInvalidRequest.Describe("failed to parse the request body").Wrap(err)
	}
	text, err := decodeCharset(raw, attributes["charset"])
	if err != nil {
		return nil, err
	}
	if isJSON {
		return parseJSON(text)
	}
	return parseForm(text)
}

// routeOf is the path below the issuer, as error texts name it.
func routeOf(r *http.Request) string {
	if _, route, ok := strings.Cut(r.URL.Path, PathIssuer+"/"); ok {
		return "/" + route
	}
	return r.URL.Path
}

func decodeCharset(raw []byte, charset string) (string, error) {
	if charset == "" || strings.EqualFold(charset, "utf-8") {
		return string(raw), nil
	}
	encoding, err := htmlindex.Get(charset)
	if err != nil {
		return "", ErrInvalidRequest.Describe("unsupported charset").Wrap(err)
	}
	text, err := encoding.NewDecoder().Bytes(raw)
	if err != nil {
		return "", ErrInvalidRequest.Describe("failed to parse the request body").Wrap(err)
	}
	return string(text), nil
}

func parseForm(text string) (Params, error) {
	params := Params{}
	for pair := range strings.SplitSeq(text, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, ErrInvalidRequest.Describe("malformed parameter encoding").Wrap(err)
		}
		value, err = url.QueryUnescape(value)
		if err != nil {
			return nil, ErrInvalidRequest.Describe("malformed parameter encoding").Wrap(err)
		}
		if err := params.add(name, value); err != nil {
			return nil, err
		}
	}
	return params, nil
}

var errNotUTF8 = ErrInvalidRequest.Describe("parameters must be valid UTF-8")

// parseJSON reads a JSON body. One that does not parse has no parameters.
func parseJSON(text string) (Params, error) {
	if !utf8.ValidString(text) {
		return nil, errNotUTF8 // or decoding would alter it
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil || decoder.More() {
		return Params{}, nil //nolint:nilerr // malformed JSON is a request without parameters
	}
	if name, is := repeated(text); is {
		return nil, repeatedParameter(name)
	}
	return FromObject(object)
}

// repeated returns a member that a JSON object, which has been decoded before, has
// twice: of those, decoding keeps the last one, and others read the first.
func repeated(text string) (name string, is bool) {
	decoder := json.NewDecoder(strings.NewReader(text))
	_, _ = decoder.Token() // the brace
	seen := map[string]bool{}
	for decoder.More() {
		key, err := decoder.Token()
		var value json.RawMessage
		if err != nil || decoder.Decode(&value) != nil {
			return "", false
		}
		name, _ := key.(string)
		if seen[name] {
			return name, true
		}
		seen[name] = true
	}
	return "", false
}

func repeatedParameter(name string) error {
	return ErrInvalidRequest.Describe("'%s' parameter must not be provided twice", clip(name))
}

// FromObject returns the parameters of a JSON object of scalars, whose numbers are
// json.Number; an array is a repeated parameter.
func FromObject(object map[string]any) (Params, error) {
	params := Params{}
	for name, value := range object {
		values, isArray := value.([]any)
		if !isArray {
			values = []any{value}
		}
		for _, each := range values {
			text, err := scalar(name, each)
			if err != nil {
				return nil, err
			}
			if err := params.add(name, text); err != nil {
				return nil, err
			}
		}
	}
	return params, nil
}

func scalar(name string, value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		if v {
			return "true", nil
		}
		return "false", nil
	}
	return "", ErrInvalidRequest.Describe("'%s' parameter must be a string", clip(name))
}

// add appends one value and refuses what no request may carry.
func (p Params) add(name, value string) error {
	if strings.ContainsRune(name, 0) || strings.ContainsRune(value, 0) {
		return ErrInvalidRequest.Describe("parameters must not contain NUL")
	}
	if !utf8.ValidString(name) || !utf8.ValidString(value) {
		return errNotUTF8
	}
	if value == "" {
		return nil
	}
	if p.Has(name) && name != Resource {
		return repeatedParameter(name)
	}
	if len(p) >= maxParameters || len(p[Resource]) >= maxParameters {
		return ErrInvalidRequest.Describe("too many parameters")
	}
	p[name] = append(p[name], value)
	return nil
}

// clip shortens text that a client sent before it is repeated in an answer.
func clip(text string) string {
	const limit = 100
	if len(text) <= limit {
		return text
	}
	end := limit
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
