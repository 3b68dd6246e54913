package user

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

func TestSearch_CapsTheTotal(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := people(t, p)
		insertMany(t, d, MaxTotal)
		f := Filter{Search: parsed(t, "search=%25body%25")}
		if _, found := find(t, d, f, Page{Limit: 5}); found.Total != MaxTotal || found.IsCapped {
			t.Errorf("%d, capped %v", found.Total, found.IsCapped)
		}
		people(t, p, New{ID: "one more", Name: "everybody"})
		for offset, users := range map[int]int{0: 5, MaxTotal - 2: 2, MaxTotal: 0, 2 * MaxTotal: 0} {
			if _, found := find(t, d, f, Page{Limit: 5, Offset: offset}); found.Total != MaxTotal || !found.IsCapped || len(found.Users) != users {
				t.Errorf("from %d: %d users of %d, capped %v", offset, len(found.Users), found.Total, found.IsCapped)
			}
		}
	})
}

// Where the first candidates have few hits, everybody is looked at.
func TestSearch_LooksBeyondTheFirstCandidates(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := people(t, p, New{ID: "somebody", Name: "Ärger ßß"})
		enough := map[db.Dialect]int{db.SQLite: max(maxCandidates, 2*fewNewest) + 1, db.Postgres: maxNewest}[d.Dialect()]
		insertCalled(t, d, enough, spread)
		people(t, p, New{ID: "newest", Name: "ßß", Username: "somebody"})
		for query, want := range map[string]string{
			"search.id=%25somebody%25":                                    "somebody",
			"search.username=%25somebody%25":                              "newest",
			"search.id=%25somebody%25&search.name=%25ger%25&joint=and":    "somebody",
			"search=%25ßß%25":                                             "somebody newest",
			"search.name=^.rger ßß$&mode=posix":                           "somebody",
			"search.username=s.*ody&mode=posix&search.name=.s*&joint=and": "newest",
		} {
			if ids, found := find(t, d, Filter{Search: parsed(t, query)}, Page{Limit: 5}); ids != want || found.Total != len(found.Users) {
				t.Errorf("%s: %s of %d", query, ids, found.Total)
			}
		}
		// Readers who share the work find what a single one finds, of which a
		// transaction has no more.
		for query, total := range map[string]int{"search=%25me%25": MaxTotal, "search.id=%255%25": MaxTotal, "search.id=%2555%25": -1, "search=^.a.*5.?5$&mode=posix": -1, "search.id=0%250": -1, "search=ß%25": 1} {
			for _, offset := range []int{0, 1, MaxTotal - 5, 2 * MaxTotal} {
				page := Page{Limit: 10, Offset: offset}
				got, found := find(t, d, Filter{Search: parsed(t, query)}, page)
				err := d.Tx(t.Context(), func(tx *db.Tx) error {
					want, alone := find(t, tx, Filter{Search: parsed(t, query)}, page)
					if got != want || found.Total != alone.Total || found.IsCapped != alone.IsCapped || total >= 0 && found.Total != total {
						t.Errorf("%s from %d: %s of %d, a single reader %s of %d", query, offset, got, found.Total, want, alone.Total)
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// Every user is in one of the stretches of a scan.
func TestFullScan_StretchesMeet(t *testing.T) {
	t.Parallel()
	d := people(t, dbtest.SQLite(t))
	const users, n = 5_000, 4
	insertCalled(t, d, users, spread)
	l := listing{q: d, filter: Filter{Search: parsed(t, "search=%25me%25")}}
	s, err := l.statement()
	if err != nil {
		t.Fatal(err)
	}
	times, err := l.sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i := range n {
		found, err := l.stretch(t.Context(), s, quantile(times, i, n), quantile(times, i+1, n))
		if err != nil || len(found) < users/n/2 || len(found) > users/n*2 {
			t.Errorf("stretch %d has %d users, %v", i, len(found), err)
		}
		for _, h := range found {
			if seen[h.ID] {
				t.Errorf("%s is in two stretches", h.ID)
			}
			seen[h.ID] = true
		}
	}
	if len(seen) != users {
		t.Errorf("%d of %d users are in a stretch", len(seen), users)
	}
}

// spread returns ids as random as real ones, the same every time.
func spread(i int) string { return fmt.Sprintf("%016x", rand.NewPCG(7, uint64(i)).Uint64()) }

// However a search finds them, members of an organization are listed by id.
func TestSearch_ListsMembersByID(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := people(t, p)
		insertMany(t, d, fewLinks+1)
		belong(t, d, "", "o")
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			if _, err := tx.Exec(t.Context(), `INSERT INTO organization_users (tenant_id, organization_id, user_id, created_at) SELECT $1, 'o', id, 1 FROM users WHERE tenant_id = $1`); err != nil {
				return err
			}
			ids, err := db.All[string](t.Context(), tx, `SELECT id FROM users WHERE tenant_id = $1`)
			if err != nil {
				return err
			}
			return db.CountMany(t.Context(), tx, CountedOrganizations, "o", ids, 1)
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, query := range []string{"search=%25some%25", "search.name=some%25", "search.name=%25me%25", "search.name=.m.b.&mode=posix", "search.name=%25some%25&isCaseSensitive=true"} {
			ids, found := find(t, d, Filter{OrganizationID: "o", Search: parsed(t, query)}, Page{Limit: 2, Offset: 1})
			if ids != "many00000001 many00000002" || found.Total != fewLinks+1 {
				t.Errorf("%s: %s of %d", query, ids, found.Total)
			}
		}
	})
}

// insertMany creates n users called "somebody", one per millisecond.
func insertMany(t testing.TB, d *db.DB, n int) {
	t.Helper()
	insertCalled(t, d, n, func(i int) string { return fmt.Sprintf("many%08d", i) })
}

// insertCalled does so with the ids of a function.
func insertCalled(t testing.TB, d *db.DB, n int, id func(i int) string) {
	t.Helper()
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		for first := 0; first < n; first += 500 {
			var rows, ids []string
			var args []any
			for i := first; i < min(first+500, n); i++ {
				u := User{ID: id(i), Name: set("somebody")}
				ids = append(ids, u.ID)
				args = append(args, u.ID, u.Name, u.searchText(), i)
				k := len(args)
				rows = append(rows, fmt.Sprintf("($1, $%d, $%d, $%d, $%d, 1)", k-2, k-1, k, k+1))
			}
			if _, err := tx.Exec(t.Context(), `INSERT INTO users (tenant_id, id, name, search_text, created_at, updated_at) VALUES `+
				strings.Join(rows, ", "), args...); err != nil {
				return err
			}
			if err := db.CountMany(t.Context(), tx, Counted, "", ids, 1); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
