package db_test

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// The log is copied beside the commits and begins anew, however busy the writer
// is: without that it would grow until SQLite copies it within a commit, here to
// sixteen megabytes.
func TestCheckpoint_KeepsTheLogShort(t *testing.T) {
	t.Parallel()
	o := dbtest.SQLiteOptions(t)
	d := dbtest.Open(t, o).For("default")
	const workers, each = 4, 500
	var writers sync.WaitGroup
	for w := range workers {
		writers.Go(func() {
			for i := range each {
				err := d.Tx(t.Context(), func(tx *db.Tx) error {
					_, err := tx.Exec(t.Context(), `INSERT INTO users (tenant_id, id, search_text, created_at, updated_at) VALUES ($1, $2, $3, 1, 1)`,
						fmt.Sprintf("%d-%d", w, i), fmt.Sprintf("somebody %d %d", w, i))
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	log, err := os.Stat(o.Path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if log.Size() > 14<<20 {
		t.Errorf("the log has %d bytes", log.Size())
	}
	n, err := db.One[int](t.Context(), d, `SELECT count(*) FROM users WHERE tenant_id = $1`)
	if err != nil || n != workers*each {
		t.Errorf("%d users, %v", n, err)
	}
}
