package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"signet/internal/platform/db"
)

const (
	fewPeople = 1000
	// An operation is called by one client and then by workers() of them, few
	// people and many by turns, so that whatever else the machine does meets
	// both: turns times so long, or so often if that is less.
	turns    = 4
	turnTime = time.Second
	turnMost = 250
	warmUps  = 5
	// fullCrowd is of what size the hits of searches are as their names say.
	fullCrowd = 1_000_000
	// mostRatio is how much longer a steady operation may take with many people.
	mostRatio = 1.3
)

// measured is what an operation took on one site.
type measured struct {
	alone spread
	rate  float64 // with all workers, per second
	last  answer  // of one client; refused if any was
}

// compared is a line of the report.
type compared struct {
	operation
	few, many measured
	dialect   db.Dialect
}

func (c compared) ratio() float64 {
	return float64(c.many.alone.quantile(0.5)) / float64(c.few.alone.quantile(0.5))
}

func (c compared) missed() bool {
	return c.many.last.isRefused || c.many.alone.quantile(0.99) > c.limit(c.dialect) || c.isSteady && c.ratio() > mostRatio
}

// compare measures an operation on both sites.
func compare(ctx context.Context, o operation, d db.Dialect, small, large *site) (compared, error) {
	progress("%s: %s", d, o.name)
	c := compared{operation: o, dialect: d}
	sides := []struct {
		*site
		*measured
		turn int
	}{{small, &c.few, 0}, {large, &c.many, 0}}
	for i := range sides {
		side := &sides[i]
		warm, _, err := side.take(ctx, o, 1, warmUps)
		if err != nil {
			return c, err
		}
		most := turnMost
		if o.isSteady {
			most *= 4 // where a few hundredths count
		}
		side.turn = max(3, min(most, int(turnTime/max(1, warm.quantile(0.5)))))
	}
	for range turns {
		for _, side := range sides {
			calls, last, err := side.take(ctx, o, 1, side.turn)
			if err != nil {
				return c, err
			}
			last.isRefused = last.isRefused || side.last.isRefused
			side.alone, side.last = append(side.alone, calls...), last
		}
	}
	for _, side := range sides {
		calls, _, err := side.take(ctx, o, workers(), max(workers(), side.turn))
		if err != nil {
			return c, err
		}
		side.rate = float64(workers()) / calls.mean().Seconds()
	}
	if !c.many.last.isRefused && large.crowd >= fullCrowd && !o.finds.agrees(c.many.last) {
		return c, fmt.Errorf("%s: found %+v, which is not what the name says", o.name, c.many.last)
	}
	return c, nil
}

// take calls an operation a number of times and returns how long each call took,
// with the last answer, which is refused if any was.
func (s *site) take(ctx context.Context, o operation, workers, count int) (calls spread, last answer, err error) {
	calls = make(spread, count)
	answers := make([]answer, count)
	first := s.drawn
	s.drawn += count
	_, err = loadBy(ctx, workers, count, func(ctx context.Context, _, i int) (err error) {
		seed := func() *rand.Rand { return rand.New(rand.NewPCG(7, uint64(first+i))) }
		begun := time.Now()
		answers[i], err = o.call(ctx, s, seed())
		calls[i] = time.Since(begun)
		if err == nil && o.undo != nil {
			err = o.undo(ctx, s, seed())
		}
		return err
	})
	if err != nil {
		return nil, answer{}, fmt.Errorf("%s: %w", o.name, err)
	}
	last = answers[count-1]
	last.isRefused = slices.ContainsFunc(answers, func(a answer) bool { return a.isRefused })
	return calls, last, nil
}

// measureManagement measures the Management API with few people and with many.
func measureManagement(ctx context.Context, binary, dir string, many crowd) ([]compared, error) {
	var lines []compared
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		measured, err := measurePair(ctx, dialect, binary, dir, many)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", dialect, err)
		}
		lines = append(lines, measured...)
	}
	return lines, nil
}

func measurePair(ctx context.Context, d db.Dialect, binary, dir string, many crowd) (lines []compared, err error) {
	open := openLites
	if d == db.Postgres {
		open = openPostgreses
	}
	sites, err := open(ctx, binary, dir, fewPeople, many)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, sites.close()) }()
	for _, o := range slices.Concat(dailyOperations, searches) {
		line, err := compare(ctx, o, d, sites.all[0], sites.all[1])
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}
