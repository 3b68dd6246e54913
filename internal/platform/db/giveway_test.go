package db_test

import (
	"os"
	"sync"
	"testing"
	"time"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

// One process stores much, in transactions that follow each other closely; another
// has many short ones. They do not have to meet the moments in between.
func TestGiveWay(t *testing.T) {
	t.Parallel()
	o := dbtest.SQLiteOptions(t)
	// Two pools are to each other what two processes are.
	much, short := dbtest.Open(t, o).For("default"), dbtest.Open(t, o).For("default")
	const long, others = 50 * time.Millisecond, 40
	write := func(d *db.DB, id string, takes time.Duration) {
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			time.Sleep(takes)
			_, err := tx.Exec(t.Context(), `INSERT INTO users (tenant_id, id, search_text, created_at, updated_at)
				VALUES ($1, $2, '', 1, 1) ON CONFLICT DO NOTHING`, id)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	rounds := 0
	var work sync.WaitGroup
	begun, done := make(chan struct{}), make(chan struct{})
	work.Go(func() {
		close(begun)
		for ; ; rounds++ {
			select {
			case <-done:
				return
			default:
				write(much, "much", long)
				much.GiveWay(t.Context())
			}
		}
	})
	<-begun
	for range others {
		write(short, "short", 0)
	}
	close(done)
	work.Wait()
	if rounds > others { // it is some three of them, and without giving way hundreds
		t.Errorf("%d long transactions came before or between %d short ones", rounds, others)
	}
}

// Who never stops writing does not stop others.
func TestGiveWay_HasAnEnd(t *testing.T) {
	t.Parallel()
	o := dbtest.SQLiteOptions(t)
	much, busy := dbtest.Open(t, o).For("default"), dbtest.Open(t, o).For("default")
	err := busy.Tx(t.Context(), func(*db.Tx) error {
		begun := time.Now()
		much.GiveWay(t.Context())
		if waited := time.Since(begun); waited < 200*time.Millisecond || waited > 5*time.Second {
			t.Errorf("it gave way for %v", waited)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	much.GiveWay(t.Context())
	if waited := time.Since(begun); waited > 100*time.Millisecond {
		t.Errorf("nobody wants to write, and it gave way for %v", waited)
	}
}

// Where nobody can say that they want to write, all goes on without.
func TestGiveWay_IsNothingToDependOn(t *testing.T) {
	t.Parallel()
	o := dbtest.SQLiteOptions(t)
	if err := os.Mkdir(o.Path+"-writers", 0o700); err != nil { // as if it were another user's
		t.Fatal(err)
	}
	d := dbtest.Open(t, o).For("default")
	begun := time.Now()
	if err := d.Tx(t.Context(), func(*db.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	d.GiveWay(t.Context())
	if waited := time.Since(begun); waited > 100*time.Millisecond {
		t.Errorf("it gave way to nobody for %v", waited)
	}
}
