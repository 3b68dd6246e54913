package dashboard

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"signet/internal/audit"
	"signet/internal/platform/db"
)

// exchanged begins the audit keys of requests to the token endpoint.
const exchanged = "ExchangeTokenBy."

// maxNoted bounds how many active users a Recorder remembers. It forgets all of
// them when there are more, and stores again, to no effect, who comes once more.
const maxNoted = 1 << 16

// activity is that somebody was active.
type activity struct {
	tenant string
	day    Day
	user   string
}

// Recorder notes who is active on which day. It follows an audit trail, so that
// it costs a request nothing and no commit of its own, and remembers whom it has
// noted, so that it writes once for a user and day.
type Recorder struct {
	zone  *time.Location
	seed  maphash.Seed
	noted map[uint64]struct{}
}

// NewRecorder returns a recorder for days in the given time zone. It may follow
// one trail only.
func NewRecorder(zone *time.Location) *Recorder {
	return &Recorder{zone: zone, seed: maphash.MakeSeed(), noted: map[uint64]struct{}{}}
}

// Follow is an audit.Follower.
func (r *Recorder) Follow(ctx context.Context, tx *db.Tx, batch []audit.Happened) (committed func(), err error) {
	fresh := r.fresh(tx.TenantID(), batch)
	for _, a := range fresh {
		if err := insertActive(ctx, tx, a.day, a.user); err != nil {
			return nil, err
		}
	}
	return func() { r.note(fresh) }, nil
}

// fresh returns who of a batch is not noted yet, in order, so that two nodes
// that store the same users cannot wait for each other.
func (r *Recorder) fresh(tenant string, batch []audit.Happened) []activity {
	var found []activity
	for _, e := range batch {
		if e.Err != nil || e.UserID == "" || !strings.HasPrefix(e.Key, exchanged) {
			continue
		}
		a := activity{tenant, DayOf(time.UnixMilli(e.At).In(r.zone)), e.UserID}
		if _, known := r.noted[maphash.Comparable(r.seed, a)]; !known {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b activity) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.user, b.user))
	})
	return slices.Compact(found)
}

func (r *Recorder) note(stored []activity) {
	if len(r.noted)+len(stored) > maxNoted {
		clear(r.noted)
	}
	for _, a := range stored {
		r.noted[maphash.Comparable(r.seed, a)] = struct{}{}
	}
}
