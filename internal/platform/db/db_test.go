package db_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// addRole inserts a role of the handle's tenant.
func addRole(ctx context.Context, q db.Q, id, name string) error {
	_, err := q.Exec(ctx, `INSERT INTO roles (tenant_id, id, name, description, type, created_at)
		VALUES ($1, $2, $3, '', 'User', 1)`, id, name)
	return err
}

// roles returns the names of the tenant's roles in order.
func roles(t testing.TB, q db.Q) []string {
	t.Helper()
	names, err := db.All[string](context.Background(), q, `SELECT name FROM roles WHERE tenant_id = $1 ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// credential is a row with a column of every logical type.
type credential struct {
	ID        string            `db:"id"`
	Key       []byte            `db:"credential_id"`
	Algorithm int64             `db:"algorithm"`
	RPID      *string           `db:"rp_id"`
	AAGUID    []byte            `db:"aaguid"`
	IsUV      *bool             `db:"is_uv_initialized"`
	Transport db.JSON[[]string] `db:"transports"`
	Last      *int64            `db:"last_used_at"`
	times
}

type times struct {
	CreatedAt int64 `db:"created_at"`
}

func TestValuesRoundTrip(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		d := p.For("default")
		if _, err := d.Exec(ctx, `INSERT INTO users (tenant_id, id, search_text, created_at, updated_at) VALUES ($1, 'u', '', 1, 1)`); err != nil {
			t.Fatal(err)
		}
		const insert = `INSERT INTO webauthn_credentials (tenant_id, id, user_id, credential_id, public_key, algorithm, rp_id, aaguid,
			is_uv_initialized, transports, last_used_at, created_at) VALUES ($1, $2, 'u', $3, $4, $5, $6, $7, $8, $9, $10, $11)`
		const query = `SELECT id, credential_id, algorithm, rp_id, aaguid, is_uv_initialized, transports, last_used_at, created_at
			FROM webauthn_credentials WHERE tenant_id = $1 AND id = $2`

		yes, host, last := true, "exämple.com\u2028", int64(math.MaxInt64)
		full := credential{"full", []byte{0, 1, 255}, math.MinInt64, &host, []byte{0}, &yes, db.JSON[[]string]{V: []string{"usb", "ä\""}}, &last, times{7}}
		none := credential{ID: "none", Key: []byte{2}, Transport: db.JSON[[]string]{V: []string{}}, times: times{8}}
		for _, want := range []credential{full, none} {
			n, err := d.Exec(ctx, insert, want.ID, want.Key, []byte{1}, want.Algorithm, want.RPID, want.AAGUID,
				want.IsUV, want.Transport, want.Last, want.CreatedAt)
			if err != nil || n != 1 {
				t.Fatalf("%s: %d rows, %v", want.ID, n, err)
			}
			got, err := db.One[credential](ctx, d, query, want.ID)
			if err != nil {
				t.Fatal(err)
			}
			if g, w := toJSON(t, got), toJSON(t, want); g != w {
				t.Errorf("read  %s\nwrote %s", g, w)
			}
		}
		if null, err := db.One[bool](ctx, d, `SELECT aaguid IS NULL FROM webauthn_credentials WHERE tenant_id = $1 AND id = 'none'`); err != nil || !null {
			t.Errorf("a nil []byte is stored as null: %v, %v", null, err)
		}
		if ids, err := db.All[string](ctx, d, `SELECT id FROM webauthn_credentials WHERE tenant_id = $1 AND is_uv_initialized`); err != nil || !slices.Equal(ids, []string{"full"}) {
			t.Errorf("WHERE is_x yields %v, %v", ids, err)
		}
	})
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestJSONColumns(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		d := p.For("default")
		save := func(key string, value any) error {
			_, err := d.Exec(ctx, `INSERT INTO tenant_settings (tenant_id, key, value, updated_at) VALUES ($1, $2, $3, 1)`, key, value)
			return err
		}
		for key, c := range map[string]struct{ value, want any }{
			"object":    {db.JSON[map[string]any]{V: map[string]any{"b": 1, "a": nil}}, map[string]any{"b": 1.0, "a": nil}},
			"pointer":   {&db.JSON[int]{V: 3}, 3.0},
			"null":      {db.JSON[any]{}, nil},
			"raw":       {json.RawMessage(`{"a": [1, 2]}`), map[string]any{"a": []any{1.0, 2.0}}},
			"nul":       {db.JSON[map[string]string]{V: map[string]string{"k\x00": "a\x00b"}}, map[string]any{"k": "ab"}},
			"escaped":   {db.JSON[string]{V: `\u0000`}, `\u0000`},
			"surrogate": {json.RawMessage(`"\ud800x"`), "\ufffdx"},
			"script":    {db.JSON[string]{V: "</script>&"}, "</script>&"},
		} {
			if err := save(key, c.value); err != nil {
				t.Errorf("%s: %v", key, err)
				continue
			}
			got, err := db.One[db.JSON[any]](ctx, d, `SELECT value FROM tenant_settings WHERE tenant_id = $1 AND key = $2`, key)
			if err != nil || toJSON(t, got.V) != toJSON(t, c.want) {
				t.Errorf("%s: read %v, %v; want %v", key, got.V, err, c.want)
			}
		}
		if err := save("broken", json.RawMessage(`{`)); err == nil {
			t.Error("broken JSON was stored")
		}
		large, err := db.One[db.JSON[json.Number]](ctx, d, `SELECT value FROM tenant_settings WHERE tenant_id = $1 AND key = $2`, "object")
		if err == nil {
			t.Errorf("an object was read as number %v", large)
		}

		type key struct {
			Value *db.JSON[[]int] `db:"social_sign_in"`
			Other *db.JSON[[]int] `db:"sign_up_profile_fields"`
		}
		if _, err := d.Exec(ctx, `INSERT INTO sign_in_experiences (tenant_id, color, branding, language_info, sign_in, sign_up, mfa, social_sign_in, sign_up_profile_fields, updated_at)
			VALUES ($1, '{}', '{}', '{}', '{}', '{}', '{}', $2, $3, 1)`, &db.JSON[[]int]{V: []int{1}}, (*db.JSON[[]int])(nil)); err != nil {
			t.Fatal(err)
		}
		got, err := db.One[key](ctx, d, `SELECT social_sign_in, sign_up_profile_fields FROM sign_in_experiences WHERE tenant_id = $1`)
		if err != nil || got.Value == nil || !slices.Equal(got.Value.V, []int{1}) || got.Other != nil {
			t.Errorf("nullable JSON: %+v, %v", got, err)
		}
	})
}

func TestTextThatPostgresCannotStoreIsRefusedOnBoth(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		for _, text := range []string{"a\x00b", "\xff"} {
			if err := addRole(ctx, p.For("default"), "r", text); !errors.Is(err, db.ErrText) {
				t.Errorf("%q: %v", text, err)
			}
		}
		if got := roles(t, p.For("default")); len(got) != 0 {
			t.Errorf("written: %v", got)
		}
	})
}

func TestOneAndAll(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		d := p.For("default")
		type role struct {
			ID     string `db:"id"`
			Name   string `db:"name"`
			Memory string
		}
		const query = `SELECT id, name FROM roles WHERE tenant_id = $1 ORDER BY id`
		if _, err := db.One[role](ctx, d, query); !errors.Is(err, db.ErrNoRows) {
			t.Errorf("One of nothing: %v", err)
		}
		if all, err := db.All[role](ctx, d, query); err != nil || all == nil || len(all) != 0 {
			t.Errorf("All of nothing: %v, %v", all, err)
		}
		if err := errors.Join(addRole(ctx, d, "1", "a"), addRole(ctx, d, "2", "b")); err != nil {
			t.Fatal(err)
		}
		if one, err := db.One[role](ctx, d, query); err != nil || one != (role{ID: "1", Name: "a"}) {
			t.Errorf("One: %v, %v", one, err)
		}
		if all, err := db.All[role](ctx, d, query); err != nil || len(all) != 2 || all[1].Name != "b" {
			t.Errorf("All: %v, %v", all, err)
		}
		if _, err := db.One[struct {
			ID string `db:"id"`
		}](ctx, d, query); err == nil || !strings.Contains(err.Error(), `"name"`) {
			t.Errorf("a column without a field: %v", err)
		}
		if _, err := db.All[string](ctx, d, query); err == nil {
			t.Error("two columns fit in a string")
		}
		changed, err := db.All[string](ctx, d, `UPDATE roles SET name = name || 'x' WHERE tenant_id = $1 RETURNING name`)
		slices.Sort(changed)
		if err != nil || !slices.Equal(changed, []string{"ax", "bx"}) {
			t.Errorf("RETURNING: %v, %v", changed, err)
		}
		if got := roles(t, d); !slices.Equal(got, []string{"ax", "bx"}) {
			t.Errorf("after RETURNING: %v", got)
		}
		n := 0
		err = d.Read(ctx, query, nil, func(rows db.Cursor) error {
			for rows.Next() {
				n++
			}
			return nil
		})
		if n != 2 || err != nil {
			t.Errorf("Read yields %d rows, %v", n, err)
		}
	})
}

// Attack 48, foreign tenant: a handle shows and changes its own tenant's rows only.
func TestHandlesKeepTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		mine, other := p.For("mine"), p.For("other")
		if err := errors.Join(addRole(ctx, mine, "r", "mine"), addRole(ctx, other, "r", "other")); err != nil {
			t.Fatal(err)
		}
		if got := roles(t, mine); !slices.Equal(got, []string{"mine"}) {
			t.Errorf("mine shows %v", got)
		}
		if n, err := mine.Exec(ctx, `UPDATE roles SET name = 'x' WHERE tenant_id = $1`); err != nil || n != 1 {
			t.Errorf("changed %d rows, %v", n, err)
		}
		if n, err := mine.Exec(ctx, `DELETE FROM roles WHERE tenant_id = $1 AND id = $2`, "r"); err != nil || n != 1 {
			t.Errorf("deleted %d rows, %v", n, err)
		}
		const loose = `DELETE FROM roles WHERE id = $2`
		_, direct := mine.Exec(ctx, loose, "r")
		_, reading := db.One[string](ctx, mine, `SELECT name FROM roles WHERE id = $2`, "r")
		inside := mine.Tx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, loose, "r")
			if _, err := db.All[string](ctx, tx, `SELECT name FROM roles`); err == nil {
				t.Error("a transaction's query was not refused")
			}
			if err := tx.Queue(ctx, loose, "r"); err == nil {
				t.Error("what was to be queued was not refused")
			}
			return err
		})
		for name, err := range map[string]error{"Exec": direct, "One": reading, "Queue": mine.Queue(ctx, loose, "r"), "Tx": inside} {
			if err == nil || !strings.Contains(err.Error(), "refused") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := p.For("").Exec(ctx, `DELETE FROM roles WHERE tenant_id = $1`); err == nil {
			t.Error("a handle without a tenant works")
		}
		if got := roles(t, other); !slices.Equal(got, []string{"other"}) {
			t.Errorf("the other tenant holds %v", got)
		}
		all, err := db.All[string](ctx, p.Across(), `SELECT name FROM roles ORDER BY name`)
		if err != nil || !slices.Equal(all, []string{"other"}) {
			t.Errorf("Across shows %v, %v", all, err)
		}
	})
}

func TestIsUnique(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx := context.Background()
		d := p.For("default")
		user := func(id string, username *string) error {
			_, err := d.Exec(ctx, `INSERT INTO users (tenant_id, id, username_key, search_text, created_at, updated_at) VALUES ($1, $2, $3, '', 1, 1)`, id, username)
			return err
		}
		ann := "ann"
		if err := errors.Join(user("u1", &ann), user("u2", nil), user("u3", nil), addRole(ctx, d, "r", "n")); err != nil {
			t.Fatal(err)
		}
		_, reference := d.Exec(ctx, `INSERT INTO user_roles (tenant_id, user_id, role_id, created_at) VALUES ($1, 'u1', 'none', 1)`)
		_, check := d.Exec(ctx, `INSERT INTO roles (tenant_id, id, name, description, type, created_at) VALUES ($1, 'c', 'c', '', 'Robot', 1)`)
		inTx := d.Tx(ctx, func(tx *db.Tx) error { return addRole(ctx, tx, "r9", "n") })
		for name, c := range map[string]struct {
			err           error
			table, column string
			want          bool
		}{
			"partial index":         {user("u4", &ann), "users", "username_key", true},
			"partial index, tenant": {user("u4", &ann), "users", "tenant_id", true},
			"another column":        {user("u4", &ann), "users", "id", false},
			"another table":         {user("u4", &ann), "user", "username_key", false},
			"primary key":           {user("u1", nil), "users", "id", true},
			"primary key, others":   {user("u1", nil), "users", "username_key", false},
			"unique constraint":     {addRole(ctx, d, "r2", "n"), "roles", "name", true},
			"in a transaction":      {inTx, "roles", "name", true},
			"missing reference":     {reference, "user_roles", "role_id", false},
			"refused value":         {check, "roles", "type", false},
			"no error":              {nil, "users", "id", false},
			"another error":         {errors.New("UNIQUE constraint failed: users.id"), "users", "id", false},
		} {
			if c.err == nil && c.want {
				t.Errorf("%s: was accepted", name)
			}
			if got := db.IsUnique(c.err, c.table, c.column); got != c.want {
				t.Errorf("%s: %v for %v", name, got, c.err)
			}
		}
		if reference == nil || check == nil {
			t.Errorf("reference: %v; check: %v", reference, check)
		}
	})
}

func TestManyReadersBesideAWriter(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		d := p.For("default")
		err := d.Tx(ctx, func(tx *db.Tx) error {
			if err := addRole(ctx, tx, "r", "uncommitted"); err != nil {
				return err
			}
			var group sync.WaitGroup
			for range 40 {
				group.Go(func() {
					if got := roles(t, d); len(got) != 0 {
						t.Errorf("a reader sees %v", got)
					}
				})
			}
			group.Wait()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := roles(t, d); !slices.Equal(got, []string{"uncommitted"}) {
			t.Errorf("after the commit: %v", got)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, o := range map[string]db.Options{
		"nothing":           {},
		"missing directory": {Path: t.TempDir() + "/none/signet.db"},
		"other database":    {URL: "mysql://localhost/x"},
		"simple protocol":   {URL: dbtest.PostgresOptions(t).URL + "&default_query_exec_mode=simple_protocol"},
		"unreadable URL":    {URL: "postgres://user:hunter2@localhost:port/x"},
		"nobody listens":    {URL: "postgres://user:hunter2@localhost/x?host=" + t.TempDir()},
	} {
		p, err := db.Open(ctx, o)
		if err == nil {
			_ = p.Close()
			t.Errorf("%s: opened", name)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: shows the password: %v", name, err)
		}
	}
}

func BenchmarkOne(b *testing.B) {
	bench(b, func(b *testing.B, d *db.DB) {
		ctx := context.Background()
		for b.Loop() {
			if _, err := db.One[string](ctx, d, `SELECT name FROM roles WHERE tenant_id = $1 AND id = $2`, "r"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkTx(b *testing.B) {
	bench(b, func(b *testing.B, d *db.DB) {
		ctx := context.Background()
		for b.Loop() {
			err := d.Tx(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE roles SET created_at = created_at + 1 WHERE tenant_id = $1 AND id = $2`, "r")
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

func bench(b *testing.B, fn func(b *testing.B, d *db.DB)) {
	for name, open := range map[string]func(testing.TB) *db.Pool{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			d := open(b).For("default")
			if err := addRole(context.Background(), d, "r", "n"); err != nil {
				b.Fatal(err)
			}
			fn(b, d)
		})
	}
}
