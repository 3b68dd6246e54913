package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
)

// Paths are as other servers of this API write them: a list even where it is
// empty, with numbers for places in lists.
func TestIssues_Paths(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	Mount(mux, WriteError, Table{Document: "test", Tag: "Things", Routes: []Route{
		Post("/things/{id}", echo),
		Post("/free", func(context.Context, *struct {
			Data map[string]any `body:""`
		}) (*Nothing, error) {
			return nil, nil
		}),
		Post("/homes", func(context.Context, *struct {
			Homes []home `json:"homes"`
		}) (*Nothing, error) {
			return nil, Invalid("homes.1.city", "is elsewhere")
		}),
	}})
	for _, c := range []struct{ route, body, path, details string }{
		{"/free", `[1]`, `[]`, `""`},
		{"/things/x", `[1]`, `[]`, `""`},
		{"/things/x", `{"name":"A","kind":"a","tags":["a","abcd"]}`, `["tags",1]`, `"tags.1"`},
		{"/homes", `{"homes":[{"city":"A"},{}]}`, `["homes",1,"city"]`, `"homes.1.city"`},
		{"/homes", `{"homes":[{"city":"A"},{"city":"B"}]}`, `["homes",1,"city"]`, `"homes.1.city"`},
	} {
		w := call(Chain(mux, Identify(Proxies{})), "POST", c.route, c.body)
		details := strings.ReplaceAll(w.Body.String(), `\"`, `"`)
		if w.Code != 400 || !strings.Contains(w.Body.String(), `"path":`+c.path+`,`) || !strings.Contains(details, "key path "+c.details) {
			t.Errorf("%s %s: %d %s", c.route, c.body, w.Code, w.Body)
		}
	}
}

// A body that is nested too deep is well-formed; it says what is wrong with it.
func TestBody_NestedTooDeep(t *testing.T) {
	t.Parallel()
	h := serveRoutes(t)
	nested := func(levels int) string {
		return `{"name":"A","kind":"a","free":` + strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels) + "}"
	}
	if w := call(h, "POST", "/things/x1", nested(maxDepth-1)); w.Code != 201 {
		t.Errorf("at the limit: %d %s", w.Code, w.Body)
	}
	w := call(h, "POST", "/things/x1", nested(maxDepth))
	if w.Code != 400 || !strings.Contains(w.Body.String(), "guard.invalid_input") || !strings.Contains(w.Body.String(), "nested deeper than 32 levels") {
		t.Errorf("beyond it: %d %s", w.Code, w.Body)
	}
}

// JSON has numbers of any size, databases and other programs have not.
func TestBody_NumbersTooLarge(t *testing.T) {
	t.Parallel()
	h := serveRoutes(t)
	send := func(number string) (int, string) {
		w := call(h, "POST", "/things/x1", `{"name":"A","kind":"a","free":{"n":[`+number+`]}}`)
		return w.Code, w.Body.String()
	}
	if code, body := send("1.7e308"); code != 201 {
		t.Errorf("at the limit: %d %s", code, body)
	}
	if code, body := send("-1e309"); code != 400 || !strings.Contains(body, "guard.invalid_input") {
		t.Errorf("beyond it: %d %s", code, body)
	}
}
