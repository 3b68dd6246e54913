package db

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// newsInterval is how often a node looks for changes of others when nobody
	// tells it: always on SQLite, on PostgreSQL while its LISTEN is down.
	newsInterval = 500 * time.Millisecond
	// listenInterval is how often a listening node looks all the same.
	listenInterval = 15 * time.Second
	// newsChannel is where PostgreSQL nodes tell each other of changes.
	newsChannel = "signet_config"
)

// follow keeps the stamps in step with what others commit, until the pool
// closes. It begins with the first cache.
func (s *stamps) follow() {
	s.watch.Do(func() {
		ctx, cancel := context.WithCancel(context.Background())
		p := s.pool
		p.tasks.Go(func() {
			defer cancel()
			<-p.done
		})
		p.tasks.Go(func() {
			if p.dialect == Postgres {
				s.followPostgres(ctx)
			} else {
				s.followSQLite(ctx)
			}
		})
	})
}

// version is a row of config_versions.
type version struct {
	Tenant  string `db:"tenant_id"`
	Family  string `db:"family"`
	Version int64  `db:"version"`
}

// compare reads the versions and drops the families that have moved. The first
// time it drops everything: what was cached before has no known version.
func (s *stamps) compare(ctx context.Context) error {
	rows, err := All[version](ctx, s.pool.Across(), `SELECT tenant_id, family, version FROM config_versions`)
	if err != nil {
		return err
	}
	if s.seen == nil {
		s.seen = map[stampKey]int64{}
		s.epoch.Add(1)
	}
	for _, row := range rows {
		key := stampKey{row.Tenant, row.Family}
		if s.seen[key] != row.Version {
			s.seen[key] = row.Version
			s.counter(key).Add(1)
		}
	}
	return nil
}

// pause waits for d and reports whether to go on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// followSQLite compares whenever the file's data version says that another
// connection has committed. A failure is tried again, on a new connection.
func (s *stamps) followSQLite(ctx context.Context) {
	for ctx.Err() == nil {
		_ = s.watchFile(ctx)
		pause(ctx, newsInterval)
	}
}

// watchFile watches the data version on one connection until that fails.
func (s *stamps) watchFile(ctx context.Context) error {
	conn, err := s.pool.reader.Conn(ctx)
	if err != nil {
		return err
	}
	// Data versions of different connections do not compare.
	defer func() {
		discard(conn)
		_ = conn.Close()
	}()
	for last := int64(-1); ; {
		now, err := dataVersion(ctx, conn)
		if err != nil {
			return err
		}
		if now != last {
			if err := s.compare(ctx); err != nil {
				return err
			}
			last = now
		}
		if !pause(ctx, newsInterval) {
			return ctx.Err()
		}
	}
}

func dataVersion(ctx context.Context, conn *sql.Conn) (n int64, err error) {
	err = conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&n)
	return n, err
}

// followPostgres listens, and compares when it cannot.
func (s *stamps) followPostgres(ctx context.Context) {
	for ctx.Err() == nil {
		if s.pool.pooled {
			// A pooler between us and the server swallows LISTEN.
			_ = s.compare(ctx)
		} else if err := s.listen(ctx); err != nil {
			_ = s.compare(ctx)
		}
		pause(ctx, newsInterval)
	}
}

// listen drops what notifications name until the connection fails.
func (s *stamps) listen(ctx context.Context) error {
	conn, err := pgx.ConnectConfig(ctx, s.pool.direct)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(ctx, "LISTEN "+newsChannel); err != nil {
		return err
	}
	for {
		// Catches what came before LISTEN, and what a half-dead connection misses.
		if err := s.compare(ctx); err != nil {
			return err
		}
		if err := s.hear(ctx, conn); err != nil {
			return err
		}
	}
}

// hear takes notifications for listenInterval.
func (s *stamps) hear(ctx context.Context, conn *pgx.Conn) error {
	until, cancel := context.WithTimeout(ctx, listenInterval)
	defer cancel()
	for {
		news, err := conn.WaitForNotification(until)
		if err != nil {
			if ctx.Err() == nil && errors.Is(until.Err(), context.DeadlineExceeded) && !conn.IsClosed() {
				return nil
			}
			return err
		}
		if tenant, family, ok := strings.Cut(news.Payload, "/"); ok {
			s.counter(stampKey{tenant, family}).Add(1)
		}
	}
}
