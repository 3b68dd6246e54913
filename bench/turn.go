package main

import (
	"cmp"
	"context"
	"runtime"
	"slices"
)

// fullTurn makes as many calls as all workers can.
func fullTurn(ctx context.Context, call call) (result, error) {
	return warmed(ctx, call, func(perSecond float64) (result, error) {
		return load(ctx, int(perSecond*perDuel.Seconds()), call)
	})
}

// pacedTurn makes so many calls a second.
func pacedTurn(ctx context.Context, call call, perSecond float64) (spread, error) {
	return warmed(ctx, call, func(float64) (spread, error) {
		return pace(ctx, perSecond, int(perSecond*perPacedDuel.Seconds()), call)
	})
}

// middle is the element in the middle of an odd number of them, by a measure.
func middle[T any](all []T, by func(T) float64) T {
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(by(a), by(b)) })
	return all[len(all)/2]
}

// warmed measures after some calls that are not measured, and tells how many they
// were in a second: after the other side's turn, what is in memory of the database
// is stale. No garbage of turns before is left to collect.
func warmed[T any](ctx context.Context, call call, measure func(perSecond float64) (T, error)) (measured T, err error) {
	runtime.GC()
	r, err := load(ctx, 10*workers(), call)
	if err != nil {
		return measured, err
	}
	return measure(r.perSecond())
}
