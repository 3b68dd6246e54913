package proto_test

import (
	"errors"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"signet/internal/oidc/proto"
	"signet/internal/platform/errs"
)

const formType = "application/x-www-form-urlencoded"

func body(contentType, text string) (proto.Params, error) {
	r := httptest.NewRequest("POST", "/oidc/token", strings.NewReader(text))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return proto.ReadBody(httptest.NewRecorder(), r)
}

func detail(t *testing.T, err error) string {
	t.Helper()
	e, ok := errs.As(err)
	if !ok || e.Code != "oidc.invalid_request" {
		t.Fatalf("want invalid_request, got %v", err)
	}
	return e.Detail
}

func TestReadBody(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		contentType, text string
		want              proto.Params
	}{
		"form":                      {formType, "grant_type=refresh_token&scope=a+b%20c", proto.Params{"grant_type": {"refresh_token"}, "scope": {"a b c"}}},
		"form with charset":         {formType + "; charset=utf-8", "a=%C3%A9", proto.Params{"a": {"é"}}},
		"form in another charset":   {formType + "; charset=iso-8859-1", "a=\xe9", proto.Params{"a": {"é"}}},
		"repeated resource":         {formType, "resource=https://a&resource=https://b", proto.Params{"resource": {"https://a", "https://b"}}},
		"resource keeps its comma":  {formType, "resource=https://a,b", proto.Params{"resource": {"https://a,b"}}},
		"empty value is absent":     {formType, "a=&b=1&a=", proto.Params{"b": {"1"}}},
		"name without value":        {formType, "a&b=1", proto.Params{"b": {"1"}}},
		"empty form":                {formType, "", proto.Params{}},
		"nothing at all":            {"", "", proto.Params{}},
		"JSON":                      {"application/json", `{"a":"x","n":12,"big":12345678901234567890,"t":true,"f":false,"z":null}`, proto.Params{"a": {"x"}, "n": {"12"}, "big": {"12345678901234567890"}, "t": {"true"}, "f": {"false"}}},
		"JSON with charset":         {"application/json; charset=UTF-8", `{"a":"é"}`, proto.Params{"a": {"é"}}},
		"JSON array of resources":   {"application/json", `{"resource":["https://a","https://b"]}`, proto.Params{"resource": {"https://a", "https://b"}}},
		"malformed JSON is nothing": {"application/json", `{"a":`, proto.Params{}},
		"JSON that is no object":    {"application/json", `["a"]`, proto.Params{}},
		"two JSON values":           {"application/json", `{"a":"1"} {"a":"2"}`, proto.Params{}},
		"deep JSON is nothing":      {"application/json", strings.Repeat("[", 20000), proto.Params{}},
	} {
		got, err := body(tc.contentType, tc.text)
		if err != nil || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

// Attack 7: duplicate parameters, NUL, bad UTF-8 and nesting are refused.
func TestReadBody_Refuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ contentType, text, detail string }{
		"repeated parameter":      {formType, "a=1&a=1", "'a' parameter must not be provided twice"},
		"repeated in JSON":        {"application/json", `{"a":["1","2"]}`, "'a' parameter must not be provided twice"},
		"a member of JSON twice":  {"application/json", `{"client_id":"mine","client_id":"yours"}`, "'client_id' parameter must not be provided twice"},
		"a member written twice":  {"application/json", `{"client_id":"mine","client\u005fid":"yours"}`, "'client_id' parameter must not be provided twice"},
		"a resource twice":        {"application/json", `{"resource":"a","resource":"b"}`, "'resource' parameter must not be provided twice"},
		"bad UTF-8 in JSON":       {"application/json", "{\"a\":\"\xff\"}", "parameters must be valid UTF-8"},
		"NUL":                     {formType, "a=%00", "parameters must not contain NUL"},
		"NUL in a name":           {formType, "a%00=1", "parameters must not contain NUL"},
		"NUL in JSON":             {"application/json", `{"a":"\u0000"}`, "parameters must not contain NUL"},
		"bad UTF-8":               {formType, "a=%ff", "parameters must be valid UTF-8"},
		"bad escape":              {formType, "a=%zz", "malformed parameter encoding"},
		"bad escape in a name":    {formType, "%zz=1", "malformed parameter encoding"},
		"object in JSON":          {"application/json", `{"a":{"b":1}}`, "'a' parameter must be a string"},
		"nested array":            {"application/json", `{"a":[["b"]]}`, "'a' parameter must be a string"},
		"unknown charset":         {formType + "; charset=klingon", "a=1", "unsupported charset"},
		"other type":              {"text/plain", "a=1", "only application/x-www-form-urlencoded content-type bodies are supported on POST /token"},
		"multipart":               {"multipart/form-data; boundary=x", "a=1", "only application/x-www-form-urlencoded content-type bodies are supported on POST /token"},
		"no type":                 {"", "a=1", "only application/x-www-form-urlencoded content-type bodies are supported on POST /token"},
		"too many":                {formType, manyParameters(300), "too many parameters"},
		"too many resources":      {formType, strings.Repeat("resource=x&", 300), "too many parameters"},
		"more than 56 KB":         {formType, "a=" + strings.Repeat("x", 56<<10), "request entity too large"},
		"more than 56 KB of JSON": {"application/json", `{"a":"` + strings.Repeat("x", 56<<10) + `"}`, "request entity too large"},
	} {
		params, err := body(tc.contentType, tc.text)
		if got := detail(t, err); got != tc.detail || params != nil {
			t.Errorf("%s: got %q, %v", name, got, params)
		}
	}
}

func manyParameters(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("p" + strings.Repeat("x", i) + "=1&")
	}
	return b.String()
}

func TestReadQuery(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("GET", "/oidc/auth?resource=https://a,https://b&resource=https://c&state=x,y", nil)
	got, err := proto.Read(nil, r)
	want := proto.Params{"resource": {"https://a", "https://b", "https://c"}, "state": {"x,y"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	r = httptest.NewRequest("GET", "/oidc/auth?state=x&state=y", nil)
	if _, err := proto.Read(nil, r); !errors.Is(err, proto.ErrInvalidRequest) {
		t.Errorf("repeated state: %v", err)
	}
}

func TestParams_Require(t *testing.T) {
	t.Parallel()
	params := proto.Params{"code": {"abc"}}
	if got, err := params.Require("code"); got != "abc" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	_, err := params.Require("grant_type")
	if got := detail(t, err); got != "missing required parameter 'grant_type'" {
		t.Errorf("got %q", got)
	}
}

// Whatever a body says, reading it ends in parameters that keep their promises
// or in a 4xx.
func FuzzReadBody(f *testing.F) {
	f.Add(formType, "a=1&b=2&resource=x&resource=y")
	f.Add("application/json", `{"a":"b","resource":["x","y"]}`)
	f.Add(formType+"; charset=utf-16le", "a\x00=\x001\x00")
	f.Fuzz(func(t *testing.T, contentType, text string) {
		params, err := body(contentType, text)
		if err != nil {
			if e, ok := errs.As(err); !ok || e.Status < 400 || e.Status >= 500 {
				t.Fatalf("not a 4xx: %v", err)
			}
			return
		}
		for name, values := range params {
			if len(values) != 1 && name != proto.Resource || len(values) == 0 {
				t.Fatalf("%q has %d values", name, len(values))
			}
			for _, value := range values {
				if value == "" || strings.ContainsRune(value, 0) || strings.ToValidUTF8(value, "") != value {
					t.Fatalf("%q is %q", name, value)
				}
			}
		}
	})
}
