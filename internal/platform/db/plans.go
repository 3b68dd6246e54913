package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// A connection keeps the plans of its statements for at least planLife, and for
// mostPlanLife at most.
const planLife, mostPlanLife = 2 * time.Second, time.Minute

// plans notes how old the plans of a connection are. PostgreSQL makes them for the
// tables as they are then, and anew only after it has analyzed a table, up to a
// minute later. While a table is empty every index looks equally good: a statement
// that asks for one row by its key may be planned to read all rows of the tenant,
// and would do so when they have become many.
//
// Planning all statements anew takes some ten milliseconds. Tables grow by use, so
// plans are renewed when the connection was used as often since they were made as in
// the minute before.
type plans struct {
	since        time.Time
	before, uses int
}

// count counts a use of the connection and reports whether its plans have to be
// renewed before it.
func (p *plans) count(now time.Time) bool {
	age := now.Sub(p.since)
	switch {
	case age >= mostPlanLife:
		*p = plans{since: now, before: p.uses, uses: 1}
		return true
	case age >= planLife && p.uses >= p.before:
		*p = plans{since: now, before: p.before + p.uses, uses: 1}
		return true
	default:
		p.uses++
		return false
	}
}

// plansNote is where a connection has its plans noted.
const plansNote = "signet.plans"

// renewPlans has a connection that is about to be used forget plans that are too
// old. It reports false if that one is of no use any more.
func (p *Pool) renewPlans(ctx context.Context, conn *pgx.Conn) (bool, error) {
	now, notes := p.clock(), conn.PgConn().CustomData()
	known, isUsed := notes[plansNote].(*plans)
	if !isUsed {
		known = &plans{since: now}
		notes[plansNote] = known
	}
	if !known.count(now) {
		return true, nil
	}
	_, err := conn.Exec(ctx, "DISCARD PLANS")
	return err == nil, nil // without it the pool closes this one and takes another
}
