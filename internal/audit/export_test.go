package audit

import (
	"log/slog"
	"time"
)

// Hurry has the trail rest for a moment only, and Close try for lastWhile, while it
// says to log what it loses. It comes before all entries.
func (t *Trail) Hurry(lastWhile time.Duration, log *slog.Logger) {
	t.longest, t.lastWhile, t.log = time.Millisecond, lastWhile, log
}
