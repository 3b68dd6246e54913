package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"signet/internal/platform/db"
)

// perPage is how many rows a page of a list has.
const perPage = 20

// hits is what a search is to find among the large crowd, so that a figure
// stands for what its name says.
type hits int

const (
	anything hits = iota
	nobody
	few  // 1 to 1000
	many // more than are counted
)

func (h hits) agrees(a answer) bool {
	switch h {
	case nobody:
		return a.total == 0
	case few:
		return a.total >= 1 && a.total <= 1000
	case many:
		return a.isCapped
	}
	return true
}

// operation is one of those that are measured.
type operation struct {
	name string
	call func(ctx context.Context, s *site, r *rand.Rand) (answer, error)
	// undo, if it is there, follows each call unmeasured.
	undo func(ctx context.Context, s *site, r *rand.Rand) error

	finds hits
	// isSteady demands that many people cost hardly more time than few.
	isSteady bool
	// isIndexed is a search that an index can answer: three characters or more
	// that at most 1000 people match.
	isIndexed bool
}

// limit is what the slowest hundredth may take.
func (o operation) limit(d db.Dialect) time.Duration {
	switch {
	case o.isIndexed && d == db.Postgres:
		return 150 * time.Millisecond
	case o.isIndexed:
		return 250 * time.Millisecond
	}
	return time.Second
}

// get calls a path whose verbs path fills.
func get(format string, path func(s *site, r *rand.Rand) []any) func(context.Context, *site, *rand.Rand) (answer, error) {
	return func(ctx context.Context, s *site, r *rand.Rand) (answer, error) {
		return s.api.call(ctx, "GET", fmt.Sprintf(format, path(s, r)...), nil, nil)
	}
}

func (s *site) anybody(r *rand.Rand) *someone { return s.crowd.row(r.IntN(int(s.crowd))) }

// dailyOperations are lists and changes, which come last: newcomers have no role
// yet and would stand before everybody who has.
var dailyOperations = []operation{
	{name: "List, first page", isSteady: true, call: get("/api/users?page_size=%d", func(*site, *rand.Rand) []any { return []any{perPage} })},
	{name: "List, the page in the middle", call: get("/api/users?page_size=%d&page=%d", func(s *site, _ *rand.Rand) []any {
		return []any{perPage, 1 + int(s.crowd)/2/perPage}
	})},
	{name: "List, the last page", call: get("/api/users?page_size=%d&page=%d", func(s *site, _ *rand.Rand) []any {
		return []any{perPage, int(s.crowd) / perPage}
	})},
	{name: "Read one by id", isSteady: true, call: get("/api/users/%s", func(s *site, r *rand.Rand) []any { return []any{s.anybody(r).ID} })},
	{name: "List roles with their numbers of holders", call: get("/api/roles?page_size=%d", func(*site, *rand.Rand) []any { return []any{perPage} })},
	{name: "List the holders of a role that six of ten have", call: get("/api/roles/%s/users?page_size=%d", func(s *site, _ *rand.Rand) []any {
		return []any{s.Roles[roleMost], perPage}
	})},
	{name: "List the holders of a rare role", call: get("/api/roles/%s/users?page_size=%d", func(s *site, _ *rand.Rand) []any {
		return []any{s.Roles[roleFew], perPage}
	})},
	{name: "List who lacks a role that six of ten have", call: get("/api/users?page_size=%d&excludeRoleId=%s", func(s *site, _ *rand.Rand) []any {
		return []any{perPage, s.Roles[roleMost]}
	})},
	{name: "List the members of an organization", call: get("/api/organizations/%s/users?page_size=%d", func(s *site, _ *rand.Rand) []any {
		return []any{s.Organizations[0], perPage}
	})},
	{name: "Patch one: name and custom data", call: func(ctx context.Context, s *site, r *rand.Rand) (answer, error) {
		p := s.anybody(r)
		return s.api.call(ctx, "PATCH", "/api/users/"+p.ID, map[string]any{
			"name": p.Name + " " + strings.ToUpper(draw(r, lowercase, 1)) + ".", "customData": map[string]any{"visits": r.IntN(1000)},
		}, nil)
	}},
	{name: "Create one", call: func(ctx context.Context, s *site, _ *rand.Rand) (answer, error) {
		p := s.newcomer()
		body := map[string]any{
			"name": p.Name, "profile": p.Profile, "customData": p.CustomData,
			"passwordDigest": p.PasswordDigest, "passwordAlgorithm": p.PasswordAlgorithm,
		}
		if p.Username != "" {
			body["username"] = p.Username
		}
		if p.PrimaryEmail != "" {
			body["primaryEmail"] = p.PrimaryEmail
		}
		return s.api.call(ctx, "POST", "/api/users", body, nil)
	}},
	{name: "Give a role", call: func(ctx context.Context, s *site, r *rand.Rand) (answer, error) {
		return s.api.call(ctx, "POST", "/api/users/"+s.anybody(r).ID+"/roles", map[string]any{"roleIds": []string{s.Roles[roleNew]}}, nil)
	}, undo: func(ctx context.Context, s *site, r *rand.Rand) error {
		p := s.anybody(r)
		own := []string{} // replaced as a whole: two clients may have met the same person
		for _, name := range p.Roles {
			own = append(own, s.Roles[name])
		}
		_, err := s.api.call(ctx, "PUT", "/api/users/"+p.ID+"/roles", map[string]any{"roleIds": own}, nil)
		return err
	}},
}

// finding is an operation that searches for what looked returns.
func finding(o operation, looked func(s *site, r *rand.Rand) url.Values) operation {
	return in("/api/users?", o, looked)
}

func in(path string, o operation, looked func(s *site, r *rand.Rand) url.Values) operation {
	o.call = func(ctx context.Context, s *site, r *rand.Rand) (answer, error) {
		query := looked(s, r)
		query.Set("page_size", fmt.Sprint(perPage))
		p := strings.NewReplacer("{most}", s.Roles[roleMost], "{few}", s.Roles[roleFew], "{first}", s.Organizations[0]).Replace(path)
		return s.api.call(ctx, "GET", p+query.Encode(), nil, nil)
	}
	return o
}

// always looks for the same.
func always(pairs ...string) func(*site, *rand.Rand) url.Values {
	return func(*site, *rand.Rand) url.Values { return query(pairs...) }
}

func query(pairs ...string) url.Values {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return values
}

// with draws somebody who has what is wanted.
func (s *site) with(r *rand.Rand, wanted func(*someone) string) string {
	for {
		if value := wanted(s.anybody(r)); value != "" {
			return value
		}
	}
}

func email(p *someone) string    { return p.PrimaryEmail }
func username(p *someone) string { return p.Username }
func phone(p *someone) string    { return p.PrimaryPhone }

// beginning is the part of an address that few share.
func beginning(email string) string {
	local, _, _ := strings.Cut(email, "@")
	return local[:len(local)-1]
}

// theirs is a regular expression for an address, by the number in it.
func theirs(email string) string {
	local, _, _ := strings.Cut(email, "@")
	return "^[a-z.]+" + local[strings.IndexAny(local, digits):] + "@"
}

// searches by what an index can do with them.
var searches = []operation{
	finding(operation{name: "Beginning of an e-mail address, `search.primaryEmail=anna.weber12%`", finds: few, isIndexed: true}, func(s *site, r *rand.Rand) url.Values {
		return query("search.primaryEmail", beginning(s.with(r, email))+"%")
	}),
	finding(operation{name: "An e-mail address in another case, `mode=exact`", finds: few, isIndexed: true}, func(s *site, r *rand.Rand) url.Values {
		return query("search.primaryEmail", strings.ToUpper(s.with(r, email)), "mode", "exact")
	}),
	finding(operation{name: "A username in all fields, `mode=exact`", finds: few, isIndexed: true}, func(s *site, r *rand.Rand) url.Values {
		return query("search", s.with(r, username), "mode", "exact")
	}),
	finding(operation{name: "The same with `isCaseSensitive=true`", finds: few, isIndexed: true}, func(s *site, r *rand.Rand) url.Values {
		return query("search", s.with(r, username), "mode", "exact", "isCaseSensitive", "true")
	}),
	finding(operation{name: "Part of a username, `%ber_xkq%`", finds: few, isIndexed: true}, func(s *site, r *rand.Rand) url.Values {
		name := s.with(r, username)
		at := strings.IndexByte(name, '_')
		return query("search", "%"+strings.ReplaceAll(name[max(0, at-3):at+4], "_", `\_`)+"%")
	}),
	finding(operation{name: "A phone number's end, `%0012345`", finds: few, isIndexed: true}, func(s *site, r *rand.Rand) url.Values {
		return query("search", "%"+s.with(r, phone)[6:])
	}),
	finding(operation{name: "A rare name beyond ASCII, `%amélie visser%`", finds: few, isIndexed: true}, always("search", "%AMÉLIE VISSER%")),
	finding(operation{name: "The same with `isCaseSensitive=true`", finds: few, isIndexed: true}, always("search", "%Amélie Visser%", "isCaseSensitive", "true")),
	finding(operation{name: "Rare name and kind of address, `joint=and`", finds: few, isIndexed: true}, always("search.name", "%quentin berg%", "search.primaryEmail", "%@company%", "joint", "and")),
	finding(operation{name: "Two rare names, `joint=or`", finds: few, isIndexed: true}, always("search.name", "%quentin berg%", "search.username", "%visser\\_a%")),
	finding(operation{name: "Nobody, `%qzxwvk%`", finds: nobody, isIndexed: true}, always("search", "%qzxwvk%")),
	finding(operation{name: "Nobody, of frequent letters, `%anna müllerin%`", finds: nobody, isIndexed: true}, always("search", "%anna müllerin%")),
	finding(operation{name: "One of a hundred, `%weber%`", finds: many}, always("search", "%weber%")),
	finding(operation{name: "Nearly everybody, `%example%`", finds: many}, always("search", "%example%")),
	finding(operation{name: "The same, page 400", finds: many}, always("search", "%example%", "page", "400")),
	finding(operation{name: "In a field where nobody has it, `search.name=%example%`", finds: nobody}, always("search.name", "%example%")),
	finding(operation{name: "Two frequent ones, `joint=and`", finds: many}, always("search.name", "%anna%", "search.primaryEmail", "%company%", "joint", "and")),
	finding(operation{name: "Two frequent ones, `joint=or`", finds: many}, always("search.name", "%anna%", "search.username", "%weber%")),
	finding(operation{name: "Two letters that many have, `%an%`", finds: many}, always("search", "%an%")),
	finding(operation{name: "Two letters that nobody has, `%ßß%`", finds: nobody}, always("search", "%ßß%")),
	finding(operation{name: "A wildcard within, `%anna%berg%`", finds: few}, always("search", "%zoë%visser%")),
	finding(operation{name: "`mode=posix`, many", finds: many}, always("search.name", "^(Anna|Maria) ", "mode", "posix")),
	finding(operation{name: "`mode=posix`, few", finds: few}, func(s *site, r *rand.Rand) url.Values {
		return query("search.primaryEmail", theirs(s.with(r, email)), "mode", "posix")
	}),
	finding(operation{name: "`mode=posix` without three letters in a row, nobody", finds: nobody}, always("search", "[0-9]q[0-9]q[0-9]q[0-9]q$", "mode", "posix")),
	finding(operation{name: "`mode=similar_to`, few", finds: few}, always("search.name", "(Zoë|Quentin) (Visser|Berg)", "mode", "similar_to", "isCaseSensitive", "true")),
	in("/api/roles/{most}/users?", operation{name: "`%weber%` among the holders of a role that six of ten have"}, always("search", "%weber%")),
	in("/api/roles/{most}/users?", operation{name: "A rare name there", finds: few, isIndexed: true}, always("search", "%quentin berg%")),
	in("/api/roles/{few}/users?", operation{name: "`%a%` among the holders of a rare role", finds: few}, always("search", "%a%")),
	in("/api/users?excludeRoleId={few}&", operation{name: "`%weber%` among those who lack a role", finds: many}, always("search", "%weber%")),
	in("/api/organizations/{first}/users?", operation{name: "Members of an organization, `q=weber`"}, always("q", "weber")),
}
