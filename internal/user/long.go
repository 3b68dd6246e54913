package user

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"signet/internal/platform/db"
)

// fewNewest is how many of the newest users a long look tries alone: often they
// have all the hits that a list shows.
const fewNewest = 20_000

// findLong does what findAtOnce does where everybody may have to be looked at.
// Readers share that work if there are processors to spare.
func (l *listing) findLong(ctx context.Context, s *statement) error {
	d, isDB := l.q.(*db.DB)
	if !isDB { // but a transaction, which has one connection
		return l.findAtOnce(ctx, s)
	}
	complete, err := l.findNewest(ctx, s)
	if err != nil || complete {
		return err
	}
	spare, give := d.Spare()
	defer give()
	if spare == 0 {
		return l.findAtOnce(ctx, s)
	}
	shares := make([][]hit, spare+1)
	readers, ctx := errgroup.WithContext(ctx)
	for i := range shares {
		readers.Go(func() (err error) {
			shares[i], err = l.share(ctx, s, i, len(shares))
			return err
		})
	}
	if err := readers.Wait(); err != nil {
		return err
	}
	l.take(slices.Concat(shares...))
	return nil
}

// findNewest reads the page from the newest users. It is not complete if others
// may belong to it.
func (l *listing) findNewest(ctx context.Context, s *statement) (complete bool, err error) {
	if l.filter.OrganizationID != "" { // listed by id
		return false, nil
	}
	before, err := db.All[int64](ctx, l.q, `SELECT created_at FROM users WHERE tenant_id = $1
		ORDER BY created_at DESC LIMIT 1 OFFSET $2`, fewNewest)
	if err != nil || len(before) == 0 {
		return false, err
	}
	newest := *s
	newest.args, newest.where = slices.Clone(s.args), slices.Clone(s.where)
	newest.and("u.created_at > %s", newest.bind(before[0]))
	if err := l.findAtOnce(ctx, &newest); err != nil || l.capped {
		return err == nil, err
	}
	l.ids, l.total = nil, 0
	return false, nil
}

// share returns the hits among one of n shares of the users, the first
// MaxTotal and one more.
func (l *listing) share(ctx context.Context, s *statement, i, n int) ([]hit, error) {
	return db.All[hit](ctx, l.q, fmt.Sprintf(`SELECT id, created_at, count(*) OVER () AS number FROM (
		SELECT u.id AS id, u.created_at AS created_at FROM %s WHERE u.seq %% %d = %d AND %s ORDER BY %s LIMIT %d) AS hits`,
		s.from, n, i, strings.Join(s.where, " AND "), s.first, MaxTotal+1), s.args...)
}
