package user

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/search"
)

// people fills a tenant; the later in the list, the newer. It returns the
// handle.
func people(t testing.TB, p *db.Pool, all ...New) *db.DB {
	t.Helper()
	d := p.For("default")
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		for i, n := range all {
			if _, err := Create(t.Context(), tx, now+int64(i), n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func parsed(t testing.TB, query string) *search.Search {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	s, err := search.Parse(values, SearchFields)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return s
}

func find(t testing.TB, q db.Q, f Filter, page Page) (ids string, found *Found) {
	t.Helper()
	found, err := Search(t.Context(), q, f, page)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range found.Users {
		ids += " " + u.ID
	}
	return strings.TrimSpace(ids), found
}

func TestSearch_FindsUsers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := people(t, p,
			New{ID: "u1", Username: "robin_b", PrimaryEmail: "Robin@Example.com", Name: "Robin Berg"},
			New{ID: "u2", Username: "robinxb", PrimaryPhone: "4917212345", Name: "ROBIN ÄRGER", CaseSensitive: true},
			New{ID: "u3", PrimaryEmail: "berg@example.com", Name: "日本語の名前"},
			New{ID: "u4", Name: `100% "quoted" \ name`},
			New{ID: "u5", Name: "Jose\u0301"},
			New{ID: "u6", Name: "Bergrobin"},
			New{ID: "berg"},
		)
		// The tenant beside must stay out of every result.
		err := p.For("other").Tx(t.Context(), func(tx *db.Tx) error {
			_, err := Create(t.Context(), tx, now, New{ID: "u9", Name: "Robin Berg", Username: "robin_b"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for query, want := range map[string]string{
			"":                                     "berg u6 u5 u4 u3 u2 u1",
			"search=%25robin%25":                   "u6 u2 u1",
			"search=robin%25":                      "u2 u1",
			"search=%25robin":                      "u6",
			"search=berg":                          "berg",
			"search=%25berg%25robin%25":            "u6",
			"search=%25robin%25berg%25":            "u1",
			"search=robin_b":                       "u2 u1",
			`search=robin\_b`:                      "u1",
			"search=%25ROBIN%25&isCaseSensitive=1": "u2",
			"search=%25är%25":                      "u2",
			"search=%25ärger":                      "u2",
			"search=%25本語%25":                      "u3",
			"search=%25本語の%25":                     "u3",
			`search=%25"quoted"%25`:                "u4",
			`search=100\%25%25`:                    "u4",
			`search=%25\\ name`:                    "u4",
			"search=josé":                          "u5",
			"search=b%25":                          "berg u6 u3",
			"search=%25@ex%25":                     "u3 u1",
			"search.name=%25berg%25":               "u6 u1",
			"search.username=%25robin%25":          "u2 u1",
			"search.name=%25":                      "u6 u5 u4 u3 u2 u1",
			"search=%25":                           "berg u6 u5 u4 u3 u2 u1",
			"search.primaryPhone=49172%25":         "u2",
			"search.primary_email=robin@example.com&mode=exact":                      "u1",
			"search.primary_email=robin@example.com&mode=exact&isCaseSensitive=true": "",
			"search.id=u1&search.id=u3&search.id=u9&mode=exact":                      "u3 u1",
			"search.id=u1&mode=exact&isCaseSensitive=true":                           "u1",
			"search.name=%25robin%25&search.username=%25_b&joint=and":                "u2 u1",
			"search.name=%25robin%25&search.id=u1&joint=and":                         "u1",
			"search.name=%25quoted%25&search.id=u1":                                  "u4 u1",
			"search.name=%25quoted%25&search.id=__&joint=and":                        "u4",
			"search.name=^[rb].*n&mode=posix":                                        "u6 u2 u1",
			"search.name=%25(Berg|ÄRGER)&mode=similar_to&isCaseSensitive=1":          "u2 u1",
			"search=nobody":     "",
			"search=%25\x1f%25": "u4 u2 u1", // as a space
		} {
			s := parsed(t, query)
			ids, found := find(t, d, Filter{Search: s}, Page{Limit: 100})
			if ids != want || found.Total != len(found.Users) || found.IsCapped {
				t.Errorf("%q: %q of %d, want %q", query, ids, found.Total, want)
			}
		}
		for _, query := range []string{"search.name=(&mode=posix", "search.name=(&mode=similar_to&isCaseSensitive=1"} {
			if _, err := Search(t.Context(), d, Filter{Search: parsed(t, query)}, Page{Limit: 1}); !errors.Is(err, search.ErrInvalid) {
				t.Errorf("%s: %v", query, err)
			}
		}
	})
}

// The index only preselects: what it says must be what a plain look at every
// user says, whatever the pattern, and the same on both databases.
func TestSearch_AgreesWithAPlainScan(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 7))
	word := func(letters []string, n int) (w string) {
		for range n {
			w += letters[random.IntN(len(letters))]
		}
		return w
	}
	var all []New
	for i := range 120 {
		all = append(all, New{ID: fmt.Sprintf("%d%s", i, word([]string{"a", "b", "0"}, 3)),
			Name: word([]string{"a", "b", "A", "é", "e\u0301", "%", "_", `\`, "本", " ", "\u212a", "İ"}, 6), PrimaryEmail: fmt.Sprintf("%s%d@a.ba", word([]string{"a", "B", "é", "e\u0301", "\u00a0", "\u212a"}, 3), i),
			Username: fmt.Sprintf("%s%d", word([]string{"a", "B"}, 2), i), CaseSensitive: i%2 == 0})
	}
	var patterns, expressions []string
	for range 150 {
		patterns = append(patterns, word([]string{"a", "b", "A", "É", "e", "%", "%", "_", `\%`, `\_`, `\\`, "本", " ", "@", "k", "i"}, 1+random.IntN(6)))
		expressions = append(expressions, word([]string{"a", "b", "A", "É", "ab", "ba", "本", "(a|B)", "(ab|ba|é)", "[ab]", "_+", "A{2}", "b{0,1}", " ", "e"}, 1+random.IntN(4)))
	}
	var answers [2][]string
	t.Cleanup(func() {
		if !slices.Equal(answers[db.SQLite], answers[db.Postgres]) {
			t.Errorf("SQLite finds %q, PostgreSQL %q", answers[db.SQLite], answers[db.Postgres])
		}
	})
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := people(t, p, all...)
		queries := make([]url.Values, 0, 2*len(patterns))
		for i, pattern := range patterns {
			query := url.Values{"search": {pattern}}
			switch i % 4 {
			case 1:
				query.Set("isCaseSensitive", "true")
			case 2:
				query = url.Values{"search.name": {pattern}, "search.id": {"%a%"}, "joint": {"and"}}
			case 3:
				query.Set("search.id", "%0a%")
			}
			queries = append(queries, query)
		}
		for i, expression := range expressions {
			query := url.Values{"search": {expression}, "mode": {"posix"}}
			switch i % 4 {
			case 1:
				query.Set("search", "^"+expression)
			case 2:
				query = url.Values{"search.name": {expression + "$"}, "mode": {"posix"}, "isCaseSensitive": {"true"}}
			case 3:
				query = url.Values{"search.name": {"%" + expression + "%"}, "mode": {"similar_to"}, "isCaseSensitive": {"true"}}
			}
			queries = append(queries, query)
		}
		for i, n := range all {
			addresses := []string{strings.ToUpper(n.PrimaryEmail), all[(i+7)%len(all)].PrimaryEmail, " "}
			query := url.Values{"search.primaryEmail": addresses[:1+i%3], "mode": {"exact"}}
			switch i % 5 {
			case 1:
				query.Set("isCaseSensitive", "true")
			case 2:
				query = url.Values{"search.id": {n.ID, strings.ToUpper(n.ID)}, "mode": {"exact"}, "isCaseSensitive": {"true"}}
			case 3:
				query = url.Values{"search.username": {n.Username, strings.ToUpper(n.Username)}, "mode": {"exact"}, "isCaseSensitive": {"true"}}
			case 4:
				query.Set("search.id", n.ID)
				query.Set("joint", []string{"and", "or"}[i%2])
			}
			queries = append(queries, query)
		}
		for _, query := range queries {
			s, err := search.Parse(query, SearchFields)
			if err != nil {
				t.Fatal(err)
			}
			condition, args, err := s.Condition(d.Dialect(), 2)
			if err != nil {
				t.Fatal(err)
			}
			want, err := db.All[string](t.Context(), d, `SELECT u.id FROM users u WHERE u.tenant_id = $1 AND `+condition+` ORDER BY u.created_at DESC`, args...)
			if err != nil {
				t.Fatal(err)
			}
			got, found := find(t, d, Filter{Search: s}, Page{Limit: 200})
			if got != strings.Join(want, " ") || found.Total != len(want) {
				t.Errorf("%v: %q, a scan finds %q", query, got, want)
			}
			answers[d.Dialect()] = append(answers[d.Dialect()], fmt.Sprintf("%v: %s", query, got))
		}
	})
}

func TestSearch_Pages(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		var all []New
		var newest []string
		for i := range 11 {
			id := fmt.Sprintf("user%02d", i)
			all = append(all, New{ID: id, Name: "Somebody"})
			newest = append([]string{id}, newest...)
		}
		d := people(t, p, all...)
		for _, s := range []*search.Search{nil, parsed(t, "search=some%25"), parsed(t, "search=_o%25")} {
			for offset := range 13 {
				want := strings.Join(newest[min(offset, 11):min(offset+3, 11)], " ")
				if ids, found := find(t, d, Filter{Search: s}, Page{Limit: 3, Offset: offset}); ids != want || found.Total != 11 {
					t.Errorf("%+v from %d: %q of %d, want %q", s, offset, ids, found.Total, want)
				}
			}
		}
		for _, page := range []Page{{}, {Limit: 1, Offset: -1}} {
			if _, err := Search(t.Context(), d, Filter{}, page); err == nil {
				t.Errorf("%+v was read", page)
			}
		}
	})
}

func TestSearch_FiltersByLinks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := people(t, p, New{ID: "u3", Name: "Cleo"}, New{ID: "u1", Name: "Anna"}, New{ID: "u2", Name: "Ben"}, New{ID: "u4", Name: "Annabel"})
		belong(t, d, "r", "o", "u1", "u2")
		belong(t, d, "", "o", "u4")
		if _, err := d.Exec(t.Context(), `INSERT INTO organization_user_roles (tenant_id, user_id, organization_id, organization_role_id) VALUES ($1, 'u2', 'o', 'or')`); err != nil {
			t.Fatal(err)
		}
		anna := parsed(t, "search=%25anna%25")
		for _, c := range []struct {
			filter Filter
			want   string
		}{
			{Filter{RoleID: "r"}, "u2 u1"},
			{Filter{RoleID: "none"}, ""},
			{Filter{RoleID: "r", Search: anna}, "u1"},
			{Filter{OrganizationID: "o"}, "u1 u2 u4"},
			{Filter{OrganizationID: "o", Search: anna}, "u1 u4"},
			{Filter{OrganizationID: "o", OrganizationRoleID: "or"}, "u2"},
			{Filter{OrganizationID: "o", OrganizationRoleID: "or", Search: anna}, ""},
			{Filter{OrganizationID: "o", RoleID: "r"}, "u1 u2"},
			{Filter{OrganizationID: "o", ExcludeRoleID: "r"}, "u4"},
			{Filter{ExcludeRoleID: "r"}, "u4 u3"},
			{Filter{ExcludeRoleID: "none"}, "u4 u2 u1 u3"},
			{Filter{ExcludeOrganizationID: "o"}, "u3"},
			{Filter{ExcludeRoleID: "r", ExcludeOrganizationID: "o"}, "u3"},
			{Filter{ExcludeRoleID: "r", Search: anna}, "u4"},
			{Filter{ExcludeOrganizationID: "o", Search: anna}, ""},
		} {
			ids, found := find(t, d, c.filter, Page{Limit: 10})
			if ids != c.want || found.Total != len(found.Users) {
				t.Errorf("%+v: %q of %d, want %q", c.filter, ids, found.Total, c.want)
			}
			reversed := strings.Fields(c.want)
			if len(reversed) > 1 {
				if ids, _ := find(t, d, c.filter, Page{Limit: 1, Offset: len(reversed) - 1}); ids != reversed[len(reversed)-1] {
					t.Errorf("%+v: the last is %q", c.filter, ids)
				}
			}
		}
	})
}

// belong makes users hold a role and belong to an organization, which it creates.
func belong(t testing.TB, d *db.DB, role, organization string, users ...string) {
	t.Helper()
	err := d.Tx(t.Context(), func(tx *db.Tx) error {
		exec := func(statement string, args ...any) error {
			_, err := tx.Exec(t.Context(), statement, args...)
			return err
		}
		err := errors.Join(
			exec(`INSERT INTO roles (tenant_id, id, name, description, type, created_at) VALUES ($1, 'r', 'r', '', 'User', 1) ON CONFLICT DO NOTHING`),
			exec(`INSERT INTO organizations (tenant_id, id, name, search_text, created_at) VALUES ($1, 'o', 'o', '', 1) ON CONFLICT DO NOTHING`),
			exec(`INSERT INTO organization_roles (tenant_id, id, name) VALUES ($1, 'or', 'or') ON CONFLICT DO NOTHING`))
		if role != "" {
			for _, id := range users {
				err = errors.Join(err, exec(`INSERT INTO user_roles (tenant_id, user_id, role_id, created_at) VALUES ($1, $2, $3, 1)`, id, role))
			}
			err = errors.Join(err, db.CountMany(t.Context(), tx, CountedRoles, role, users, 1))
		}
		for _, id := range users {
			err = errors.Join(err, exec(`INSERT INTO organization_users (tenant_id, user_id, organization_id, created_at) VALUES ($1, $2, $3, 1)`, id, organization))
		}
		return errors.Join(err, db.CountMany(t.Context(), tx, CountedOrganizations, organization, users, 1))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCounts_StayRightBesideEachOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := people(t, p)
		belong(t, d, "", "o")
		var workers sync.WaitGroup
		for w := range 4 {
			workers.Go(func() {
				for i := range 8 {
					id := fmt.Sprintf("user%d%d", w, i)
					people(t, p, New{ID: id})
					belong(t, d, "r", "o", id)
					if i%2 == 0 {
						continue
					}
					for range 2 { // the second finds nobody and counts nothing
						err := d.Tx(t.Context(), func(tx *db.Tx) error { return Delete(t.Context(), tx, id) })
						if err != nil && !errors.Is(err, ErrNotFound) {
							t.Error(err)
						}
					}
				}
			})
		}
		workers.Wait()
		// A transaction that fails counts nothing.
		_ = d.Tx(t.Context(), func(tx *db.Tx) error {
			if _, err := Create(t.Context(), tx, now, New{}); err != nil {
				t.Error(err)
			}
			return errors.New("no")
		})
		for _, c := range counted {
			var ref string
			if c.kind != Counted {
				ref = map[string]string{CountedRoles: "r", CountedOrganizations: "o"}[c.kind]
			}
			counted, err := db.Total(t.Context(), d, c.kind, ref)
			rows, also := db.All[string](t.Context(), d, c.rows)
			if err != nil || also != nil || counted != 16 || len(rows) != 16 {
				t.Errorf("%s: %d counted, %d there, %v, %v", c.kind, counted, len(rows), err, also)
			}
		}
	})
}

func TestLongestRun(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		"%berg%": "berg exact", "berg%": "\x1fberg exact", "%berg": "berg\x1f exact", "berg": "\x1fberg\x1f exact",
		"%%berg%": "berg exact", "be%rge": "rge\x1f", "%be_rge%": "rge", "_berg%": "berg", "%": "", "_": "", "%_%": "",
		`%10\%%`: "10% exact", `%a\_b%`: "a_b exact", `a\\`: "\x1fa\\\x1f exact", "%a%": "a exact",
	} {
		run, exact := longestRun(pattern)
		if got := strings.TrimSpace(run + map[bool]string{true: " exact"}[exact]); got != want {
			t.Errorf("%q: %q, want %q", pattern, got, want)
		}
	}
	if got := matchExpression([][]string{{`a"bc`, "xyz"}, {"ab"}}); got != `(("a""b" AND """bc") OR ("xyz"))` {
		t.Error(got)
	}
	if slices.Contains(trigrams("aaaaaa"), "") || len(trigrams(strings.Repeat("abcdefghij", 9))) > maxTrigrams {
		t.Error("trigrams")
	}
}
