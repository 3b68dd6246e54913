package db_test

import (
	"runtime"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

func TestSpare_IsGivenOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		want := 0
		if d.Dialect() == db.SQLite {
			want = min(runtime.GOMAXPROCS(0)-1, 3)
		}
		for range 2 {
			n, give := d.Spare()
			beside, giveBeside := p.For("other").Spare()
			if n != want || beside != 0 {
				t.Errorf("%d, beside it %d, want %d and none", n, beside, want)
			}
			giveBeside()
			give()
		}
	})
}
