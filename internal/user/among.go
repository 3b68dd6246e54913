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

// hit is a user that a search has found, or may have.
type hit struct {
	ID        string `db:"id"`
	CreatedAt int64  `db:"created_at"`
	Number    int    `db:"number"` // of those that were looked at
}

// findAmong reads the page from the candidates of a statement. It is not
// complete if there are more candidates that may be hits.
func (l *listing) findAmong(ctx context.Context, s *statement) (complete bool, err error) {
	found, err := db.All[hit](ctx, l.q, fmt.Sprintf(`SELECT u.id, u.created_at, u.number FROM (
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
	found = slices.DeleteFunc(found, func(h hit) bool { return h.Number == s.candidates })
	if len(found) < asked && len(found) <= MaxTotal {
		return false, nil
	}
	l.take(found)
	return true, nil
}

// take makes the page of hits, MaxTotal of them or fewer unless there are more.
func (l *listing) take(found []hit) {
	l.capped = len(found) > MaxTotal
	slices.SortFunc(found, func(a, b hit) int {
		if l.filter.OrganizationID != "" {
			return strings.Compare(a.ID, b.ID)
		}
		return cmp.Or(cmp.Compare(b.CreatedAt, a.CreatedAt), strings.Compare(b.ID, a.ID))
	})
	found = found[:min(len(found), MaxTotal)]
	l.total = len(found)
	for _, h := range found[min(l.page.Offset, l.total):min(l.page.Offset+l.page.Limit, l.total)] {
		l.ids = append(l.ids, h.ID)
	}
}
