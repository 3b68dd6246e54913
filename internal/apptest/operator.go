package apptest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"signet/internal/operator"
	"signet/internal/platform/web"
)

// operatorHeader names the operator of a test, in place of a token.
const operatorHeader = "X-Test-Operator"

// admitOperators lets in who names themselves as an operator; others must pass
// the real guard.
func admitOperators(real web.Guard) web.Guard {
	return web.Guard{Name: real.Name, Check: func(ctx context.Context, r *http.Request) (context.Context, error) {
		if subject := r.Header.Get(operatorHeader); subject != "" {
			return operator.With(ctx, operator.Caller{Subject: subject, IsApplication: true, ClientID: subject}), nil
		}
		return real.Check(ctx, r)
	}}
}

// Operator calls the Management API of a tenant.
type Operator struct {
	t        testing.TB
	endpoint string
	subject  string
}

// Operator returns an operator of the default tenant.
func (a *App) Operator(t testing.TB) *Operator { return a.OperatorAt(t, a.URL, "test-operator") }

// OperatorAt returns an operator with the id of a user or application, who calls
// the tenant at endpoint.
func (a *App) OperatorAt(t testing.TB, endpoint, subject string) *Operator {
	return &Operator{t: t, endpoint: endpoint, subject: subject}
}

// Do calls an operation; path begins with "/api/". headers are pairs.
func (o *Operator) Do(method, path, body string, headers ...string) *Answer {
	o.t.Helper()
	return Do(o.t, http.DefaultClient, method, o.endpoint+path, body, append([]string{operatorHeader, o.subject}, headers...)...)
}

// Want calls an operation that must answer with status; it fails the test with
// the answer otherwise. A status of 400 and above may be followed by the code
// that the answer must have.
func (o *Operator) Want(status int, method, path, body string, code ...string) *Answer {
	o.t.Helper()
	a := o.Do(method, path, body)
	if a.StatusCode != status || len(code) > 0 && a.Code() != code[0] {
		o.t.Fatalf("%s %s %.300s: %d %.1500s; want %d %v", method, path, body, a.StatusCode, a.Text, status, code)
	}
	return a
}

// Refused makes calls that must be refused, and checks that none of them
// changed anything. A call is one line with the answer that it must get:
//
//	PATCH /api/resources/none {"name":"x"} -> 404 entity.not_exists_with_id
func (a *App) Refused(t testing.TB, calls ...string) {
	t.Helper()
	before := a.Snapshot(t)
	for _, call := range calls {
		request, want, ok := strings.Cut(call, " -> ")
		if !ok {
			t.Fatalf("%q says not how it is refused", call)
		}
		method, rest, _ := strings.Cut(request, " ")
		path, body, _ := strings.Cut(rest, " ")
		answer := a.Operator(t).Do(method, path, body)
		if got := strings.TrimSpace(fmt.Sprint(answer.StatusCode, " ", answer.Code())); got != want {
			t.Errorf("%.400s: %.500s; want %s", request, answer.Text, want)
		}
	}
	before.Same(t, a.Snapshot(t))
}
