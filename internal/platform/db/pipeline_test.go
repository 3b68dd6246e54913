package db_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

func queueRole(ctx context.Context, tx *db.Tx, id, name string) error {
	return tx.Queue(ctx, `INSERT INTO roles (tenant_id, id, name, description, type, created_at)
		VALUES ($1, $2, $3, '', 'User', 1)`, id, name)
}

// What nobody waits for makes no journey of its own.
func TestPipeline_SendsTogether(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	o := with(t, dbtest.PostgresOptions(t), "pool_max_conns", "1")
	journeys := countJourneys(t, &o)
	d := dbtest.Open(t, o).For("default")
	if err := d.Tx(ctx, func(tx *db.Tx) error { return addRole(ctx, tx, "0", "z") }); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		want int64
		fn   func(tx *db.Tx) error
	}{
		{"nothing", 0, func(*db.Tx) error { return nil }},
		{"one statement, and the commit", 2, func(tx *db.Tx) error { return addRole(ctx, tx, "1", "a") }},
		{"what is queued goes with the commit", 2, func(tx *db.Tx) error {
			_, err := db.All[string](ctx, tx, `SELECT name FROM roles WHERE tenant_id = $1`)
			return errors.Join(err, queueRole(ctx, tx, "2", "b"), queueRole(ctx, tx, "3", "c"))
		}},
		{"or with the next statement", 2, func(tx *db.Tx) error {
			return errors.Join(queueRole(ctx, tx, "4", "d"), addRole(ctx, tx, "5", "e"))
		}},
		{"or before one that has a plan of its own, which is made first", 4, func(tx *db.Tx) error {
			if err := queueRole(ctx, tx, "6", "f"); err != nil {
				return err
			}
			_, err := db.One[string](db.Interruptible(ctx), tx, `SELECT name FROM roles WHERE tenant_id = $1 AND id = $2`, "6")
			return err
		}},
	} {
		refused := errors.New("refused") // so that statements are prepared
		if err := d.Tx(ctx, func(tx *db.Tx) error { return errors.Join(c.fn(tx), tx.Queue(ctx, `DELETE FROM roles WHERE tenant_id = $1`), refused) }); !errors.Is(err, refused) {
			t.Fatal(err)
		}
		before := journeys.Load()
		if err := d.Tx(ctx, c.fn); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := journeys.Load() - before; got != c.want {
			t.Errorf("%s: %d journeys to the database, not %d", c.name, got, c.want)
		}
	}
	if got := roles(t, d); !slices.Equal(got, []string{"a", "b", "c", "d", "e", "f", "z"}) {
		t.Errorf("stored %v", got)
	}
}

// with sets a parameter of the URL.
func with(t *testing.T, o db.Options, name, value string) db.Options {
	t.Helper()
	parsed, err := url.Parse(o.URL)
	if err != nil {
		t.Fatal(err)
	}
	query := parsed.Query()
	query.Set(name, value)
	parsed.RawQuery = query.Encode()
	o.URL = parsed.String()
	return o
}

// countJourneys puts a proxy before the server and counts how often a client says
// something after it was answered.
func countJourneys(t *testing.T, o *db.Options) *atomic.Int64 {
	t.Helper()
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		t.Fatal(err)
	}
	network, address := pgconn.NetworkAddress(config.Host, config.Port)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	journeys := new(atomic.Int64)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial(network, address)
			if err != nil {
				_ = client.Close()
				return
			}
			var asked atomic.Bool
			go relay(server, client, func() {
				if !asked.Swap(true) {
					journeys.Add(1)
				}
			})
			go relay(client, server, func() { asked.Store(false) })
		}
	}()
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	*o = with(t, with(t, *o, "host", host), "port", port)
	return journeys
}

// relay copies what comes, after telling said of it.
func relay(to io.WriteCloser, from io.Reader, said func()) {
	defer func() { _ = to.Close() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		said()
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// What was wrong with a queued statement fails the transaction, whether it was sent
// with another statement or with the commit, and none of it stays.
func TestQueue_FailsTheTransaction(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		d := p.For("default")
		if err := addRole(ctx, d, "1", "a"); err != nil {
			t.Fatal(err)
		}
		for name, after := range map[string]func(tx *db.Tx) error{
			"with the commit": func(*db.Tx) error { return nil },
			"with a statement": func(tx *db.Tx) error {
				err := addRole(ctx, tx, "4", "d")
				if p.Dialect() == db.Postgres && !db.IsUnique(err, "roles", "id") {
					t.Errorf("the next statement said %v", err)
				}
				return err
			},
			"with a query": func(tx *db.Tx) error {
				_, err := db.All[string](ctx, tx, `SELECT name FROM roles WHERE tenant_id = $1`)
				return err
			},
			"whose error is overlooked": func(tx *db.Tx) error {
				_ = addRole(ctx, tx, "4", "d")
				return nil
			},
		} {
			err := d.Tx(ctx, func(tx *db.Tx) error {
				tx.AfterCommit(func() { t.Errorf("%s: the hook ran", name) })
				if err := addRole(ctx, tx, "2", "b"); err != nil {
					return err
				}
				if err := queueRole(ctx, tx, "1", "c"); err != nil {
					return err
				}
				return after(tx)
			})
			if err == nil || name != "whose error is overlooked" && !db.IsUnique(err, "roles", "id") {
				t.Errorf("%s: %v", name, err)
			}
			if got := roles(t, d); !slices.Equal(got, []string{"a"}) {
				t.Errorf("%s: left behind %v", name, got)
			}
		}
	})
}

// Behind a pooler statements are not prepared, but sent together all the same.
func TestPipeline_BehindAPooler(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"exec", "cache_describe", "describe_exec"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			d := dbtest.Open(t, with(t, dbtest.PostgresOptions(t), "default_query_exec_mode", mode)).For("default")
			err := d.Tx(ctx, func(tx *db.Tx) error {
				if err := queueRole(ctx, tx, "1", "a"); err != nil {
					return err
				}
				if got, err := db.One[string](db.Interruptible(ctx), tx, `SELECT name FROM roles WHERE tenant_id = $1`); err != nil || got != "a" {
					t.Errorf("within: %q, %v", got, err)
				}
				return queueRole(ctx, tx, "2", "b")
			})
			if got := roles(t, d); err != nil || !slices.Equal(got, []string{"a", "b"}) {
				t.Errorf("stored %v, %v", got, err)
			}
		})
	}
}

// Rows that were not read to their end give their connection back.
func TestQuery_GivesItsConnectionBack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	d := dbtest.Open(t, with(t, dbtest.PostgresOptions(t), "pool_max_conns", "1")).For("default")
	for id, name := range map[string]string{"1": "a", "2": "b"} {
		if err := addRole(ctx, d, id, name); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		rows, err := d.Query(ctx, `SELECT name FROM roles WHERE tenant_id = $1 ORDER BY name`)
		if err != nil {
			t.Fatal(err)
		}
		var name string
		if !rows.Next() || rows.Scan(&name) != nil || name != "a" {
			t.Errorf("read %q", name)
		}
		if err := errors.Join(rows.Close(), rows.Close()); err != nil {
			t.Error(err)
		}
		if _, err := d.Query(ctx, `SELECT nonsense FROM roles WHERE tenant_id = $1`); err == nil {
			t.Error("nonsense was read")
		}
	}
}
