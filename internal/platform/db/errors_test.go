package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"signet/internal/platform/errs"
)

func TestClassOf(t *testing.T) {
	t.Parallel()
	pg := func(code, message string) error {
		return fmt.Errorf("wrapped: %w", &pgconn.PgError{Code: code, Message: message})
	}
	for name, c := range map[string]struct {
		err  error
		want failure
	}{
		"none":                  {nil, fatal},
		"no rows":               {ErrNoRows, fatal},
		"caller gone":           {context.Canceled, fatal},
		"caller's deadline":     {context.DeadlineExceeded, fatal},
		"serialization":         {pg("40001", ""), conflict},
		"deadlock":              {pg("40P01", ""), conflict},
		"stale plan":            {pg("0A000", "cached plan must not change result type"), conflict},
		"not supported":         {pg("0A000", "no such feature"), fatal},
		"lock timeout":          {pg("55P03", ""), busy},
		"statement timeout":     {pg("57014", ""), unavailable},
		"shutdown":              {pg("57P01", ""), lost},
		"crash of a neighbour":  {pg("57P02", ""), lost},
		"starting":              {pg("57P03", ""), lost},
		"connection":            {pg("08006", ""), lost},
		"disk full":             {pg("53100", ""), unavailable},
		"too many connections":  {pg("53300", ""), unavailable},
		"disk error":            {pg("58030", ""), unavailable},
		"standby":               {pg("25006", ""), unavailable},
		"unique":                {pg("23505", ""), fatal},
		"syntax":                {pg("42601", ""), fatal},
		"no code":               {pg("", ""), fatal},
		"driver's bad":          {driver.ErrBadConn, lost},
		"end of stream":         {fmt.Errorf("read: %w", io.ErrUnexpectedEOF), lost},
		"closed":                {errors.New("conn closed"), lost},
		"anything":              {errors.New("anything"), fatal},
		"anything of a handler": {errs.New(422, "user.suspended"), fatal},
	} {
		if got := classOf(c.err); got != c.want {
			t.Errorf("%s: class %d, want %d", name, got, c.want)
		}
		_, declared := errs.As(public(context.Background(), c.err))
		if wanted := c.want != fatal || name == "anything of a handler"; declared != wanted {
			t.Errorf("%s: becomes %v", name, public(context.Background(), c.err))
		}
	}
	handlers := errs.New(422, "user.suspended")
	if got := public(context.Background(), handlers); !errors.Is(got, handlers) {
		t.Errorf("a handler's error becomes %v", got)
	}
}

// A file that may not grow is what SQLite calls full.
func TestAFullFileIsUnavailable(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	p := openFile(t, t.TempDir()+"/signet.db")
	if err := p.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	fill := func() error {
		_, err := p.For("default").Exec(ctx, `INSERT INTO tenant_settings (tenant_id, key, value, updated_at) VALUES ($1, 'k', $2, 1)
			ON CONFLICT (tenant_id, key) DO NOTHING`, JSON[[]byte]{make([]byte, 1<<20)})
		return err
	}
	// The limit is of the one writing connection; a failure throws that away.
	if _, err := p.writer.Exec("PRAGMA max_page_count = 1"); err != nil {
		t.Fatal(err)
	}
	if err := fill(); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("a full file: %v", err)
	}
	if err := fill(); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
