package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/role"
	"signet/internal/user"
	"signet/internal/user/transfer"
)

// world is a tenant with a default role, another one and one for machines.
type world struct {
	*testing.T

	db      *db.DB
	refused []string // "line code"
}

func open(t *testing.T, p *db.Pool) *world {
	t.Helper()
	w := &world{T: t, db: p.For("default")}
	err := w.db.Tx(t.Context(), func(tx *db.Tx) error {
		for _, r := range []role.Role{
			{Name: "member", Type: role.User, IsDefault: true}, {Name: "editor", Type: role.User}, {Name: "robot", Type: role.MachineToMachine},
		} {
			if _, err := role.Create(t.Context(), tx, 1, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) options(f transfer.Format) transfer.Options {
	w.refused = nil
	return transfer.Options{
		DB: w.db, Clock: clock.System, Hasher: crypt.NewHasher(crypt.HasherOptions{MemoryKiB: 64, Passes: 1}),
		Format: f, CaseSensitive: true,
		Refused: func(r transfer.Refusal) error {
			w.refused = append(w.refused, fmt.Sprintf("%d %s", r.Line, r.Err.Code))
			return nil
		},
	}
}

// imports demands that text becomes want users, and that the refused rows are
// these.
func (w *world) imports(o transfer.Options, text string, want transfer.Result, refused ...string) {
	w.Helper()
	got, err := transfer.Import(w.Context(), strings.NewReader(text), o)
	if err != nil || got != want || !slices.Equal(w.refused, refused) {
		w.Errorf("%.200q: %+v, refused %q, %v; want %+v, %q", text, got, w.refused, err, want, refused)
	}
}

// counted demands that there are n users, and as many are counted.
func (w *world) counted(n int) {
	w.Helper()
	rows, err := db.One[int](w.Context(), w.db, `SELECT count(*) FROM users WHERE tenant_id = $1`)
	total, err2 := db.Total(w.Context(), w.db, user.Counted, "")
	if err := errors.Join(err, err2); err != nil || rows != n || total != n {
		w.Errorf("%d users, %d counted, %v, want %d", rows, total, err, n)
	}
}

func (w *world) export(f transfer.Format, withHashes bool) string {
	w.Helper()
	var out bytes.Buffer
	if _, err := transfer.Export(w.Context(), w.db, &out, f, withHashes); err != nil {
		w.Fatal(err)
	}
	return out.String()
}

const everything = `{"id":"abc123","username":"Ada","primaryEmail":"Ada@Example.org","primaryPhone":"441632960961","name":"Ada, \"King\"\nof Lovelace","avatar":"https://example.org/a.png",` +
	`"profile":{"nickname":"A","address":{"locality":"London"}},"customData":{"plan":"pro","seats":[1,2.5],"big":1e21},"passwordDigest":"$2a$10$abc","passwordAlgorithm":"Bcrypt","createdAt":1600000000000,"isSuspended":true,"roles":["editor"]}`

// Who gives no roles gets the default ones and those that the configuration
// names; without one of these nobody is imported.
func TestImport_NamedDefaultRoles(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := open(t, p)
		o := w.options(transfer.NDJSON)
		o.DefaultRoles = []string{"editor"}
		w.imports(o, `{"id":"ada","username":"ada"}`+"\n"+`{"id":"bob","username":"bob","roles":[]}`, transfer.Result{Imported: 2})
		names, err := role.NamesOf(t.Context(), w.db, []string{"ada", "bob"})
		if want := map[string][]string{"ada": {"editor", "member"}}; err != nil || !reflect.DeepEqual(names, want) {
			t.Errorf("roles %v, %v", names, err)
		}
		o.DefaultRoles = []string{"robot"}
		if _, err := transfer.Import(t.Context(), strings.NewReader(`{"username":"cy"}`), o); !errors.Is(err, role.ErrDefaultMissing) {
			t.Errorf("with a role for machines: %v", err)
		}
		w.counted(2)
	})
}

func TestImport_StoresEveryColumn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := open(t, p)
		w.imports(w.options(transfer.NDJSON), everything+"\n"+`{"username":"bob","password":"correct horse","name":null,"avatar":""}`, transfer.Result{Imported: 2})
		w.counted(2)
		ada, err := user.ByEmail(t.Context(), w.db, "ada@example.org")
		if err != nil {
			t.Fatal(err)
		}
		if ada.ID != "abc123" || *ada.Name != "Ada, \"King\"\nof Lovelace" || *ada.Profile.Address.Locality != "London" || ada.CreatedAt != 1_600_000_000_000 ||
			!ada.IsSuspended || *ada.PasswordHash != "$2a$10$abc" || *ada.PasswordAlgorithm != "Bcrypt" || ada.CustomData["plan"] != "pro" {
			t.Errorf("stored %+v", ada)
		}
		bob, err := user.ByUsername(t.Context(), w.db, "bob", true)
		if err != nil || !strings.HasPrefix(*bob.PasswordHash, "$argon2id$") || len(bob.ID) != 12 || bob.Name != nil || bob.Avatar != nil {
			t.Errorf("bob is %+v, %v", bob, err)
		}
		names, err := role.NamesOf(t.Context(), w.db, []string{ada.ID, bob.ID})
		if want := map[string][]string{ada.ID: {"editor"}, bob.ID: {"member"}}; err != nil || !reflect.DeepEqual(names, want) {
			t.Errorf("roles %v, %v", names, err)
		}
		member, err := role.ByName(t.Context(), w.db, "member")
		if err != nil {
			t.Fatal(err)
		}
		if n, err := db.Total(t.Context(), w.db, user.CountedRoles, member.ID); n != 1 || err != nil {
			t.Errorf("%d holders are counted, %v", n, err)
		}
		if n, err := db.One[int](t.Context(), w.db, `SELECT count(*) FROM outbox_events WHERE tenant_id = $1`); n != 0 || err != nil {
			t.Errorf("%d events, %v", n, err)
		}
		o := w.options(transfer.NDJSON)
		o.Events = true
		w.imports(o, `{"username":"carol"}`, transfer.Result{Imported: 1})
		events, err := db.All[string](t.Context(), w.db, `SELECT name FROM outbox_events WHERE tenant_id = $1`)
		if err != nil || !slices.Equal(events, []string{"User.Created"}) {
			t.Errorf("events %q, %v", events, err)
		}
	})
}

// What an export holds makes the same users again.
func TestExport_RoundTrip(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := open(t, p)
		var text strings.Builder
		text.WriteString(everything + "\n")
		for i := range 1203 { // more than two pages
			fmt.Fprintf(&text, `{"username":"u_%d","name":"Zoë \u2028 <%d>","roles":[]}`+"\n", i, i)
		}
		w.imports(w.options(transfer.NDJSON), text.String(), transfer.Result{Imported: 1204})
		for _, f := range []transfer.Format{transfer.NDJSON, transfer.CSV} {
			out := w.export(f, true)
			fresh := open(t, dbtest.SQLite(t))
			fresh.imports(fresh.options(f), out, transfer.Result{Imported: 1204})
			if again := fresh.export(f, true); again != out {
				t.Errorf("%s: exported anew, it differs", f)
			}
			if plain := w.export(f, false); strings.Contains(plain, "$2a$") || strings.Contains(plain, "Bcrypt") {
				t.Errorf("%s: hashes without being asked for", f)
			}
		}
	})
}

func TestImport_RefusesRowsAndGoesOn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := open(t, p)
		w.imports(w.options(transfer.NDJSON), `{"id":"old","username":"old","primaryEmail":"old@example.org","primaryPhone":"4912345"}`, transfer.Result{Imported: 1})
		rows := []struct{ row, code string }{
			{`{"username":"old"}`, "user.username_already_in_use"},
			{`{"primaryEmail":"OLD@example.org"}`, "user.email_already_in_use"},
			{`{"primaryPhone":"4912345"}`, "user.phone_already_in_use"},
			{`{"id":"old"}`, "entity.unique_integrity_violation"},
			{`{"id":"thirteenchars"}`, "guard.invalid_input"},
			{`{"id":"../etc"}`, "guard.invalid_input"},
			{`{"username":"1a"}`, "guard.invalid_input"},
			{`{"username":"` + strings.Repeat("a", 129) + `"}`, "guard.invalid_input"},
			{`{"primaryEmail":"nobody"}`, "guard.invalid_input"},
			{`{"primaryPhone":"+4912"}`, "guard.invalid_input"},
			{`{"primaryPhone":"1"}`, "user.invalid_phone"},
			{`{"avatar":"javascript:alert(1)"}`, "guard.invalid_input"},
			{`{"profile":{"website":"javascript:alert(1)"}}`, "guard.invalid_input"},
			{`{"name":"a\u0000b"}`, "guard.invalid_input"},
			{`{"name":7}`, "guard.invalid_input"},
			{`{"nmae":"typo"}`, "guard.invalid_input"},
			{`{"createdAt":"yesterday"}`, "guard.invalid_input"},
			{`{"createdAt":-1}`, "guard.invalid_input"},
			{`{"createdAt":1e18}`, "guard.invalid_input"},
			{`{"createdAt":253402300800000}`, "guard.invalid_input"},
			{`{"password":"x","passwordDigest":"y","passwordAlgorithm":"MD5"}`, "user.password_and_digest"},
			{`{"passwordDigest":"y"}`, "user.password_algorithm_required"},
			{`{"passwordDigest":"y","passwordAlgorithm":"ROT13"}`, "password.unsupported_encryption_method"},
			{`{"passwordAlgorithm":"Legacy"}`, "password.unsupported_encryption_method"},
			{`{"passwordDigest":"[]","passwordAlgorithm":"Legacy"}`, "password.invalid_legacy_password_format"},
			{`{"passwordDigest":"[\"sm3\",[\"@\"],\"00\"]","passwordAlgorithm":"Legacy"}`, "password.unsupported_legacy_hash_algorithm"},
			{`{"roles":["nobody's"]}`, "entity.relation_foreign_key_not_found"},
			{`{"roles":["robot"]}`, "entity.db_constraint_violated"},
			{`{"roles":"editor"}`, "guard.invalid_input"},
			{`{"customData":[1]}`, "guard.invalid_input"},
			{`{"customData":` + strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 41), "guard.invalid_input"},
			{`{"profile":{"nickname":1}}`, "guard.invalid_input"},
			{`{"username":"a`, "request.malformed_json"},
			{`{"username":"ok"} {"username":"second"}`, "request.malformed_json"},
			{`[]`, "guard.invalid_input"},
			{`null`, "guard.invalid_input"},
			{`"text"`, "guard.invalid_input"},
			{"\x00\x00\x00", "request.malformed_json"},
			{"{\"name\":\"\xff\"}", "request.malformed_json"},
			{`{"name":"` + strings.Repeat("x", 10<<20) + `"}`, "request.too_large"},
		}
		text, refused := "\xef\xbb\xbf", []string{}
		for i, r := range rows {
			text += r.row + "\r\n"
			refused = append(refused, fmt.Sprintf("%d %s", i+1, r.code))
		}
		text += "\r\n\n" + `{"username":"good","passwordDigest":"d41d8cd98f00b204e9800998ecf8427e","passwordAlgorithm":"MD5"}` // no line end
		w.imports(w.options(transfer.NDJSON), text, transfer.Result{Imported: 1, Refused: len(rows)}, refused...)
		w.counted(2)
	})
}

func TestImport_CSV(t *testing.T) {
	t.Parallel()
	w := open(t, dbtest.SQLite(t))
	rows := "\xef\xbb\xbfusername,name,customData,isSuspended,roles\r\n" +
		"ada,\"King, \"\"Ada\"\"\r\nthe first\",\"{\"\"a\"\": 1}\",true,\"[\"\"editor\"\"]\"\r\n" + // lines 2 and 3
		"\r\n" +
		"bob,,,,\r\n" +
		"two,few\r\n" +
		"cy,a \"bare\" quote,,,\r\n" +
		"dan,,{no json},,\r\n" +
		"eve,,,maybe,\r\n" +
		"fay,\xff,,,\r\n" +
		"gus,a\x00b,,,\r\n" +
		"hal,\"" + strings.Repeat("x", 10<<20) + "\",,,\r\n" +
		"ivy,Ivy,,false,[]\r\n" +
		"joe,\"never closed,,,\r\nkim,,,,\r\n"
	w.imports(w.options(transfer.CSV), rows, transfer.Result{Imported: 3, Refused: 8},
		"6 guard.invalid_input", "7 guard.invalid_input", "8 guard.invalid_input", "9 guard.invalid_input",
		"10 guard.invalid_input", "11 guard.invalid_input", "12 request.too_large", "14 guard.invalid_input")
	w.counted(3)
	ada, err := user.ByUsername(t.Context(), w.db, "ada", true)
	if err != nil || *ada.Name != "King, \"Ada\"\nthe first" || !ada.IsSuspended || ada.CustomData["a"] != 1.0 {
		t.Errorf("ada is %+v, %v", ada, err)
	}
	for text, says := range map[string]string{
		"":                                   "empty",
		"username,nmae\nzed,x\n":             "nmae",
		"username,username\nzed,x\n":         "twice",
		"\"username\nzed\n":                  "first line",
		strings.Repeat("x", 2<<20) + "\nz\n": "first line",
	} {
		if r, err := transfer.Import(t.Context(), strings.NewReader(text), w.options(transfer.CSV)); err == nil || !strings.Contains(err.Error(), says) || r.Imported > 0 {
			t.Errorf("%.40q: %v", text, err)
		}
	}
	o := w.options(transfer.CSV)
	o.IgnoreUnknown = true
	w.imports(o, "username,favouriteColour\nzed,red\n", transfer.Result{Imported: 1})
}

// A second run, and a row that is there twice, make no second user.
func TestImport_SkipsWhoExists(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := open(t, p)
		rows := `{"username":"ada","primaryEmail":"ada@example.org"}` + "\n" + `{"username":"ada","primaryEmail":"ada@example.org"}` + "\n" + `{"id":"b","name":"no identifier"}` + "\n"
		for _, dry := range []bool{true, false} {
			o := w.options(transfer.NDJSON)
			o.DryRun = dry
			w.imports(o, rows, transfer.Result{Imported: 2, Refused: 1}, "2 user.username_already_in_use")
			w.counted(map[bool]int{true: 0, false: 2}[dry])
		}
		for _, dry := range []bool{true, false} {
			o := w.options(transfer.NDJSON)
			o.DryRun, o.SkipExisting = dry, true
			rows := rows + `{"username":"ada"}` + "\n" + // another address
				`{"username":"Ada","primaryEmail":"Ada@example.org"}` + "\n" +
				`{"id":"x","username":"ada","primaryEmail":"ada@example.org"}` + "\n" + // another id
				`{"username":"new","primaryEmail":"new@example.org"}` + "\n" + `{"username":"new","primaryEmail":"new@example.org"}` + "\n"
			w.imports(o, rows, transfer.Result{Imported: 1, Skipped: 4, Refused: 3},
				"4 user.username_already_in_use", "5 user.email_already_in_use", "6 user.username_already_in_use")
		}
		w.counted(3)
		// Where case does not count, neither does it here.
		o := w.options(transfer.NDJSON)
		o.CaseSensitive = false
		w.imports(o, `{"username":"ADA"}`, transfer.Result{Refused: 1}, "1 user.username_already_in_use")
	})
}

// interruption is an import of a file that is stopped now and then.
type interruption struct {
	*world

	format transfer.Format
	path   string
	text   string
}

func interrupted(t *testing.T, p *db.Pool, f transfer.Format) *interruption {
	in := &interruption{world: open(t, p), format: f, path: filepath.Join(t.TempDir(), "users")}
	if f == transfer.CSV {
		in.text = "name,avatar\n"
	}
	for i := range 1700 {
		// Without an identifier nothing but the state tells who is there.
		in.text += fmt.Sprintf(map[transfer.Format]string{transfer.NDJSON: "{\"name\":\"n%d\"}\n", transfer.CSV: "n%d,\n"}[f], i)
		if i == 700 {
			in.text += map[transfer.Format]string{transfer.NDJSON: "{\"avatar\":\"x\"}\n", transfer.CSV: ",x\n"}[f]
		}
	}
	in.write(in.path, in.text)
	return in
}

func (in *interruption) write(path, text string) {
	in.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		in.Fatal(err)
	}
}

// run imports until change stops it.
func (in *interruption) run(change func(o *transfer.Options, cancel func())) (transfer.Result, error) {
	in.Helper()
	file, err := os.Open(in.path)
	if err != nil {
		in.Fatal(err)
	}
	defer file.Close()
	ctx, cancel := context.WithCancel(in.Context())
	defer cancel()
	o := in.options(in.format)
	o.State, o.BatchRows = in.path+".state", 500
	change(&o, cancel)
	return transfer.Import(ctx, file, o)
}

// However an import ends, the next one stores every row once.
func TestImport_GoesOnWhereItWasInterrupted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		for f, p := range map[transfer.Format]*db.Pool{transfer.NDJSON: p, transfer.CSV: dbtest.SQLite(t)} {
			in := interrupted(t, p, f)
			r, err := in.run(func(o *transfer.Options, cancel func()) { o.Progress = func(transfer.Progress) { cancel() } })
			if !errors.Is(err, context.Canceled) || r.Imported != 500 {
				t.Fatalf("%+v, %v", r, err)
			}
			// As if it had ended before the second batch was stored…
			state, err := os.ReadFile(in.path + ".state")
			if err != nil {
				t.Fatal(err)
			}
			in.write(in.path+".state", strings.TrimSuffix(string(state), "}")+`,"next":{"offset":99999,"line":999,"result":{"imported":999},"witness":"nobody"}}`)
			// …and now it ends when the second is stored, and nobody has noted it.
			broken := errors.New("broken")
			r, err = in.run(func(o *transfer.Options, _ func()) { o.Refused = func(transfer.Refusal) error { return broken } })
			if !errors.Is(err, broken) {
				t.Fatalf("%+v, %v", r, err)
			}
			in.counted(999)
			in.write(in.path, strings.ToUpper(in.text))
			if _, err := in.run(func(*transfer.Options, func()) {}); err == nil || !strings.Contains(err.Error(), "changed") {
				t.Errorf("another file: %v", err)
			}
			in.counted(999)
			in.write(in.path, in.text)
			if r, err = in.run(func(*transfer.Options, func()) {}); err != nil || r != (transfer.Result{Imported: 1700, Refused: 1}) {
				t.Fatalf("%+v, %v", r, err)
			}
			in.counted(1700)
			if n, err := db.One[int](t.Context(), in.db, `SELECT count(DISTINCT name) FROM users WHERE tenant_id = $1`); n != 1700 || err != nil {
				t.Errorf("%d names, %v", n, err)
			}
			if _, err := os.Stat(in.path + ".state"); !os.IsNotExist(err) {
				t.Errorf("the state is still there: %v", err)
			}
		}
	})
}

// Others take names while an import runs: it refuses those rows and loses none.
func TestImport_BesideOthers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := open(t, p)
		var text strings.Builder
		for i := range 1000 {
			fmt.Fprintf(&text, `{"username":"u_%d"}`+"\n", i)
		}
		o := w.options(transfer.NDJSON)
		others, done := make(chan int), make(chan struct{})
		go func() {
			taken := 0
			for i := 999; i >= 0; i -= 7 {
				select {
				case <-done:
				default:
					err := w.db.Tx(context.Background(), func(tx *db.Tx) error {
						_, err := user.Create(context.Background(), tx, 1, user.New{Username: fmt.Sprintf("u_%d", i), CaseSensitive: true})
						return err
					})
					if err == nil {
						taken++
					} else if !errors.Is(err, user.ErrUsernameTaken) {
						t.Error(err)
					}
				}
			}
			others <- taken
		}()
		r, err := transfer.Import(t.Context(), strings.NewReader(text.String()), o)
		close(done)
		if taken := <-others; err != nil || r.Imported+r.Refused != 1000 || r.Refused > taken || r.Imported+taken != 1000 {
			t.Errorf("%+v, %d taken by others, %v", r, taken, err)
		}
		w.counted(1000)
	})
}
