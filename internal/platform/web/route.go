// Package web turns route tables into an HTTP API. A Route names its method,
// pattern, guards and a typed handler; from it come the decoding and checking
// of the request, the answer, the error body and the published OpenAPI
// document, so that code and document cannot drift.
package web

import (
	"context"
	"net/http"
	"reflect"
	"slices"
)

// Nothing is the answer of an operation that has no body.
type Nothing struct{}

// Guard is a check in front of a handler. Its name appears in the reference of
// all routes. Check may return a context that carries what it found out.
type Guard struct {
	Name  string
	Check func(ctx context.Context, r *http.Request) (context.Context, error)
}

// Route is one operation of the API.
type Route struct {
	Method  string
	Pattern string
	// OperationID, Summary and Description are published in the OpenAPI document.
	OperationID string
	Summary     string
	Description string
	// Status is the status of success; Also are others that a handler may set.
	Status int
	Also   []int
	// Fails lists the statuses of documented errors.
	Fails []int
	// Guards run in order before anything is decoded. What is answered behind one is
	// stored in no cache (RFC 9111 section 5.2.2.5).
	Guards []Guard
	// MaxBody is the limit of the request body in bytes.
	MaxBody int64

	in, out reflect.Type
	paging  paging
	search  bool
	onError ErrorWriter
	behind  []Middleware
	serve   func(rt *Route, w http.ResponseWriter, r *http.Request) error
}

// Table is a named list of routes. Document names the OpenAPI document that
// publishes them: "experience", "user", "management", or "" for none.
type Table struct {
	Document string
	Tag      string
	Routes   []Route
}

// Option sets a property of a route.
type Option func(*Route)

// Doc names the operation and says in a few words what it does.
func Doc(operationID, summary string) Option {
	return func(rt *Route) { rt.OperationID, rt.Summary = operationID, summary }
}

// About describes the operation beyond its summary: what it demands, what else
// it does, what is easy to get wrong.
func About(description string) Option {
	return func(rt *Route) { rt.Description = description }
}

// Also documents another status of success with the same answer, which the
// handler chooses with SetStatus.
func Also(codes ...int) Option { return func(rt *Route) { rt.Also = codes } }

// Status sets the status of success; without it, 204 for Nothing and else 200.
func Status(code int) Option { return func(rt *Route) { rt.Status = code } }

// Fails documents the statuses of errors.
func Fails(codes ...int) Option { return func(rt *Route) { rt.Fails = codes } }

// Guarded adds guards in the order in which they run.
func Guarded(guards ...Guard) Option {
	return func(rt *Route) { rt.Guards = append(rt.Guards, guards...) }
}

// MaxBody sets the limit of the request body in bytes, in place of 256 KiB.
func MaxBody(limit int64) Option { return func(rt *Route) { rt.MaxBody = limit } }

// Handler is an operation on a decoded request.
type Handler[In, Out any] func(ctx context.Context, in *In) (*Out, error)

// Get is a Route for reading.
func Get[In, Out any](pattern string, h Handler[In, Out], opts ...Option) Route {
	return typed(http.MethodGet, pattern, h, opts)
}

// Post is a Route for creating and acting.
func Post[In, Out any](pattern string, h Handler[In, Out], opts ...Option) Route {
	return typed(http.MethodPost, pattern, h, opts)
}

// Put is a Route for replacing.
func Put[In, Out any](pattern string, h Handler[In, Out], opts ...Option) Route {
	return typed(http.MethodPut, pattern, h, opts)
}

// Patch is a Route for changing some properties.
func Patch[In, Out any](pattern string, h Handler[In, Out], opts ...Option) Route {
	return typed(http.MethodPatch, pattern, h, opts)
}

// Delete is a Route for removing.
func Delete[In, Out any](pattern string, h Handler[In, Out], opts ...Option) Route {
	return typed(http.MethodDelete, pattern, h, opts)
}

// Raw is a Route whose handler writes the answer itself: pages, redirects,
// OAuth endpoints. It appears in the reference of routes, and in OpenAPI only if
// Doc names it, as an operation that answers with some JSON object.
func Raw(method, pattern string, h func(w http.ResponseWriter, r *http.Request) error, opts ...Option) Route {
	rt := Route{Method: method, Pattern: pattern, MaxBody: defaultMaxBody, Status: http.StatusOK}
	rt.serve = func(_ *Route, w http.ResponseWriter, r *http.Request) error { return h(w, r) }
	return rt.with(opts)
}

func typed[In, Out any](method, pattern string, h Handler[In, Out], opts []Option) Route {
	rt := Route{
		Method: method, Pattern: pattern, MaxBody: defaultMaxBody, Status: http.StatusOK,
		in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](),
	}
	if rt.out == reflect.TypeFor[Nothing]() {
		rt.Status = http.StatusNoContent
	}
	if shapeOf(rt.in).file != nil {
		rt.MaxBody = MaxUpload
	}
	rt.serve = func(rt *Route, w http.ResponseWriter, r *http.Request) error {
		in := new(In)
		if err := decodeRequest(r, in); err != nil {
			return err
		}
		status := rt.Status
		out, err := h(withExchange(w, r, &status), in)
		if err != nil {
			return err
		}
		if rt.out == reflect.TypeFor[Nothing]() {
			w.WriteHeader(status)
			return nil
		}
		return writeJSON(w, r, status, out)
	}
	return rt.with(opts)
}

func (rt Route) with(opts []Option) Route {
	for _, opt := range opts {
		opt(&rt)
	}
	return rt
}

// OnError returns the table with errors that are rendered by write, whatever the
// mount says.
func (t Table) OnError(write ErrorWriter) Table {
	t.Routes = slices.Clone(t.Routes)
	for i := range t.Routes {
		t.Routes[i].onError = write
	}
	return t
}

// Behind returns the table with routes that are reached through ms, the first of
// which sees a request first. What guards refuse has passed them.
func (t Table) Behind(ms ...Middleware) Table {
	t.Routes = slices.Clone(t.Routes)
	for i := range t.Routes {
		t.Routes[i].behind = ms
	}
	return t
}

// GuardNames lists the guards of the route for its reference.
func (rt *Route) GuardNames() []string {
	names := make([]string, 0, len(rt.Guards))
	for _, g := range rt.Guards {
		names = append(names, g.Name)
	}
	return names
}

// ErrorWriter renders an error that a handler returned.
type ErrorWriter func(w http.ResponseWriter, r *http.Request, err error)

// Mount adds the routes of the tables to mux; errors are rendered by onError.
func Mount(mux *http.ServeMux, onError ErrorWriter, tables ...Table) {
	for _, table := range tables {
		for _, rt := range slices.Clone(table.Routes) {
			mux.Handle(rt.Method+" "+rt.Pattern, Chain(rt.handler(onError), rt.behind...))
		}
	}
}

func (rt Route) handler(onError ErrorWriter) http.Handler {
	if rt.onError != nil {
		onError = rt.onError
	}
	var wildcards []string
	for _, match := range pathParameter.FindAllStringSubmatch(rt.Pattern, -1) {
		wildcards = append(wildcards, match[1])
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != http.NoBody {
			r.Body = http.MaxBytesReader(w, r.Body, rt.MaxBody)
		}
		ctx := r.Context()
		rt.describe(r, wildcards)
		if len(rt.Guards) > 0 {
			// Some may read it and others not, which a cache cannot tell.
			w.Header().Set("Cache-Control", "no-store")
		}
		for _, guard := range rt.Guards {
			var err error
			if ctx, err = guard.Check(ctx, r); err != nil {
				onError(w, r, err)
				return
			}
		}
		ctx, err := rt.readPage(ctx, r)
		if err != nil {
			onError(w, r.WithContext(ctx), err)
			return
		}
		if ctx != r.Context() {
			r = r.WithContext(ctx)
		}
		if err := rt.serve(&rt, w, r); err != nil {
			onError(w, r, err)
		}
	})
}

// describe notes for events and logs which route serves the request.
func (rt *Route) describe(r *http.Request, wildcards []string) {
	info := Info(r.Context())
	info.Route, info.Status = rt.Pattern, rt.Status
	if len(wildcards) == 0 {
		return
	}
	info.Params = make(map[string]string, len(wildcards))
	for _, name := range wildcards {
		info.Params[name] = r.PathValue(name)
	}
}
