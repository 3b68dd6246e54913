package db

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Ready reports whether the database answers and takes what is written: ErrUnavailable
// if its disk is full, or if it is a standby or else read-only. It writes only after
// the database has been out of resources, until it has taken something again, so that
// nobody waits for the writer of a healthy one.
func (p *Pool) Ready(ctx context.Context) error {
	if p.dialect == Postgres {
		readOnly, err := One[string](ctx, p.Across(), "SHOW transaction_read_only")
		if err != nil {
			return err
		}
		if readOnly == "on" {
			p.postgres.Reset()
			return ErrUnavailable.Wrap(errors.New("db: the database is read-only"))
		}
	} else if err := p.Ping(ctx); err != nil {
		return err
	}
	if !p.exhausted.Load() {
		return nil
	}
	// SQLite writes no page that stays the same.
	differs := strings.Repeat(rand.Text(), trialSize/26)
	_, err := p.Across().Exec(ctx, `INSERT INTO system_settings (key, value, updated_at) VALUES ('write_check', $1, $2)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
		JSON[string]{differs}, p.clock.Millis())
	if err == nil {
		p.exhausted.Store(false)
	}
	return err
}

// trialSize is how much Ready writes: as much as several requests, as a full disk often
// has room for a page.
const trialSize = 32 << 10

// noteFailure remembers what Ready has to look into, if err is of that kind.
func (p *Pool) noteFailure(err error) {
	if classOf(err) != unavailable {
		return
	}
	p.exhausted.Store(true)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == pgReadOnly {
		// Sessions keep to what they began with, or lead to a server that has become a
		// standby: each of them would have to fail before the next one is tried.
		p.postgres.Reset()
	}
}
