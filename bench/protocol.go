package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

const (
	// One process of a program may be a tenth faster than the next, whatever it does. So
	// there are several of each, one after the other.
	duelRounds = 3
	// A process that has just begun has its memory grow first, with a page fault for
	// each part of it. So many calls make an end of that.
	growing = 10_000
	// Server and bare program take turns, so many of so long in a round, so that
	// whatever else the machine does meets both.
	duels, perDuel = 5, 400 * time.Millisecond
	// At a steady rate turns are longer, for they make fewer calls.
	pacedDuels, perPacedDuel = 3, time.Second
	// mostTail is how many medians the slowest hundredth may take at half load.
	mostTail = 3
	// mostLooks is how often the rate is corrected at which half of the processors' time
	// is used, nearEnough how far from it may stay.
	mostLooks, nearEnough = 6, 0.02
)

// duel is an operation of the protocols beside the least that it could be.
type duel struct {
	name       string
	ours, bare call
	// wanted is the share of the bare rate, in percent; 0 if nothing is wanted.
	wanted float64
}

// dueled is what became of it, each of the turn in the middle.
type dueled struct {
	duel
	dialect db.Dialect

	// Those of the two turns after each other whose share is the middle one.
	whole, least result
	half         paired  // at half load
	loaded       float64 // calls a second then
	halfTheRate  paired
}

// paired are calls of both, those with the middle tail, at a rate at which the
// server could do more.
type paired struct{ ours, bare spread }

func share(ours, bare result) float64 { return 100 * ours.perSecond() / bare.perSecond() }

func (d dueled) share() float64 { return share(d.whole, d.least) }

func (d dueled) missed() bool {
	return d.wanted > 0 && (d.share() < d.wanted || d.half.ours.tail() > mostTail)
}

// measureProtocols measures what applications ask for all day, on both databases.
func measureProtocols(ctx context.Context, binary, dir string) ([]dueled, error) {
	// Garbage of this program is collected between turns, and not within them.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(2 << 30))
	lite := filepath.Join(dir, "protocols")
	all, err := measureProtocol(ctx, &site{binary: binary, variables: []string{"DATA_DIR=" + lite}}, db.Options{Path: filepath.Join(lite, "signet.db")})
	if err != nil {
		return nil, err
	}
	cluster, err := dbtest.NewCluster(postgresSettings...)
	if err != nil {
		return nil, err
	}
	defer cluster.Close()
	s, err := onCluster(ctx, cluster, binary, dir, "protocols")
	if err != nil {
		return nil, err
	}
	more, err := measureProtocol(ctx, s, db.Options{URL: cluster.URL("protocols")})
	return append(all, more...), err
}

func measureProtocol(ctx context.Context, s *site, o db.Options) ([]dueled, error) {
	var all []taken
	for round := range duelRounds {
		if err := measureRound(ctx, s, o, round, &all); err != nil {
			return nil, err
		}
	}
	var lines []dueled
	for _, t := range all {
		line := t.middle()
		line.dialect = dialectOf(o)
		lines = append(lines, line)
	}
	return lines, nil
}

func dialectOf(o db.Options) db.Dialect {
	if o.URL != "" {
		return db.Postgres
	}
	return db.SQLite
}

// measureRound adds to the turns of each operation those on a new server and a new
// bare program.
func measureRound(ctx context.Context, s *site, o db.Options, round int, all *[]taken) (err error) {
	if err := s.open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	b, err := openBare(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	a, err := prepare(ctx, s, round)
	if err != nil {
		return err
	}
	told, err := a.order(ctx, o)
	if err != nil {
		return err
	}
	address, stop, err := startBare(ctx, told)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, path := range []string{a.base + pathKeys, address + pathKeys} {
		if _, err := load(ctx, growing, a.asks(fetching(path))); err != nil {
			return err
		}
	}
	for i, d := range a.duels(address, b) {
		progress("%s, round %d of %d: %s", dialectOf(o), round+1, duelRounds, d.name)
		if err := settle(ctx, o); err != nil {
			return err
		}
		if round == 0 {
			*all = append(*all, taken{})
		}
		if err := d.take(ctx, &(*all)[i]); err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
	}
	return nil
}

// settle has PostgreSQL do now what the calls before left to it, and would have it
// do beside those that are measured next.
func settle(ctx context.Context, o db.Options) error {
	if o.URL == "" {
		return nil
	}
	conn, err := pgx.Connect(ctx, o.URL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, statement := range []string{"VACUUM (ANALYZE)", "CHECKPOINT"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// taken are the turns of an operation, of all rounds.
type taken struct {
	duel

	full              [][2]result
	half, halfTheRate [2][]spread
	// Calls a second at half load and half the rate, found in the first round.
	loaded, halfRate float64
}

// middle tells of each kind the turn in the middle.
func (t taken) middle() dueled {
	pair := middle(t.full, func(p [2]result) float64 { return share(p[0], p[1]) })
	return dueled{
		duel: t.duel, whole: pair[0], least: pair[1], half: pairedMiddle(t.half), loaded: t.loaded,
		halfTheRate: pairedMiddle(t.halfTheRate),
	}
}

func pairedMiddle(turns [2][]spread) paired {
	return paired{middle(turns[0], spread.tail), middle(turns[1], spread.tail)}
}

// take has server and bare program take turns, then loads them half.
func (d duel) take(ctx context.Context, t *taken) (err error) {
	t.duel = d
	for range duels {
		ours, err := fullTurn(ctx, d.ours)
		if err != nil {
			return err
		}
		bare, err := fullTurn(ctx, d.bare)
		if err != nil {
			return err
		}
		t.full = append(t.full, [2]result{ours, bare})
	}
	if t.loaded == 0 {
		t.halfRate = t.middleRate() / 2
		if t.loaded, err = halfLoad(t.halfRate, d.busyAt(ctx)); err != nil {
			return err
		}
	}
	if err := d.pacedTurns(ctx, t.halfRate, &t.halfTheRate); err != nil {
		return err
	}
	return d.pacedTurns(ctx, t.loaded, &t.half)
}

// middleRate is how many calls a second the server answers in the turn in the middle.
func (t taken) middleRate() float64 {
	pair := middle(slices.Clone(t.full), func(p [2]result) float64 { return p[0].perSecond() })
	return pair[0].perSecond()
}

// pacedTurns has both take turns with so many calls a second.
func (d duel) pacedTurns(ctx context.Context, perSecond float64, turns *[2][]spread) error {
	for range pacedDuels {
		for side, call := range []call{d.ours, d.bare} {
			turn, err := pacedTurn(ctx, call, perSecond)
			if err != nil {
				return err
			}
			turns[side] = append(turns[side], turn)
		}
	}
	return nil
}

// busyAt returns a function that tells which share of the processors' time is used
// when the server gets so many calls a second.
func (d duel) busyAt(ctx context.Context) func(perSecond float64) (float64, error) {
	return func(perSecond float64) (float64, error) {
		return warmed(ctx, d.ours, func(float64) (float64, error) {
			watched, err := watchProcessors()
			if err != nil {
				return 0, err
			}
			if _, err := pace(ctx, perSecond, int(perSecond*perPacedDuel.Seconds()), d.ours); err != nil {
				return 0, err
			}
			now, err := watched()
			return now.busy, err
		})
	}
}

// halfLoad looks for the rate at which half of the processors' time is used, from a
// guess on.
func halfLoad(perSecond float64, busyAt func(perSecond float64) (float64, error)) (float64, error) {
	for range mostLooks {
		busy, err := busyAt(perSecond)
		if err != nil {
			return 0, err
		}
		if math.Abs(busy-0.5) < nearEnough {
			break
		}
		perSecond *= 0.5 / busy
	}
	return perSecond, nil
}
