package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"signet/internal/platform/errs"
)

const (
	defaultMaxBody = 256 << 10
	maxDepth       = 32
)

// The errors of reading a body.
var (
	ErrMalformedJSON = errs.New(400, "request.malformed_json")
	ErrTooLarge      = errs.New(413, "request.too_large")
)

// readJSON reads the body as a tree of JSON values. An absent body and a body
// of another type count as an empty object.
func readJSON(r *http.Request) (any, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, bodyError(err)
	}
	if len(bytes.TrimSpace(raw)) == 0 || !isJSON(r.Header.Get("Content-Type")) {
		return map[string]any{}, nil
	}
	return parseJSON(raw)
}

func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return ErrTooLarge
	}
	return ErrMalformedJSON.Wrap(err)
}

func isJSON(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && (mediaType == "application/json" || strings.HasSuffix(mediaType, "+json"))
}

func parseJSON(raw []byte) (any, error) {
	// encoding/json would put replacement characters where the client had sent
	// something else (RFC 8259 section 8.1).
	if !utf8.Valid(raw) {
		return nil, ErrMalformedJSON.Wrap(errors.New("not UTF-8"))
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, ErrMalformedJSON.Wrap(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrMalformedJSON.Wrap(errors.New("more than one value"))
	}
	if err := checkTree(tree, maxDepth); err != nil {
		return nil, err
	}
	return tree, nil
}

// checkTree refuses what nobody could store or send back: values nested deeper
// than left, and numbers beyond those of IEEE 754 (RFC 8259 section 6).
func checkTree(v any, left int) error {
	if left < 0 {
		return Invalid("", fmt.Sprintf("must not be nested deeper than %d levels", maxDepth))
	}
	switch v := v.(type) {
	case json.Number:
		if _, err := v.Float64(); err != nil {
			return Invalid("", "must not have a number beyond 64 bits of floating point")
		}
	case map[string]any:
		for _, child := range v {
			if err := checkTree(child, left-1); err != nil {
				return err
			}
		}
	case []any:
		for _, child := range v {
			if err := checkTree(child, left-1); err != nil {
				return err
			}
		}
	}
	return nil
}
