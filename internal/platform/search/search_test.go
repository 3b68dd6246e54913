package search

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/errs"
)

// fields are columns of users, which may be null.
var fields = []Field{
	{Name: "id", Column: "u.id"},
	{Name: "name", Column: "u.name"},
	{Name: "primaryEmail", Column: "u.primary_email"},
}

// people are id, name and email of the rows that tests search.
var people = [][3]string{
	{"1", "Anna", "anna@example.com"},
	{"2", "anna", "A.NNA@EXAMPLE.COM"},
	{"3", "ÄNNA Müller", ""},
	{"4", "100%", "percent_sign@example.org"},
	{"5", "1000", "percentXsign@example.org"},
	{"6", `back\slash`, ""},
	{"7", "日本語", ""},
	{"8", "line\nbreak", ""},
	{"9", "Сергей", "\"quoted\"@example.net"},
	{"10", "", "nameless@example.com"},
	{"11", "a.c", ""},
	{"12", "abc", ""},
}

func fill(t testing.TB, p *db.Pool) *db.DB {
	t.Helper()
	text := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	d := p.For("default")
	for _, person := range people {
		if _, err := d.Exec(t.Context(), `INSERT INTO users (tenant_id, id, name, primary_email, search_text, created_at, updated_at)
			VALUES ($1, $2, $3, $4, '', 1, 1)`, person[0], text(person[1]), text(person[2])); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// find runs a search as a list would, beside another condition.
func find(ctx context.Context, d *db.DB, s *Search) ([]string, error) {
	condition, args, err := s.Condition(d.Dialect(), 3)
	if err != nil {
		return nil, err
	}
	var ids []string
	err = Within(ctx, func(ctx context.Context) (err error) {
		ids, err = db.All[string](ctx, d, `SELECT u.id FROM users u WHERE u.tenant_id = $1 AND u.id <> $2 AND `+condition+
			` ORDER BY CAST(u.id AS INTEGER)`, append([]any{"1000"}, args...)...)
		return err
	})
	return ids, err
}

func TestSearch(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := fill(t, p)
		for query, want := range map[string]string{
			"": "1 2 3 4 5 6 7 8 9 10 11 12",
			// like
			"search=anna":                          "1 2",
			"search=ann":                           "",
			"search=%25nna%25":                     "1 2 3",
			"search=%25nna%25&isCaseSensitive=1":   "1 2",
			"search=%25NNA%25&isCaseSensitive=Y":   "2 3",
			"search=%25NNA%25&isCaseSensitive=no":  "1 2 3",
			"search.name=änna m_ller":              "3",
			"search.name=ÄNNA MÜLLER":              "3",
			"search.name=СЕРГ%25":                  "9",
			"search.name=100_":                     "4 5",
			`search.name=100\%25`:                  "4",
			"search.primary_email=percent_sign%25": "4 5",
			`search.primaryEmail=percent\_sign%25`: "4",
			`search.name=back\\slash`:              "6",
			`search.name=back\slash`:               "",
			"search.name=__語":                      "7",
			"search.name=line_break":               "8",
			"search.name=line%25break":             "8",
			"search=%25":                           "1 2 3 4 5 6 7 8 9 10 11 12",
			"search.name=%25":                      "1 2 3 4 5 6 7 8 9 11 12",
			"search.name=a.c":                      "11",
			`search.primaryEmail=%25"quoted"%25`:   "9",
			"search.name=' OR 1=1 --":              "",
			"search=%25NNA%25&mode=like":           "1 2 3",
			// exact
			"search=anna&mode=exact":                           "1 2",
			"search=anna&mode=exact&isCaseSensitive=true":      "2",
			"search.name=100%25&mode=exact":                    "4",
			"search.name=änna müller&mode.name=exact":          "3",
			"search.id=1&search.id=7&search.id=x&mode=exact":   "1 7",
			"search=7&search=abc&mode=exact":                   "7 12",
			"search.id=7&search.name=%25a%25&mode.id=exact":    "1 2 3 6 7 8 11 12",
			"search.name=ANNA&search.name=ABC&mode.name=exact": "1 2 12",
			// similar_to
			"search.name=(Anna|1_*)&mode=similar_to&isCaseSensitive=yes":    "1 4 5",
			"search.name=a[.b]c&mode.name=similar_to&isCaseSensitive=yep":   "11 12",
			"search.name=a.c&mode=similar_to&isCaseSensitive=yeah":          "11",
			"search.name=%25\n%25&mode=similar_to&isCaseSensitive=true":     "8",
			`search.name=1%2b0{2}\%25&mode=similar_to&isCaseSensitive=true`: "4",
			"search.name=[日-本]%25&mode=similar_to&isCaseSensitive=true":     "7",
			// posix
			"search.name=^a.c$&mode=posix":                    "11 12",
			"search.name=A.C&mode=posix":                      "11 12",
			"search.name=A.C&mode=posix&isCaseSensitive=true": "",
			"search.name=nna&mode=posix":                      "1 2 3",
			"search.name=^ä&mode=posix":                       "3",
			"search.name=СЕР&mode=posix":                      "9",
			"search.name=e.b&mode=posix":                      "8",
			"search.name=^[[:digit:]]%2B$&mode=posix":         "5",
			// joint
			"search.name=anna&search.primaryEmail=anna@%25":           "1 2",
			"search.name=anna&search.primaryEmail=anna@%25&joint=or":  "1 2",
			"search.name=anna&search.primaryEmail=anna@%25&joint=and": "1",
			"search=%25nna%25&search.id=3&jointMode=and":              "3",
			"search=%25nna%25&search.id=4&jointMode=or":               "1 2 3 4",
			// what is no search
			"mode=exact&page=1&q=x&searching=y&isCaseSensitive=true": "1 2 3 4 5 6 7 8 9 10 11 12",
		} {
			values, err := url.ParseQuery(strings.NewReplacer("+", "%2B", ";", "%3B").Replace(query))
			if err != nil {
				t.Fatal(err)
			}
			s, err := Parse(values, fields)
			if err != nil {
				t.Errorf("%s: %v", query, err)
				continue
			}
			got, err := find(t.Context(), d, s)
			if err != nil || strings.Join(got, " ") != want {
				t.Errorf("%s: %v, want %s, %v", query, got, want, err)
			}
		}
	})
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", MaxValue+1)
	for query, reason := range map[string]string{
		"search=":                               "empty",
		"search.name=":                          "empty",
		"search=a&search=b":                     "Several values",
		"search.name=a&search.name=b&mode=like": "Several values",
		"search.primaryEmail=a&search.primary_email=b":                  "Several values",
		"search.name=a&search.name=b&mode.id=exact":                     "Several values",
		"search.name=a&mode=fuzzy":                                      "mode",
		"search.name=a&mode=":                                           "mode",
		"search.name=a&mode.name=LIKE":                                  "mode",
		"search.name=a&mode=like&mode=exact":                            "more than once",
		"search.name=a&mode.primaryEmail=like&mode.primary_email=exact": "more than once",
		"search.name=a&mode.nick=like":                                  "no field",
		"search.nick=a":                                                 "no field",
		"search.=a":                                                     "no field",
		"search.PrimaryEmail=a":                                         "no field",
		"search.name.first=a":                                           "no field",
		"search.name=a&joint=xor":                                       "or, and",
		"search.name=a&joint=":                                          "or, and",
		"search.name=a&jointMode=AND":                                   "or, and",
		"search.name=a&joint=or&joint=and":                              "more than once",
		"search.name=a&joint=or&jointMode=or":                           "more than once",
		"search=a&mode=similar_to":                                      "isCaseSensitive",
		"search.id=a&mode.id=similar_to&isCaseSensitive=0":              "isCaseSensitive",
		`search=a\`:      "escape",
		`search=a\\\`:    "escape",
		"search=" + long: "longer",
		"search=%00":     "no text",
		"search=%ff":     "no text",
		"mode=exact" + strings.Repeat("&search=x", MaxValues+1): "more than",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Parse(values, fields)
		e, ok := errs.As(err)
		if !ok || !errors.Is(err, ErrInvalid) || e.Status != 400 || !strings.Contains(e.Detail, reason) || e.Args["reason"] != e.Detail {
			t.Errorf("%.60s: %v", query, err)
		}
	}
}

// What only the database's engine can tell is refused all the same.
func TestBadPatternIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := fill(t, p)
		for _, mode := range []Mode{POSIX, SimilarTo} {
			for _, pattern := range []string{"(", "a)", "[a", "a**", "*a", "[z-a]", "a{2,1}", "[[:nothing:]]", `\1`} {
				s := &Search{Terms: []Term{{Fields: fields, Mode: mode, Values: []string{pattern}}}, CaseSensitive: true}
				if got, err := find(t.Context(), d, s); !errors.Is(err, ErrInvalid) {
					t.Errorf("%s %q: %v, %v", mode, pattern, got, err)
				}
			}
		}
	})
}

func TestExpensiveExpressionIsRefused(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"(a{1,30}){1,30}(b{1,30}){1,30}(c{1,30}){1,30}(d{1,30}){1,30}(e{1,30}){1,30}(f{1,30}){1,30}", "(a{1000}){1000}"} {
		s := &Search{Terms: []Term{{Fields: fields, Mode: POSIX, Values: []string{pattern}}}}
		if _, _, err := s.Condition(db.SQLite, 2); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}

func TestContaining(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := fill(t, p)
		for text, want := range map[string]string{
			"": "1 2 3 4 5 6 7 8 9 10 11 12", "NNA": "1 2 3", "%": "4", "t_s": "4", `k\s`: "6", "本": "7",
		} {
			s, err := Containing(text, fields)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := find(t.Context(), d, s); err != nil || strings.Join(got, " ") != want {
				t.Errorf("%q: %v, want %s, %v", text, got, want, err)
			}
		}
	})
	for _, text := range []string{strings.Repeat("x", MaxValue+1), "\x00", "\xff"} {
		if _, err := Containing(text, fields); !errors.Is(err, ErrInvalid) {
			t.Errorf("%.10q: %v", text, err)
		}
	}
}

func TestSearchThatTakesTooLong(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		endless := func(ctx context.Context) error {
			_, err := db.One[int](ctx, p.For("default"), `WITH RECURSIVE n AS (SELECT 1 AS i WHERE CAST($1 AS text) <> ''
				UNION ALL SELECT i + 1 FROM n WHERE i < 4000000000) SELECT count(*) FROM n`)
			return err
		}
		err := within(t.Context(), 50*time.Millisecond, endless)
		if e, ok := errs.As(err); !ok || !errors.Is(err, ErrTooBroad) || e.Status != 422 {
			t.Errorf("%v", err)
		}
		// A caller whose own time runs out has not searched too broadly.
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := within(ctx, time.Minute, endless); err == nil || errors.Is(err, ErrTooBroad) {
			t.Errorf("%v", err)
		}
	})
}

// FuzzParse holds that whatever is accepted makes a statement that both engines
// accept: placeholders and arguments agree and no value becomes SQL.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"search=%25a%25&isCaseSensitive=true", "search.primary_email=a&search.id=b&mode=exact&joint=and",
		"search=a'b\"c$1&mode=posix", "search.name=(a|b)%25&mode.name=similar_to&isCaseSensitive=1", `search=\%25\_\\`,
	} {
		f.Add(seed)
	}
	handles := []*db.DB{fill(f, dbtest.SQLite(f)), fill(f, dbtest.Postgres(f))}
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		s, err := Parse(values, fields)
		if err != nil {
			if !errors.Is(err, ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		var found [2][]string
		for i, d := range handles {
			found[i], err = find(t.Context(), d, s)
			if errors.Is(err, ErrInvalid) || errors.Is(err, ErrTooBroad) {
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", d.Dialect(), err)
			}
		}
		// Regular expressions are of two dialects, and the case of few letters
		// depends on their neighbours.
		for _, term := range s.Terms {
			if term.Mode == POSIX || term.Mode == SimilarTo || !s.CaseSensitive && strings.ContainsFunc(term.Values[0], func(r rune) bool { return r > 0x4ff || r == 'İ' }) {
				return
			}
		}
		if !slices.Equal(found[0], found[1]) {
			t.Fatalf("SQLite finds %v, PostgreSQL %v", found[0], found[1])
		}
	})
}
