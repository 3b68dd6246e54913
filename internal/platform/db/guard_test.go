package db

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"signet/internal/platform/ids"
)

func TestGuardAccepts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		writes bool
		query  string
	}{
		{false, `SELECT * FROM users WHERE tenant_id = $1`},
		{false, `select id from users where $1 = tenant_id and id = $2 order by id limit 10 offset 2`},
		{false, `SELECT u.id FROM users AS u WHERE u.tenant_id = $1 AND (u.id = $2 OR u.username_key = $3)`},
		{false, "SELECT id -- the name; $2\nFROM \"users\"\r\nWHERE \"tenant_id\" = $1"},
		{false, `SELECT count(*) FROM users WHERE tenant_id = $1 AND created_at BETWEEN $2 AND $3 AND id > $4`},
		{false, `SELECT id FROM users WHERE created_at BETWEEN $2 AND $3 AND tenant_id = $1`},
		{false, `SELECT CASE WHEN is_suspended AND id = $2 THEN 1 ELSE 0 END FROM users WHERE tenant_id = $1 FOR UPDATE`},
		{false, `SELECT id FROM users WHERE tenant_id = $1 AND name IS NOT DISTINCT FROM $2`},
		{false, `SELECT DISTINCT r.name FROM user_roles ur JOIN roles r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
			WHERE ur.tenant_id = $1 AND ur.user_id = $2`},
		{false, `SELECT 1 FROM user_roles ur LEFT OUTER JOIN roles r ON r.tenant_id = $1 AND r.id = ur.role_id WHERE ur.tenant_id = $1`},
		{false, `SELECT 1 FROM user_roles ur INNER JOIN roles r USING (tenant_id) WHERE ur.tenant_id = $1`},
		{false, `SELECT 1 FROM user_roles ur, roles r WHERE ur.tenant_id = r.tenant_id AND r.tenant_id = $1`},
		{false, `SELECT 1 FROM role_scopes a JOIN roles b ON b.tenant_id = a.tenant_id JOIN scopes c ON c.tenant_id = b.tenant_id WHERE c.tenant_id = $1`},
		{false, `SELECT id FROM users u WHERE u.tenant_id = $1 AND EXISTS (SELECT 1 FROM user_roles r WHERE r.tenant_id = u.tenant_id AND r.user_id = u.id)`},
		{false, `SELECT id, (SELECT count(*) FROM user_roles r WHERE r.tenant_id = users.tenant_id) FROM users WHERE tenant_id = $1`},
		{false, `SELECT id FROM users WHERE tenant_id = $1 AND id IN (SELECT user_id FROM user_roles WHERE tenant_id = $1)`},
		{false, `SELECT id FROM users WHERE tenant_id = $1 UNION ALL SELECT id FROM roles WHERE tenant_id = $1 ORDER BY id`},
		{false, `WITH r AS (SELECT id FROM roles WHERE tenant_id = $1) SELECT u.id FROM users u JOIN r ON r.id = u.id WHERE u.tenant_id = $1`},
		{false, `SELECT n FROM (SELECT count(*) AS n FROM users WHERE tenant_id = $1) AS counted`},
		{false, `SELECT name FROM tenants WHERE id = $1`},
		{false, `SELECT t.name FROM tenants t JOIN users u ON u.tenant_id = t.id WHERE u.tenant_id = $1`},
		{false, `SELECT id FROM users WHERE tenant_id = $1 AND name = 'it''s; -- $2'`},
		{false, `SELECT resources FROM refresh_tokens WHERE tenant_id = $1`},
		{false, `SELECT EXISTS (SELECT 1 FROM users WHERE tenant_id = $1)`},
		{false, `SELECT u.id FROM users_search f CROSS JOIN users u ON u.seq=f.rowid WHERE f.users_search MATCH $2 AND u.tenant_id=$1 ORDER BY f.rowid DESC LIMIT 10001`},
		{false, `SELECT u.id FROM users_search f CROSS JOIN users u WHERE f.rowid = u.seq AND f.users_search MATCH $2 AND u.tenant_id = $1`},
		{false, `SELECT u.id FROM users u NOT INDEXED WHERE u.tenant_id = $1 ORDER BY u.seq DESC`},
		{false, `SELECT u.id FROM users u INDEXED BY users_created WHERE u.tenant_id = $1`},
		{false, `SELECT u.id FROM users u LEFT JOIN users_search f ON f.rowid = u.seq WHERE u.tenant_id = $1`},
		{false, `SELECT id FROM users u WHERE u.tenant_id = $1 AND EXISTS (SELECT 1 FROM users_search f WHERE f.rowid = u.seq)`},
		{false, `SELECT id FROM roles r WHERE tenant_id = $1 AND (text_like(split_part(name, '\x1f', 2), $2) OR text_matches(name, $3))`},
		{true, `INSERT INTO roles (tenant_id, id) VALUES ($1, $2), ($1, $3)`},
		{true, `INSERT INTO roles (id, tenant_id) VALUES ($2, $1) ON CONFLICT DO NOTHING`},
		{true, `INSERT INTO roles AS r (tenant_id, id, name) VALUES ($1, $2, $3) ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name WHERE r.name <> excluded.name RETURNING id`},
		{true, `INSERT INTO jobs (tenant_id, id) VALUES ($1, $2) ON CONFLICT (tenant_id, kind, dedupe_key) WHERE done_at IS NULL DO UPDATE SET run_at = excluded.run_at`},
		{true, `INSERT INTO user_roles (tenant_id, user_id, role_id) SELECT $1, $2, id FROM roles WHERE tenant_id = $1 AND is_default`},
		{true, `INSERT INTO user_roles (tenant_id, user_id, role_id) SELECT $1, json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each($2)`},
		{false, `SELECT u.id FROM json_each($2) j CROSS JOIN users u WHERE u.tenant_id = $1 AND u.id = j.value`},
		{true, `WITH d AS (SELECT id FROM roles WHERE tenant_id = $1) INSERT INTO user_roles (tenant_id, role_id) SELECT $1, d.id FROM d`},
		{true, `UPDATE users SET name = $2, updated_at = $3 WHERE tenant_id = $1 AND id = $4 RETURNING *`},
		{true, `UPDATE refresh_tokens SET consumed_at = $3 WHERE tenant_id = $1 AND token_hash = $2 AND consumed_at IS NULL
			AND EXISTS (SELECT 1 FROM grants g WHERE g.tenant_id = refresh_tokens.tenant_id AND g.id = refresh_tokens.grant_id AND g.revoked_at IS NULL)`},
		{true, `UPDATE users AS u SET (name, avatar) = ($2, $3) FROM user_roles r WHERE r.tenant_id = u.tenant_id AND u.tenant_id = $1`},
		{true, `DELETE FROM users WHERE tenant_id = $1 AND id = $2`},
		{true, `DELETE FROM users AS u WHERE u.tenant_id = $1 RETURNING id`},
	} {
		got, err := judge(c.query, tables())
		if err != nil || got.writes != c.writes {
			t.Errorf("%s\n\twrites %v, %v", c.query, got.writes, err)
		}
	}
}

// Reaching the rows of another tenant (attack 48, foreign tenant).
func TestGuardRefusesWhatCrossesTenants(t *testing.T) {
	t.Parallel()
	for name, query := range map[string]string{
		"no condition":                    `SELECT * FROM users WHERE id = $2`,
		"no condition, tenant elsewhere":  `SELECT $1, id FROM users`,
		"another parameter":               `SELECT * FROM users WHERE tenant_id = $2 AND id = $1`,
		"a literal":                       `SELECT $1 FROM users WHERE tenant_id = 'admin'`,
		"inequality":                      `SELECT * FROM users WHERE tenant_id <> $1`,
		"at least":                        `SELECT * FROM users WHERE tenant_id >= $1`,
		"weakened by OR":                  `SELECT * FROM users WHERE tenant_id = $1 OR id = $2`,
		"weakened by OR behind AND":       `SELECT * FROM users WHERE tenant_id = $1 AND id = $2 OR id = $3`,
		"inside an OR":                    `SELECT * FROM users WHERE (tenant_id = $1 OR TRUE)`,
		"negated":                         `SELECT * FROM users WHERE NOT tenant_id = $1`,
		"negated group":                   `SELECT * FROM users WHERE NOT (tenant_id = $1)`,
		"compared again":                  `SELECT * FROM users WHERE tenant_id = $1 = FALSE`,
		"is null":                         `SELECT * FROM users WHERE tenant_id = $1 IS NULL`,
		"inside CASE":                     `SELECT * FROM users WHERE CASE WHEN id = $2 AND tenant_id = $1 AND TRUE THEN TRUE ELSE TRUE END`,
		"inside BETWEEN":                  `SELECT * FROM users WHERE id BETWEEN $2 AND tenant_id = $1`,
		"in the select list":              `SELECT tenant_id = $1 FROM users`,
		"in HAVING":                       `SELECT id FROM users GROUP BY id HAVING tenant_id = $1`,
		"in ORDER BY":                     `SELECT id FROM users ORDER BY tenant_id = $1`,
		"json_each of a column":           `SELECT id FROM users u, json_each(u.custom_data) WHERE u.tenant_id = $1`,
		"json_each of a sub-select":       `INSERT INTO roles (tenant_id, id) SELECT $1, value FROM json_each((SELECT custom_data FROM users))`,
		"another function":                `SELECT value FROM pragma_table_info($2)`,
		"in a comment":                    "SELECT id FROM users -- WHERE tenant_id = $1\n",
		"in a literal":                    `SELECT id FROM users WHERE name = ' AND tenant_id = $1 '`,
		"second table loose":              `SELECT 1 FROM users u, roles r WHERE u.tenant_id = $1`,
		"joined table loose":              `SELECT 1 FROM users u JOIN user_roles r ON r.user_id = u.id WHERE u.tenant_id = $1`,
		"unqualified among two":           `SELECT 1 FROM users u JOIN user_roles r ON r.user_id = u.id WHERE tenant_id = $1`,
		"two tied to each other alone":    `SELECT $1 FROM users u JOIN user_roles r ON r.tenant_id = u.tenant_id`,
		"first table by an outer join":    `SELECT 1 FROM users u LEFT JOIN roles r ON u.tenant_id = $1 AND r.tenant_id = $1`,
		"first table by outer join's tie": `SELECT 1 FROM users u LEFT JOIN roles r ON u.tenant_id = r.tenant_id AND r.tenant_id = $1`,
		"first table by outer USING":      `SELECT 1 FROM users u LEFT JOIN roles r USING (tenant_id) JOIN scopes s ON s.tenant_id = $1 AND r.tenant_id = s.tenant_id`,
		"right join":                      `SELECT 1 FROM users u RIGHT JOIN roles r ON r.tenant_id = $1 WHERE u.tenant_id = $1`,
		"full join":                       `SELECT 1 FROM users u FULL JOIN roles r ON r.tenant_id = $1 WHERE u.tenant_id = $1`,
		"natural join":                    `SELECT 1 FROM users u NATURAL JOIN roles r WHERE u.tenant_id = $1`,
		"sub-select loose":                `SELECT id FROM users WHERE tenant_id = $1 AND id IN (SELECT user_id FROM user_roles)`,
		"EXISTS loose":                    `SELECT id FROM users u WHERE u.tenant_id = $1 AND EXISTS (SELECT 1 FROM user_roles r WHERE r.user_id = u.id)`,
		"EXISTS compares itself":          `SELECT id FROM users WHERE tenant_id = $1 AND EXISTS (SELECT 1 FROM user_roles r WHERE r.tenant_id = tenant_id)`,
		"EXISTS binds the outer":          `SELECT id FROM users u WHERE NOT EXISTS (SELECT 1 FROM user_roles r WHERE r.tenant_id = $1 AND u.tenant_id = r.tenant_id)`,
		"derived table names a tenant":    `SELECT u.id FROM users u JOIN (SELECT 'admin' AS tenant_id) x ON x.tenant_id = u.tenant_id WHERE x.tenant_id = $1`,
		"CTE loose":                       `WITH r AS (SELECT id FROM roles) SELECT id FROM r WHERE $1 = $1`,
		"CTE names a tenant":              `WITH r AS (SELECT $2 AS tenant_id) SELECT u.id FROM users u JOIN r ON r.tenant_id = u.tenant_id WHERE r.tenant_id = $1`,
		"CTE hides a table":               `WITH users AS (SELECT $1 AS tenant_id) SELECT * FROM users WHERE tenant_id = $1`,
		"second half of a UNION":          `SELECT id FROM users WHERE tenant_id = $1 UNION SELECT id FROM users`,
		"table after IN":                  `SELECT id FROM users WHERE tenant_id = $1 AND id IN roles`,
		"search alone":                    `SELECT f.rowid FROM users_search f WHERE f.users_search MATCH $1`,
		"not indexed loose":               `SELECT u.id FROM users u NOT INDEXED WHERE u.id = $1`,
		"indexed by, loose":               `SELECT u.id FROM users u INDEXED BY users_created WHERE u.id = $1`,
		"indexed by nothing":              `SELECT u.id FROM users u INDEXED BY WHERE u.tenant_id = $1`,
		"not indexed without alias":       `SELECT id FROM users NOT INDEXED WHERE tenant_id = $1`,
		"search loose":                    `SELECT f.rowid FROM users_search f, users u WHERE f.users_search MATCH $2 AND u.tenant_id = $1`,
		"search by OR":                    `SELECT f.rowid FROM users_search f, users u WHERE u.tenant_id = $1 AND (f.rowid = u.seq OR TRUE)`,
		"search of loose users":           `SELECT f.rowid FROM users_search f JOIN users u ON f.rowid = u.seq WHERE f.users_search MATCH $1`,
		"search of another table":         `SELECT f.rowid FROM users_search f JOIN roles u ON f.rowid = u.seq WHERE u.tenant_id = $1`,
		"search by another column":        `SELECT f.rowid FROM users_search f JOIN users u ON f.rowid = u.created_at WHERE u.tenant_id = $1`,
		"search by its own row":           `SELECT f.rowid FROM users_search f JOIN users u ON f.rowid = f.rowid WHERE u.tenant_id = $1`,
		"search kept by an outer join":    `SELECT f.rowid FROM users_search f LEFT JOIN users u ON f.rowid = u.seq AND u.tenant_id = $1`,
		"search of a derived table":       `SELECT f.rowid FROM users_search f JOIN (SELECT 1 AS seq) users ON f.rowid = users.seq WHERE $1 = $1`,
		"search by USING":                 `SELECT f.rowid FROM users u JOIN users_search f USING (rowid) WHERE u.tenant_id = $1`,
		"search hidden by WITH":           `WITH users_search AS (SELECT 1) SELECT id FROM users WHERE tenant_id = $1`,
		"search written":                  `INSERT INTO users_search (rowid, text) VALUES ($1, $2)`,
		"search changed":                  `UPDATE users_search SET text = $2 FROM users u WHERE u.tenant_id = $1 AND users_search.rowid = u.seq`,
		"search deleted":                  `DELETE FROM users_search WHERE rowid IN (SELECT seq FROM users WHERE tenant_id = $1)`,
		"search binds no users":           `SELECT u.id FROM users u JOIN users_search f ON f.rowid = u.seq JOIN users v ON v.tenant_id = $1 AND f.rowid = v.seq`,
		"TABLE command":                   `SELECT id FROM users WHERE tenant_id = $1 AND EXISTS (TABLE roles)`,
		"schema-qualified":                `SELECT id FROM public.users WHERE tenant_id = $1`,
		"unknown table":                   `SELECT $1 FROM sqlite_master`,
		"global table":                    `SELECT value FROM system_settings WHERE key = $1`,
		"other tenants":                   `SELECT $1, name FROM tenants`,
		"tenants by another column":       `SELECT name FROM tenants WHERE name = $1`,
		"table function":                  `SELECT * FROM query_to_xml($1)`,
		"nested parentheses in FROM":      `SELECT 1 FROM (users) WHERE tenant_id = $1`,
		"VALUES row of another tenant":    `INSERT INTO roles (tenant_id, id) VALUES ($1, $2), ($3, $4)`,
		"tenant in the wrong place":       `INSERT INTO roles (id, tenant_id) VALUES ($1, $2)`,
		"expression around the tenant":    `INSERT INTO roles (tenant_id, id) VALUES ($1 || 'x', $2)`,
		"no list of columns":              `INSERT INTO roles VALUES ($1, $2)`,
		"tenant's column missing":         `INSERT INTO roles (id, name) VALUES ($2, $1)`,
		"tenant's column twice":           `INSERT INTO roles (tenant_id, tenant_id) VALUES ($1, $2)`,
		"shifted values":                  `INSERT INTO roles (tenant_id, id) VALUES ($1)`,
		"default values":                  `INSERT INTO roles DEFAULT VALUES`,
		"insert from loose select":        `INSERT INTO user_roles (tenant_id, role_id) SELECT $1, id FROM roles`,
		"insert of others' tenant":        `INSERT INTO user_roles (tenant_id, role_id) SELECT tenant_id, id FROM roles WHERE tenant_id = $1`,
		"insert from union":               `INSERT INTO user_roles (tenant_id, role_id) SELECT $1, $2 UNION SELECT $3, $4`,
		"insert or replace":               `INSERT OR REPLACE INTO roles (tenant_id, id) VALUES ($1, $2)`,
		"replace":                         `REPLACE INTO roles (tenant_id, id) VALUES ($1, $2)`,
		"conflict over a global key":      `INSERT INTO applications (tenant_id, id) VALUES ($1, $2) ON CONFLICT (protected_host) DO UPDATE SET name = $3`,
		"conflict over anything":          `INSERT INTO applications (tenant_id, id) VALUES ($1, $2) ON CONFLICT DO UPDATE SET name = $3`,
		"conflict over a constraint":      `INSERT INTO applications (tenant_id, id) VALUES ($1, $2) ON CONFLICT ON CONSTRAINT x DO UPDATE SET name = $3`,
		"second conflict over global key": `INSERT INTO applications (tenant_id, id) VALUES ($1, $2) ON CONFLICT (tenant_id, id) DO NOTHING ON CONFLICT (protected_host) DO UPDATE SET name = $3`,
		"conflict moves the row":          `INSERT INTO roles (tenant_id, id) VALUES ($1, $2) ON CONFLICT (tenant_id, id) DO UPDATE SET tenant_id = $3`,
		"conflict reads loosely":          `INSERT INTO roles (tenant_id, id) VALUES ($1, $2) ON CONFLICT (tenant_id, id) DO UPDATE SET name = (SELECT name FROM users)`,
		"RETURNING reads loosely":         `DELETE FROM roles WHERE tenant_id = $1 RETURNING (SELECT name FROM users)`,
		"update without condition":        `UPDATE users SET name = $1`,
		"update moves the row":            `UPDATE users SET tenant_id = $2 WHERE tenant_id = $1`,
		"update moves the row, quoted":    `UPDATE users SET "TENANT_ID" = $2 WHERE tenant_id = $1`,
		"update moves the row in a list":  `UPDATE users SET (name, tenant_id) = ($3, $2) WHERE tenant_id = $1`,
		"update from loose table":         `UPDATE users SET name = r.name FROM roles r WHERE users.tenant_id = $1`,
		"update reads loosely":            `UPDATE users SET name = (SELECT name FROM roles) WHERE tenant_id = $1`,
		"delete without condition":        `DELETE FROM users`,
		"delete using":                    `DELETE FROM users USING roles WHERE users.tenant_id = $1`,
		"change inside WITH":              `WITH d AS (DELETE FROM users RETURNING id) SELECT id FROM d WHERE $1 = $1`,
		"two statements":                  `SELECT 1 WHERE $1 = $1; DELETE FROM users`,
		"block comment":                   `SELECT id FROM users /* /* */ WHERE tenant_id = $1 /* */ */`,
		"comment that ends at CR":         "SELECT id FROM users -- \rWHERE TRUE --\nWHERE tenant_id = $1",
		"dollar quote":                    `SELECT id FROM users WHERE name = $$ AND tenant_id = $1 AND name = $$`,
		"escape string":                   `SELECT id FROM users WHERE name = E'\' AND tenant_id = $1 AND name = '`,
		"back quotes":                     "SELECT id FROM `users` WHERE tenant_id = $1",
		"brackets":                        `SELECT id FROM [users] WHERE tenant_id = $1`,
		"dollar inside a name":            `SELECT id FROM users WHERE tenant_id=tenant_id$1`,
		"question mark":                   `SELECT id FROM users WHERE tenant_id = ?1 AND id = $1`,
		"named parameter":                 `SELECT id FROM users WHERE tenant_id = :x AND id = $1`,
		"no use of the tenant":            `SELECT 1`,
		"definition":                      `DROP TABLE users`,
		"attach":                          `ATTACH 'x' AS y`,
		"pragma":                          `PRAGMA writable_schema = 1`,
		"empty":                           ``,
		"unbalanced":                      `SELECT id FROM users WHERE (tenant_id = $1`,
		"unbalanced otherwise":            `SELECT id FROM users WHERE tenant_id = $1) OR (1 = 1`,
		"deep":                            `SELECT ` + strings.Repeat("(", 100) + `$1` + strings.Repeat(")", 100),
		"nul":                             "SELECT id FROM users WHERE tenant_id = $1\x00",
	} {
		if _, err := judge(query, tables()); err == nil {
			t.Errorf("%s: accepted\n\t%s", name, query)
		}
	}
}

func TestGuardKnowsEveryTable(t *testing.T) {
	t.Parallel()
	known := tables()
	if len(known) < 35 {
		t.Fatalf("only %d tables", len(known))
	}
	for table, want := range map[string]string{
		"users": "tenant_id", "audit_logs": "tenant_id", "setup_tokens": "tenant_id",
		"tenants": "id", "system_settings": "", "leases": "",
	} {
		if got, ok := known[table]; !ok || got != want {
			t.Errorf("%s: %q, known %v", table, got, ok)
		}
	}
}

func TestVerdictsAreRememberedAndBounded(t *testing.T) {
	for i := range verdictLimit + 10 {
		if _, err := vet(fmt.Sprintf(`SELECT id FROM users WHERE tenant_id = $1 AND id = '%d'`, i)); err != nil {
			t.Fatal(err)
		}
	}
	if size := verdicts.size.Load(); size > verdictLimit {
		t.Errorf("%d verdicts are kept", size)
	}
	for range 2 {
		if _, err := vet(`DELETE FROM users`); err == nil {
			t.Error("accepted")
		}
	}
}

// FuzzGuard holds what the guard promises: a statement that it accepts neither
// shows nor changes rows of another tenant. It runs them on SQLite.
func FuzzGuard(f *testing.F) {
	for _, seed := range []string{
		`SELECT * FROM a WHERE tenant_id = $1`,
		`SELECT x.v FROM a x JOIN b y ON y.tenant_id = x.tenant_id AND y.id = x.id WHERE x.tenant_id = $1 OR x.id = '2'`,
		`SELECT x.v FROM a x LEFT JOIN b y USING (tenant_id, id) WHERE x.tenant_id = $1`,
		`SELECT v FROM a WHERE tenant_id = $1 UNION SELECT v FROM b WHERE tenant_id = $1 ORDER BY v`,
		`SELECT v FROM a WHERE tenant_id = $1 AND EXISTS (SELECT 1 FROM b WHERE b.tenant_id = a.tenant_id)`,
		`SELECT v FROM a WHERE tenant_id = $1 AND id IN (SELECT id FROM b WHERE tenant_id = $1)`,
		`WITH c AS (SELECT v FROM b WHERE tenant_id = $1) SELECT v FROM c`,
		`SELECT CASE WHEN id BETWEEN '1' AND '2' THEN v END FROM a WHERE tenant_id = $1`,
		`INSERT INTO a (tenant_id, id, v) VALUES ($1, '9', 'x') ON CONFLICT (tenant_id, id) DO UPDATE SET v = excluded.v`,
		`INSERT INTO a (tenant_id, id, v) SELECT $1, id || 'x', v FROM b WHERE tenant_id = $1 RETURNING v`,
		`UPDATE a SET v = b.v FROM b WHERE a.tenant_id = $1 AND b.tenant_id = a.tenant_id RETURNING a.v`,
		`UPDATE a SET (v, id) = ('x', 'y') WHERE tenant_id = $1 AND id = '1'`,
		`DELETE FROM a WHERE tenant_id = $1 AND v IS NOT DISTINCT FROM 'x' RETURNING *`,
		`SELECT f.text FROM users_search f JOIN users u ON f.rowid = u.seq WHERE u.tenant_id = $1`,
		`SELECT f.text FROM users u LEFT JOIN users_search f ON u.seq = f.rowid AND f.text <> 'x' WHERE u.tenant_id = $1`,
		"SELECT \"v\" -- x\nFROM \"a\" WHERE \"tenant_id\"=$1",
	} {
		f.Add(seed)
	}
	known := map[string]string{"a": "tenant_id", "b": "tenant_id", "g": "", "users": "tenant_id"}
	secret := ids.Token()
	handle := fuzzDatabase(f, secret)
	state := fingerprint(f, handle)
	f.Fuzz(func(t *testing.T, query string) {
		if _, err := judge(query, known); err != nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		tx, err := handle.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		if shown := show(ctx, tx, query); strings.Contains(shown, secret) {
			t.Fatalf("%q shows another tenant's row: %s", query, shown)
		}
		if now := fingerprint(t, tx); now != state {
			t.Fatalf("%q changes another tenant's row: %s", query, now)
		}
	})
}

func fuzzDatabase(f *testing.F, secret string) *sql.DB {
	f.Helper()
	handle, err := sql.Open("sqlite", "file::memory:")
	if err != nil {
		f.Fatal(err)
	}
	handle.SetMaxOpenConns(1)
	f.Cleanup(func() { _ = handle.Close() })
	for _, statement := range []string{
		`CREATE TABLE a (tenant_id TEXT, id TEXT, v TEXT, PRIMARY KEY (tenant_id, id)) STRICT`,
		`CREATE TABLE b (tenant_id TEXT, id TEXT, v TEXT, PRIMARY KEY (tenant_id, id)) STRICT`,
		`CREATE TABLE g (v TEXT) STRICT`,
		`INSERT INTO a VALUES ('mine', '1', 'x'), ('mine', '2', 'y'), ('other', '1', '` + secret + `'), ('other', '2', '` + secret + `')`,
		`INSERT INTO b SELECT * FROM a`,
		`CREATE TABLE users (seq INTEGER PRIMARY KEY, tenant_id TEXT, v TEXT) STRICT`,
		`CREATE TABLE users_search (text TEXT) STRICT`,
		`INSERT INTO users VALUES (1, 'mine', 'x'), (2, 'other', '` + secret + `')`,
		`INSERT INTO users_search VALUES ('x'), ('` + secret + `')`,
		`INSERT INTO g VALUES ('` + secret + `')`,
	} {
		if _, err := handle.Exec(statement); err != nil {
			f.Fatal(err)
		}
	}
	return handle
}

type reader interface {
	QueryRow(query string, args ...any) *sql.Row
}

// fingerprint is what the other tenant's rows hold.
func fingerprint(t testing.TB, from reader) string {
	t.Helper()
	var text sql.NullString
	err := from.QueryRow(`SELECT group_concat(row, ',') FROM (SELECT 'a' || id || v AS row FROM a WHERE tenant_id = 'other'
		UNION ALL SELECT 'u' || seq || v FROM users WHERE tenant_id = 'other' UNION ALL SELECT 's' || text FROM users_search WHERE rowid = 2
		UNION ALL SELECT 'b' || id || v FROM b WHERE tenant_id = 'other' UNION ALL SELECT 'g' || v FROM g ORDER BY 1)`).Scan(&text)
	if err != nil {
		t.Fatal(err)
	}
	return text.String
}

// show runs a statement for the tenant "mine" and returns all it yields; what
// SQLite refuses yields nothing.
func show(ctx context.Context, tx *sql.Tx, query string) string {
	rows, err := tx.QueryContext(ctx, query, "mine")
	if err != nil {
		return ""
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return ""
	}
	var text strings.Builder
	for rows.Next() {
		values := make([]any, len(columns))
		targets := make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		if rows.Scan(targets...) != nil {
			break
		}
		fmt.Fprintln(&text, values...)
	}
	return text.String()
}
