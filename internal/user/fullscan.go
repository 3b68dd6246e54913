package user

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"signet/internal/platform/db"
)

// fewNewest is about how many of the newest users are scanned before all others:
// often they have all the hits that a list shows. Fewer than twice as many users
// are scanned at once.
const fewNewest = 2 * MaxTotal

// fullScan does what findAtOnce does where everybody may have to be looked at:
// first among the newest, then by as many readers as there are processors to
// spare, each of which scans a stretch of time.
func (l *listing) fullScan(ctx context.Context, s *statement) error {
	d, isDB := l.q.(*db.DB)
	if !isDB { // but a transaction, which has one connection
		return l.findAtOnce(ctx, s)
	}
	total, err := db.Total(ctx, d, Counted, "")
	if err != nil {
		return err
	}
	if total < 2*fewNewest {
		return l.findAtOnce(ctx, s)
	}
	times, err := l.sample(ctx)
	if err != nil {
		return err
	}
	if len(times) == 0 { // ids of a kind that it does not find
		return l.findAtOnce(ctx, s)
	}
	parts := total / fewNewest
	complete, err := l.findNewest(ctx, s, quantile(times, parts-1, parts))
	if err != nil || complete {
		return err
	}
	spare, give := d.Spare()
	defer give()
	stretches := make([][]hit, spare+1)
	readers, ctx := errgroup.WithContext(ctx)
	for i := range stretches {
		readers.Go(func() (err error) {
			stretches[i], err = l.stretch(ctx, s, quantile(times, i, len(stretches)), quantile(times, i+1, len(stretches)))
			return err
		})
	}
	if err := readers.Wait(); err != nil {
		return err
	}
	l.take(slices.Concat(stretches...))
	return nil
}

// findNewest reads the page from the users created since then. It is not complete
// if others may belong to it.
func (l *listing) findNewest(ctx context.Context, s *statement, since *int64) (complete bool, err error) {
	if l.filter.OrganizationID != "" { // listed by id
		return false, nil
	}
	if err := l.findAtOnce(ctx, s.during(since, nil)); err != nil || l.capped {
		return err == nil, err
	}
	l.ids, l.total = nil, 0
	return false, nil
}

// stretch returns the hits among the users of a stretch of time, the first
// MaxTotal and one more.
func (l *listing) stretch(ctx context.Context, s *statement, from, to *int64) ([]hit, error) {
	s = s.during(from, to)
	return db.All[hit](ctx, l.q, fmt.Sprintf(`SELECT id, created_at, count(*) OVER () AS number FROM (
		SELECT u.id AS id, u.created_at AS created_at FROM %s WHERE %s ORDER BY %s LIMIT %d) AS hits`,
		s.from, strings.Join(s.where, " AND "), s.first, MaxTotal+1), s.args...)
}

// during returns the statement for the users created in [from, to); nil is no
// bound.
func (s *statement) during(from, to *int64) *statement {
	part := *s
	part.args, part.where = slices.Clone(s.args), slices.Clone(s.where)
	if from != nil {
		part.and("u.created_at >= %s", part.bind(*from))
	}
	if to != nil {
		part.and("u.created_at < %s", part.bind(*to))
	}
	return &part
}

// sampled is how many probes a sample takes.
const sampled = 128

// sample returns when some users were created, in order. It takes those whose
// ids come next to evenly spaced ones: ids are random, unless they were imported
// from where they are not, and then stretches of time are of unequal size.
func (l *listing) sample(ctx context.Context) ([]int64, error) {
	const digits = 36
	probes := make([]string, sampled)
	for i := range probes {
		n := int64(i * digits * digits / sampled)
		probes[i] = strconv.FormatInt(n/digits, digits) + strconv.FormatInt(n%digits, digits)
	}
	return db.All[int64](ctx, l.q, `SELECT created_at FROM (
		SELECT (SELECT u.created_at FROM users u WHERE u.tenant_id = $1 AND u.id >= j.value ORDER BY u.id LIMIT 1) AS created_at
		FROM json_each($2) AS j) AS probes WHERE created_at IS NOT NULL ORDER BY created_at`,
		db.JSON[[]string]{V: probes})
}

// quantile returns the time before which i of n parts of a sample are; nil at
// its ends.
func quantile(times []int64, i, n int) *int64 {
	if i == 0 || i == n {
		return nil
	}
	return &times[len(times)*i/n]
}
