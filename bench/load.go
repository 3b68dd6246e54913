package main

import (
	"context"
	"runtime"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// spread holds how long each of many calls took.
type spread []time.Duration

// quantile is the duration that the share p of the calls did not exceed.
func (s spread) quantile(p float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}

func (s spread) mean() time.Duration {
	var total time.Duration
	for _, d := range s {
		total += d
	}
	return total / time.Duration(max(1, len(s)))
}

// tail is how many medians the slowest hundredth took.
func (s spread) tail() float64 { return float64(s.quantile(0.99)) / float64(s.quantile(0.5)) }

// result is what a load did.
type result struct {
	calls   spread
	elapsed time.Duration
}

func (r result) perSecond() float64 { return float64(len(r.calls)) / r.elapsed.Seconds() }

// add joins rounds of the same load.
func (r *result) add(other result) {
	r.calls = append(r.calls, other.calls...)
	r.elapsed += other.elapsed
}

// call is something that is measured. It learns which worker it runs in and which
// call it is.
type call func(ctx context.Context, worker, i int) error

// load has workers() workers make count calls together; the first error ends
// everything.
func load(ctx context.Context, count int, call call) (result, error) {
	return loadBy(ctx, workers(), count, call)
}

// loadBy is load with another number of workers.
func loadBy(ctx context.Context, workers, count int, call call) (result, error) {
	r := result{calls: make(spread, count)}
	var next atomic.Int64
	begun := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for worker := range workers {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= count {
					return nil
				}
				start := time.Now()
				if err := call(ctx, worker, i); err != nil {
					return err
				}
				r.calls[i] = time.Since(start)
			}
		})
	}
	err := group.Wait()
	r.elapsed = time.Since(begun)
	return r, err
}

// pace makes count calls at a steady rate, each as its time comes, whatever became
// of those before it, and returns how long each took from then on: whoever waits
// for a worker waits too.
func pace(ctx context.Context, perSecond float64, count int, call call) (spread, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	due := make(chan time.Time, count)
	go strike(ctx, time.Duration(float64(time.Second)/perSecond), count, due)
	calls := make(spread, count)
	_, err := load(ctx, count, func(ctx context.Context, worker, i int) error {
		select {
		case begun := <-due:
			err := call(ctx, worker, i)
			calls[i] = time.Since(begun)
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	return calls, err
}

// strike sends the time count times, so long apart. It sleeps in a thread of its
// own: the runtime's timers are up to a millisecond late, and Linux's by default as
// much as calls are apart. When it misses a time altogether it does not catch up,
// which would be a burst.
func strike(ctx context.Context, every time.Duration, count int, due chan<- time.Time) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// So many nanoseconds its sleep may be too long (prctl(2)); without that it may
	// be by fifty thousand, which is no failure.
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_TIMERSLACK, 1, 0)
	for next := time.Now(); count > 0 && ctx.Err() == nil; count-- {
		next = next.Add(every)
		if wait := time.Until(next); wait > 0 {
			span := syscall.NsecToTimespec(wait.Nanoseconds())
			_ = syscall.Nanosleep(&span, nil) // a signal wakes it early, which does no harm
		}
		now := time.Now()
		if now.Sub(next) > every {
			next = now
		}
		due <- now
	}
}
