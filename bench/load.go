package main

import (
	"context"
	"slices"
	"sync/atomic"
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

// load has workers() workers make count calls together. call learns which
// worker it runs in and which call it is; the first error ends everything.
func load(ctx context.Context, count int, call func(ctx context.Context, worker, i int) error) (result, error) {
	return loadBy(ctx, workers(), count, call)
}

// loadBy is load with another number of workers.
func loadBy(ctx context.Context, workers, count int, call func(ctx context.Context, worker, i int) error) (result, error) {
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
func pace(ctx context.Context, perSecond float64, count int, call func(ctx context.Context, worker, i int) error) (spread, error) {
	every := time.Duration(float64(time.Second) / perSecond)
	begun := time.Now()
	calls := make(spread, count)
	_, err := load(ctx, count, func(ctx context.Context, worker, i int) error {
		due := begun.Add(time.Duration(i) * every)
		time.Sleep(time.Until(due))
		// The alarm clock of the machine goes off late, which is not the server's doing.
		started := time.Now()
		if late := started.Sub(due); late < time.Millisecond {
			due = started
		}
		err := call(ctx, worker, i)
		calls[i] = time.Since(due)
		return err
	})
	return calls, err
}
