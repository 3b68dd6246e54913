package web

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"signet/internal/platform/errs"
)

// What wakes an operator at night must be a fault. It sets the logger of the
// process, so it is not parallel.
func TestClassify_LogsFaultsAsErrorsAndNothingElse(t *testing.T) {
	defer slog.SetDefault(slog.Default())
	for _, c := range []struct {
		err    error
		status int
		level  string // "" is not logged
	}{
		{errs.New(422, "test.refused"), 422, ""},
		{errs.New(501, "test.not_set_up"), 501, "INFO"},
		{errs.New(500, "test.failed").Wrap(errors.New("the cause")), 500, "ERROR"},
		{errs.New(503, "test.away"), 503, "ERROR"},
		{errors.New("something else"), 500, "ERROR"},
	} {
		var out bytes.Buffer
		slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
		ctx := WithInfo(context.Background(), &RequestInfo{ID: "request-1"})
		e := Classify(ctx, c.err)
		level := ""
		if line := out.String(); line != "" {
			_, level, _ = strings.Cut(line, "level=")
			level, _, _ = strings.Cut(level, " ")
			if !strings.Contains(line, "request-1") {
				t.Errorf("%v: the log does not name the request: %s", c.err, line)
			}
		}
		if e.Status != c.status || level != c.level {
			t.Errorf("%v: %d, logged as %q; want %d, %q", c.err, e.Status, level, c.status, c.level)
		}
	}
}
