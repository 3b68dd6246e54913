package dashboard

import (
	"strconv"
	"testing"
	"time"

	"signet/internal/audit"
)

// However many are active, a recorder remembers a bounded number of them, and
// stores those again whom it has forgotten.
func TestRecorder_IsBounded(t *testing.T) {
	t.Parallel()
	r := NewRecorder(time.UTC)
	batch := []audit.Happened{{Entry: audit.Entry{Key: "ExchangeTokenBy.AuthorizationCode", UserID: "0"}}}
	for i := range maxNoted {
		r.note([]activity{{"default", 0, strconv.Itoa(i)}})
	}
	if len(r.noted) != maxNoted || len(r.fresh("default", batch)) != 0 {
		t.Errorf("%d are noted", len(r.noted))
	}
	r.note([]activity{{"default", 0, "one more"}})
	if len(r.noted) != 1 || len(r.fresh("default", batch)) != 1 {
		t.Errorf("then %d are noted", len(r.noted))
	}
}
