// Package clock is the time that Signet believes in. Production code takes a
// Clock and never calls time.Now for anything that it stores or compares, so
// that tests move time instead of sleeping.
package clock

import (
	"sync"
	"time"
)

// Clock returns the current time.
type Clock func() time.Time

// Skew is how far the clocks of nodes may be apart.
const Skew = 2 * time.Minute

// System is the machine's clock.
func System() time.Time { return time.Now() }

// Millis returns the current time in milliseconds since 1970, the unit of every
// stored timestamp.
func (c Clock) Millis() int64 { return c().UnixMilli() }

// Fake is a clock that moves when told to. It is safe for concurrent use.
type Fake struct {
	mu  sync.Mutex
	now time.Time
}

// NewFake returns a clock that stands at start.
func NewFake(start time.Time) *Fake { return &Fake{now: start} }

// Now returns the time at which the clock stands; it is a Clock.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Advance moves the clock by d.
func (f *Fake) Advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}
