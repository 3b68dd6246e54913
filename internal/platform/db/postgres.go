package db

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// farewell bounds what is said to the database once nobody waits for it any more.
const farewell = 5 * time.Second

// openPostgres opens a pgx pool.
func (p *Pool) openPostgres(ctx context.Context) error {
	if !isPostgresURL(p.options.URL) {
		return errors.New("the database URL must begin with postgres://")
	}
	config, err := pgxpool.ParseConfig(p.options.URL)
	if err != nil {
		return errors.New("the database URL cannot be parsed") // pgx's error may show the password
	}
	if config.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol {
		return errors.New("the simple protocol is refused: it writes arguments into the SQL text")
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	p.direct = config.ConnConfig.Copy()
	// Who names another mode has a pooler that cannot keep prepared statements.
	p.pooled = config.ConnConfig.DefaultQueryExecMode != pgx.QueryExecModeCacheStatement
	poolSettings(config, p.options.URL, p.pooled, p.options.LockWait)
	if !p.pooled {
		config.PrepareConn = p.renewPlans
	}
	p.postgres, err = pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	if err := p.Ping(ctx); err != nil {
		p.postgres.Close()
		return err
	}
	return nil
}

// poolSettings chooses what the URL leaves open.
func poolSettings(config *pgxpool.Config, url string, pooled bool, lockWait time.Duration) {
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = int32(max(10, 4*runtime.GOMAXPROCS(0)))
	}
	if !strings.Contains(url, "pool_max_conn_idle_time") {
		config.MaxConnIdleTime = 5 * time.Minute
	}
	if pooled {
		return // poolers refuse start parameters that they do not know
	}
	for name, value := range map[string]string{
		"lock_timeout":                        strconv.FormatInt(lockWait.Milliseconds(), 10),
		"statement_timeout":                   "30s",
		"idle_in_transaction_session_timeout": "60s",
	} {
		if _, ok := config.ConnConfig.RuntimeParams[name]; !ok {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
}

// takePostgres waits for a connection, which givePostgres returns.
func (p *Pool) takePostgres(ctx context.Context) (*pgxpool.Conn, error) {
	wait, cancel := context.WithTimeout(ctx, 2*p.options.LockWait)
	defer cancel()
	conn, err := p.postgres.Acquire(wait)
	if err != nil && wait.Err() != nil && ctx.Err() == nil {
		return nil, ErrUnavailable.Wrap(err)
	}
	return conn, err
}

// givePostgres returns a connection, on which the database said err at last.
func (p *Pool) givePostgres(conn *pgxpool.Conn, err error) {
	p.noteFailure(err)
	if isSpent(err) {
		ctx, cancel := context.WithTimeout(context.Background(), farewell)
		defer cancel()
		_ = conn.Conn().Close(ctx)
	}
	conn.Release() // which throws away what is closed or in a transaction
}

// onPostgres runs fn on a connection of its own.
func (p *Pool) onPostgres(ctx context.Context, fn func(*pgx.Conn) error) error {
	conn, err := p.takePostgres(ctx)
	if err != nil {
		return err
	}
	defer func() { p.givePostgres(conn, err) }()
	err = fn(conn.Conn())
	return err
}
