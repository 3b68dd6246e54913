package user

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"signet/internal/platform/db"
	"signet/internal/platform/search"
)

// What is counted in entity_counts. Who adds or removes a row counts it with
// db.Count, by the id of the user.
const (
	Counted              = "user"              // users of the tenant
	CountedRoles         = "role-user"         // holders; ref is the role
	CountedOrganizations = "organization-user" // members; ref is the organization
)

// MaxTotal is up to which number hits that nothing counts are counted.
const MaxTotal = 10_000

// SearchFields are the fields of a user that can be searched, in the order in
// which they stand in the search text.
var SearchFields = []search.Field{
	searchField("id", "id", 2), // part 1 is what stands before the first separator: nothing
	searchField("primaryEmail", "primary_email", 3),
	searchField("primaryPhone", "primary_phone", 4),
	searchField("username", "username", 5),
	searchField("name", "name", 6),
}

func searchField(name, column string, part int) search.Field {
	return search.Field{
		Name:   name,
		Column: "u." + column,
		Folded: fmt.Sprintf("split_part(u.search_text, '%s', %d)", searchSeparator, part),
		Fold:   FoldSearch,
	}
}

// Filter narrows a list of users; zero values do not.
type Filter struct {
	Search *search.Search // over SearchFields

	RoleID             string // who hold the role
	OrganizationID     string // who are members of the organization
	OrganizationRoleID string // who hold it in OrganizationID

	ExcludeRoleID         string // who do not hold the role
	ExcludeOrganizationID string // who are no members
}

// Page is a part of a list; Limit is at least 1.
type Page struct{ Limit, Offset int }

// Found is a page of users and how many there are in all. With IsCapped there
// are more than Total, which is then MaxTotal: no page reaches further.
type Found struct {
	Users    []User
	Total    int
	IsCapped bool
}

// Search returns a page of the users that pass the filter: members of an
// organization by id, all others newest first. It fails with the errors of
// package search.
func Search(ctx context.Context, q db.Q, f Filter, page Page) (*Found, error) {
	if page.Limit < 1 || page.Offset < 0 {
		return nil, fmt.Errorf("user: page of %d from %d", page.Limit, page.Offset)
	}
	l := listing{q: q, filter: f, page: page}
	known, err := l.count(ctx)
	if err != nil {
		return nil, err
	}
	if known {
		err = l.walk(ctx)
	} else {
		err = search.Within(ctx, l.look)
	}
	if err != nil {
		return nil, err
	}
	users, err := inOrder(ctx, q, l.ids)
	return &Found{Users: users, Total: l.total, IsCapped: l.capped}, err
}

// inOrder returns the users of the ids in their order, without those that were
// deleted meanwhile.
func inOrder(ctx context.Context, q db.Q, ids []string) ([]User, error) {
	users := make([]User, 0, len(ids))
	if len(ids) == 0 {
		return users, nil
	}
	s := statement{}
	places := make([]string, len(ids))
	for i, id := range ids {
		places[i] = s.bind(id)
	}
	rows, err := db.All[row](ctx, q, `SELECT `+columns+` FROM users
		WHERE tenant_id = $1 AND id IN (`+strings.Join(places, ", ")+`)`, s.args...)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*row, len(rows))
	for i := range rows {
		byID[rows[i].ID] = &rows[i]
	}
	for _, id := range ids {
		if r := byID[id]; r != nil {
			users = append(users, *r.user())
		}
	}
	return users, nil
}

// listing is the work of one Search.
type listing struct {
	q      db.Q
	filter Filter
	page   Page
	links  []link
	// isBroad has everybody looked at.
	isBroad bool

	ids    []string
	total  int
	capped bool
}

// link is a table that says which users belong to something.
type link struct {
	table, column, ref string
	total              int
}

// fewLinks is up to how many linked users a list starts from them; with more it
// starts from all users and asks each.
const fewLinks = 5_000

// count finds out how many users are linked, and the total if the counts know
// it.
func (l *listing) count(ctx context.Context) (known bool, err error) {
	f := l.filter
	for _, of := range []struct{ ref, table, column, kind string }{
		{f.RoleID, "user_roles", "role_id", CountedRoles},
		{f.OrganizationID, "organization_users", "organization_id", CountedOrganizations},
	} {
		if of.ref == "" {
			continue
		}
		total, err := db.Total(ctx, l.q, of.kind, of.ref)
		if err != nil {
			return false, err
		}
		l.links = append(l.links, link{of.table, of.column, of.ref, total})
	}
	excludes := f.ExcludeRoleID != "" || f.ExcludeOrganizationID != ""
	switch {
	case !f.Search.Empty(), f.OrganizationRoleID != "", len(l.links) > 1, len(l.links) > 0 && excludes,
		f.ExcludeRoleID != "" && f.ExcludeOrganizationID != "":
		return false, nil
	case len(l.links) == 1:
		l.total = l.links[0].total
		return true, nil
	}
	l.total, err = db.Total(ctx, l.q, Counted, "")
	if err != nil || !excludes {
		return true, err
	}
	kind, ref := CountedRoles, f.ExcludeRoleID
	if ref == "" {
		kind, ref = CountedOrganizations, f.ExcludeOrganizationID
	}
	out, err := db.Total(ctx, l.q, kind, ref)
	l.total = max(l.total-out, 0)
	return true, err
}

// walk reads the page of a list whose total is known, from the nearer end.
func (l *listing) walk(ctx context.Context) error {
	s, err := l.statement()
	if err != nil {
		return err
	}
	limit, offset, order := l.page.Limit, l.page.Offset, s.order
	reverse := offset > l.total/2
	if reverse {
		if offset >= l.total {
			return nil
		}
		order = s.reverse
		offset = l.total - offset - limit
		limit += min(offset, 0)
		offset = max(offset, 0)
	}
	l.ids, err = db.All[string](ctx, l.q, `SELECT u.id FROM `+s.from+` WHERE `+strings.Join(s.where, " AND ")+
		` ORDER BY `+order+` LIMIT `+s.bind(limit)+` OFFSET `+s.bind(offset), s.args...)
	if reverse {
		slices.Reverse(l.ids)
	}
	return err
}

// look reads the page of a list that nothing has counted.
func (l *listing) look(ctx context.Context) error {
	s, err := l.statement()
	if err != nil {
		return err
	}
	if s.candidates == 0 {
		return l.find(ctx, s)
	}
	complete, err := l.findAmong(ctx, s)
	if err != nil || complete {
		return err
	}
	l.isBroad = true
	if s, err = l.statement(); err != nil {
		return err
	}
	return l.find(ctx, s)
}

// find reads the page of the users that are hits of a statement.
func (l *listing) find(ctx context.Context, s *statement) error {
	if s.isFullScan {
		return l.fullScan(ctx, s)
	}
	return l.findAtOnce(ctx, s)
}

// findAtOnce finds the first MaxTotal hits and one more, counts them and sorts
// them.
func (l *listing) findAtOnce(ctx context.Context, s *statement) error {
	hits := fmt.Sprintf(`(SELECT u.id AS id, u.created_at AS created_at FROM %s WHERE %s ORDER BY %s LIMIT %d) AS hits`,
		s.from, strings.Join(s.where, " AND "), s.first, MaxTotal+1)
	order := "created_at DESC, id DESC"
	if l.filter.OrganizationID != "" {
		order = "id"
	}
	type counted struct {
		ID    string `db:"id"`
		Total int    `db:"total"`
	}
	counting := len(s.args)
	found, err := db.All[counted](ctx, l.q, `SELECT id, count(*) OVER () AS total FROM `+hits+` ORDER BY `+order+
		` LIMIT `+s.bind(max(min(l.page.Limit, MaxTotal-l.page.Offset), 0))+` OFFSET `+s.bind(l.page.Offset), s.args...)
	if err != nil {
		return err
	}
	for _, h := range found {
		l.ids = append(l.ids, h.ID)
		l.total = h.Total
	}
	if len(found) == 0 && l.page.Offset > 0 {
		l.total, err = db.One[int](ctx, l.q, `SELECT count(*) FROM `+hits, s.args[:counting]...)
	}
	l.capped = l.total > MaxTotal
	l.total = min(l.total, MaxTotal)
	return err
}
