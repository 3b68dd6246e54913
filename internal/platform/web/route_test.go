package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"signet/internal/platform/errs"
)

type home struct {
	City string `json:"city" check:"max=10"`
	Zip  string `json:"zip,omitempty"`
}

type createIn struct {
	ID      string         `path:"id"`
	Verbose bool           `query:"verbose"`
	StepUp  string         `header:"logto-verification-id"`
	Name    string         `json:"name" check:"min=1,max=8"`
	Kind    string         `json:"kind" check:"enum=a|b"`
	Age     *int           `json:"age" check:"min=0,max=150"`
	Tags    []string       `json:"tags,omitempty" check:"items=2,max=3"`
	Home    *home          `json:"home"`
	Avatar  Opt[string]    `json:"avatar,omitzero" check:"nullable"`
	Nick    Opt[string]    `json:"nick,omitzero"`
	Free    map[string]any `json:"free,omitempty"`
}

type createOut struct {
	ID         string `json:"id"`
	Verbose    bool   `json:"verbose"`
	StepUp     string `json:"stepUp,omitempty"`
	Name       string `json:"name"`
	AvatarSet  bool   `json:"avatarSet"`
	AvatarNull bool   `json:"avatarNull"`
	Free       any    `json:"free,omitempty"`
}

var errTeapot = errs.New(418, "test.teapot")

func echo(_ context.Context, in *createIn) (*createOut, error) {
	if in.Name == "teapot" {
		return nil, errTeapot.With(map[string]string{"spout": "long"})
	}
	if in.Name == "crash" {
		return nil, errors.New("canary-cause")
	}
	return &createOut{
		ID: in.ID, Verbose: in.Verbose, StepUp: in.StepUp, Name: in.Name,
		AvatarSet: in.Avatar.Set, AvatarNull: in.Avatar.Null, Free: in.Free,
	}, nil
}

func serveRoutes(t *testing.T) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	deny := Guard{Name: "deny", Check: func(ctx context.Context, r *http.Request) (context.Context, error) {
		if r.Header.Get("Authorization") == "" {
			return ctx, errs.New(401, "test.denied")
		}
		return ctx, nil
	}}
	Mount(mux, WriteError, Table{Document: "test", Tag: "Things", Routes: []Route{
		Post("/things/{id}", echo, Doc("CreateThing", "Create a thing"), Status(201), Fails(400, 418)),
		Get("/things/{id}", func(_ context.Context, in *struct {
			ID string `path:"id"`
		}) (*createOut, error) {
			return &createOut{ID: in.ID}, nil
		}),
		Delete("/things/{id}", func(context.Context, *struct{}) (*Nothing, error) { return nil, nil }, Guarded(deny)),
	}})
	return Chain(mux, Identify(Proxies{}), Recover, Gzip)
}

func call(h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestTypedRoute_DecodesEverySource(t *testing.T) {
	t.Parallel()
	w := call(serveRoutes(t), "POST", "/things/x1?verbose=true",
		`{"name":"Ada","kind":"a","avatar":null,"unknown":1,"free":{"n":1.5}}`, "logto-verification-id", "v1")
	want := `{"id":"x1","verbose":true,"stepUp":"v1","name":"Ada","avatarSet":true,"avatarNull":true,"free":{"n":1.5}}`
	if w.Code != 201 || w.Body.String() != want {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	if len(w.Header().Get("Logto-Core-Request-Id")) != 16 {
		t.Error("no request id")
	}
}

func TestTypedRoute_RefusesBadInput(t *testing.T) {
	t.Parallel()
	h := serveRoutes(t)
	for name, c := range map[string]struct{ body, code, path string }{
		"absent":            {`{"kind":"a"}`, "invalid_type", "name"},
		"wrong type":        {`{"name":1,"kind":"a"}`, "invalid_type", "name"},
		"null":              {`{"name":null,"kind":"a"}`, "invalid_type", "name"},
		"null not nullable": {`{"name":"A","kind":"a","nick":null}`, "invalid_type", "nick"},
		"too short":         {`{"name":"","kind":"a"}`, "too_small", "name"},
		"too long":          {`{"name":"123456789","kind":"a"}`, "too_big", "name"},
		"enum":              {`{"name":"A","kind":"c"}`, "invalid_enum_value", "kind"},
		"number range":      {`{"name":"A","kind":"a","age":151}`, "too_big", "age"},
		"fraction":          {`{"name":"A","kind":"a","age":1.5}`, "invalid_type", "age"},
		"list length":       {`{"name":"A","kind":"a","tags":["a","b","c"]}`, "too_big", "tags"},
		"list element":      {`{"name":"A","kind":"a","tags":["abcd"]}`, "too_big", "tags.0"},
		"nested":            {`{"name":"A","kind":"a","home":{}}`, "invalid_type", "home.city"},
		"NUL":               {`{"name":"a\u0000","kind":"a"}`, "invalid_string", "name"},
		"array body":        {`[1]`, "invalid_type", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := call(h, "POST", "/things/x1", c.body)
			var got struct {
				Code    string `json:"code"`
				Details string `json:"details"`
				Data    struct {
					Name   string  `json:"name"`
					Issues []Issue `json:"issues"`
				} `json:"data"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(err, w.Body)
			}
			if w.Code != 400 || got.Code != "guard.invalid_input" || got.Data.Name != "ZodError" || len(got.Data.Issues) != 1 {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
			issue := got.Data.Issues[0]
			if issue.Code != c.code || issue.Path.String() != c.path {
				t.Errorf("issue %+v", issue)
			}
			if !strings.Contains(got.Details, `"`+c.path+`"`) {
				t.Errorf("details %q", got.Details)
			}
		})
	}
}

func TestTypedRoute_BodiesThatAreNoJSON(t *testing.T) {
	t.Parallel()
	h := serveRoutes(t)
	for name, body := range map[string]string{
		"broken": `{"name":`, "two values": `{} {}`,
	} {
		w := call(h, "POST", "/things/x1", body)
		if w.Code != 400 || strings.Contains(w.Body.String(), `"code"`) {
			t.Errorf("%s: got %d %s", name, w.Code, w.Body)
		}
	}
	large := call(h, "POST", "/things/x1", `{"name":"`+strings.Repeat("a", defaultMaxBody)+`"}`)
	if large.Code != 413 || !strings.Contains(large.Body.String(), "request.too_large") {
		t.Errorf("large body: %d %s", large.Code, large.Body)
	}
	other := call(h, "POST", "/things/x1", `{"name":"A","kind":"a"}`, "Content-Type", "text/plain")
	if other.Code != 400 {
		t.Errorf("a body that a plain form can send was read as JSON: %d", other.Code)
	}
}

func TestTypedRoute_Errors(t *testing.T) {
	t.Parallel()
	h := serveRoutes(t)
	w := call(h, "POST", "/things/x", `{"name":"teapot","kind":"a"}`)
	if w.Code != 418 || !strings.Contains(w.Body.String(), `"data":{"spout":"long"}`) {
		t.Errorf("declared error: %d %s", w.Code, w.Body)
	}
	w = call(h, "POST", "/things/x", `{"name":"crash","kind":"a"}`)
	if w.Code != 500 || strings.Contains(w.Body.String(), "canary") {
		t.Errorf("the cause reached the client: %d %s", w.Code, w.Body)
	}
	if !strings.Contains(w.Body.String(), w.Header().Get("Logto-Core-Request-Id")) {
		t.Errorf("the answer does not name the log line: %s", w.Body)
	}
	if w = call(h, "DELETE", "/things/x", ""); w.Code != 401 {
		t.Errorf("guard: %d", w.Code)
	}
	if w = call(h, "DELETE", "/things/x", "", "Authorization", "yes"); w.Code != 204 || w.Body.Len() != 0 {
		t.Errorf("nothing: %d %s", w.Code, w.Body)
	}
	if w = call(h, "PATCH", "/things/x", ""); w.Code != 405 || w.Header().Get("Allow") == "" {
		t.Errorf("method: %d", w.Code)
	}
}

func TestETag_AnswersNotModified(t *testing.T) {
	t.Parallel()
	h := serveRoutes(t)
	tag := call(h, "GET", "/things/x", "").Header().Get("ETag")
	if tag == "" {
		t.Fatal("no ETag")
	}
	// What HEAD answers is what GET would (RFC 9110 section 9.3.2).
	if w := call(h, "HEAD", "/things/x", ""); w.Code != 200 || w.Header().Get("ETag") != tag {
		t.Errorf("HEAD: %d %v", w.Code, w.Header())
	}
	if w := call(h, "HEAD", "/things/x", "", "If-None-Match", tag); w.Code != 304 {
		t.Errorf("HEAD of what is known: %d", w.Code)
	}
	for _, header := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
		if w := call(h, "GET", "/things/x", "", "If-None-Match", header); w.Code != 304 || w.Body.Len() != 0 {
			t.Errorf("%s: %d %s", header, w.Code, w.Body)
		}
	}
	if w := call(h, "GET", "/things/y", "", "If-None-Match", tag); w.Code != 200 {
		t.Errorf("another thing: %d", w.Code)
	}
}

func TestOpenAPI_FollowsTheTable(t *testing.T) {
	t.Parallel()
	doc := NewDocument("test", "Test", "1", true, Table{Document: "test", Tag: "Things", Routes: []Route{
		Post("/things/{id}", echo, Doc("CreateThing", "Create a thing"), Status(201), Fails(400)),
	}})
	raw, err := doc.Bytes("https://id.example")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"operationId":"CreateThing"`, `"url":"https://id.example"`, `"in":"path"`, `"name":"logto-verification-id"`,
		`"required":["name","kind"]`, `"enum":["a","b"]`, `"maxLength":8`, `"nullable":true`, `"201"`, `"400"`,
	} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("no %s in %s", want, raw)
		}
	}
}

// Attack 43: X-Forwarded-For cannot dodge limits; attack 42: nor Host.
func TestIdentify_BelievesOnlyTrustedProxies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		proxies   Proxies
		remote    string
		forwarded string
		want      string
	}{
		"no trust":            {Proxies{}, "203.0.113.9:1", "198.51.100.1", "203.0.113.9"},
		"trusted proxy":       {Proxies{Trust: true}, "10.0.0.1:1", "198.51.100.1", "198.51.100.1"},
		"public peer":         {Proxies{Trust: true}, "203.0.113.9:1", "198.51.100.1", "203.0.113.9"},
		"client adds a claim": {Proxies{Trust: true}, "10.0.0.1:1", "1.2.3.4, 198.51.100.1", "198.51.100.1"},
		"chain of proxies":    {Proxies{Trust: true}, "10.0.0.1:1", "198.51.100.1, 10.0.0.2", "198.51.100.1"},
		"nonsense":            {Proxies{Trust: true}, "10.0.0.1:1", "198.51.100.1, boo", "10.0.0.1"},
		"mapped address":      {Proxies{}, "[::ffff:203.0.113.9]:1", "", "203.0.113.9"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest("GET", "http://id.example/", nil)
			r.RemoteAddr = c.remote
			r.Header.Set("X-Forwarded-For", c.forwarded)
			r.Header.Set("X-Forwarded-Host", "evil.example")
			var info *RequestInfo
			var host string
			Identify(c.proxies)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				info, host = Info(r.Context()), Host(r)
			})).ServeHTTP(httptest.NewRecorder(), r)
			if info.IP != c.want {
				t.Errorf("client %s, want %s", info.IP, c.want)
			}
			trusted := c.proxies.Trust && !strings.HasPrefix(c.remote, "203")
			if (host == "evil.example") != trusted {
				t.Errorf("host %s", host)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"name":"A","kind":"a"}`)
	f.Add(`{"name":{"a":[1,2,{"b":null}]}}`)
	f.Add("[\x00]")
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest("POST", "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		in := new(createIn)
		if err := decodeRequest(r, in); err != nil {
			if _, declared := errs.As(err); !declared {
				t.Fatalf("undeclared error: %v", err)
			}
		}
	})
}
