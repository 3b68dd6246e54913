package user

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"signet/internal/platform/db"
)

// How many users are asked first whether they are hits.
const (
	// maxCandidates of SQLite's search index: one of trigrams cannot tell fields
	// apart, so it may yield everybody where nobody is a hit. Then a look at all
	// is quicker.
	maxCandidates = 20_000
	// maxNewest of PostgreSQL's users, where no index knows better.
	maxNewest = 50_000
)

// findAmong reads the page from the candidates of a statement. It is not
// complete if there are more candidates that may be hits.
func (l *listing) findAmong(ctx context.Context, s *statement) (complete bool, err error) {
	type candidate struct {
		ID        string `db:"id"`
		CreatedAt int64  `db:"created_at"`
		Number    int    `db:"number"`
	}
	found, err := db.All[candidate](ctx, l.q, fmt.Sprintf(`SELECT u.id, u.created_at, u.number FROM (
		SELECT u.id AS id, u.primary_email AS primary_email, u.primary_phone AS primary_phone, u.username AS username, u.name AS name,
			u.search_text AS search_text, u.created_at AS created_at, row_number() OVER (ORDER BY %[2]s) AS number
		FROM %[3]s WHERE %[4]s ORDER BY %[2]s LIMIT %[5]d) AS u
		WHERE %[1]s OR u.number = %[5]d LIMIT %[6]d`,
		s.hit, s.first, s.from, strings.Join(s.where, " AND "), s.candidates, MaxTotal+2), s.args...)
	if err != nil {
		return false, err
	}
	// The last candidate that is looked at comes in any case, to say that there
	// may be more; whether it is a hit does not matter then.
	asked := len(found)
	found = slices.DeleteFunc(found, func(c candidate) bool { return c.Number == s.candidates })
	isAll := len(found) == asked
	l.capped = len(found) > MaxTotal
	if !isAll && !l.capped {
		return false, nil
	}
	found = found[:min(len(found), MaxTotal)]
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.CreatedAt, a.CreatedAt), strings.Compare(b.ID, a.ID))
	})
	l.total = len(found)
	for _, c := range found[min(l.page.Offset, l.total):min(l.page.Offset+l.page.Limit, l.total)] {
		l.ids = append(l.ids, c.ID)
	}
	return true, nil
}
