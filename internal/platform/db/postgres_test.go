package db

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

func TestPoolSettings(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]struct {
		conns     int32 // at least
		exactly   bool
		statement string
		lock      string
		idle      time.Duration
	}{
		"postgres://h/d":                                        {10, false, "30s", "5000", 5 * time.Minute},
		"postgres://h/d?pool_max_conns=3":                       {3, true, "30s", "5000", 5 * time.Minute},
		"postgres://h/d?pool_max_conn_idle_time=9s":             {10, false, "30s", "5000", 9 * time.Second},
		"postgres://h/d?statement_timeout=7s&lock_timeout=1":    {10, false, "7s", "1", 5 * time.Minute},
		"postgres://h/d?default_query_exec_mode=cache_describe": {10, false, "", "", 5 * time.Minute},
	} {
		config, err := pgxpool.ParseConfig(url)
		if err != nil {
			t.Fatal(err)
		}
		pooled := want.statement == ""
		poolSettings(config, url, pooled, 5*time.Second)
		if config.MaxConns < want.conns || want.exactly && config.MaxConns != want.conns {
			t.Errorf("%s: %d connections", url, config.MaxConns)
		}
		params := config.ConnConfig.RuntimeParams
		if params["statement_timeout"] != want.statement || params["lock_timeout"] != want.lock || config.MaxConnIdleTime != want.idle {
			t.Errorf("%s: %v, idle %s", url, params, config.MaxConnIdleTime)
		}
	}
}
