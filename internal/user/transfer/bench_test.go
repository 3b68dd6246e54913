package transfer_test

import (
	"fmt"
	"strings"
	"testing"

	"signet/internal/platform/clock"
	"signet/internal/platform/db/dbtest"
	"signet/internal/user/transfer"
)

// Users with hashes onto SQLite; the figure to look at is users/s.
func BenchmarkImport(b *testing.B) {
	const n = 10_000
	var file strings.Builder
	for i := range n {
		fmt.Fprintf(&file, `{"username":"person_%d","primaryEmail":"person.%d@mail%d.example.org","primaryPhone":"4917%08d","name":"Person Number %d","profile":{"givenName":"Person","familyName":"Number%d"},"customData":{"plan":"pro","legacyId":%d},"passwordDigest":"$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy","passwordAlgorithm":"Bcrypt","createdAt":%d}`+"\n",
			i, i, i%97, i, i, i, i, 1_600_000_000_000+i)
	}
	for b.Loop() {
		b.StopTimer()
		p := dbtest.SQLite(b)
		b.StartTimer()
		r, err := transfer.Import(b.Context(), strings.NewReader(file.String()), transfer.Options{
			DB: p.For("default"), Clock: clock.System, Format: transfer.NDJSON, CaseSensitive: true,
		})
		if err != nil || r.Imported != n {
			b.Fatal(r, err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "users/s")
}
