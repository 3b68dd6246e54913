package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"signet/internal/platform/crypt"
	"signet/internal/platform/crypt/digest"
	"signet/test/flow"
)

const (
	password = "Blue-Harbour-42"
	// people sign in by turns, so that nobody's sessions pile up.
	people = 50
	// Hashing alone and signing in take turns, so that whatever else the
	// machine does meets both.
	rounds, perRound = 5, 200
	// steps is how many requests a sign-in takes: authorize, begin, password,
	// identify, submit, resume, consent, resume, token.
	steps = 9
)

// signIns are a load and the processor time that it took.
type signIns struct {
	result

	cpu time.Duration
}

// each is the processor time of one call.
func (s signIns) each() time.Duration { return s.cpu / time.Duration(len(s.calls)) }

// measured runs a load and notes what it costs the process.
func (s *signIns) measured(ctx context.Context, pid, count int, call call) error {
	before, err := cpuTime(pid)
	if err != nil {
		return err
	}
	r, err := load(ctx, count, call)
	if err != nil {
		return err
	}
	after, err := cpuTime(pid)
	s.add(r)
	s.cpu += after - before
	return err
}

// measureSignIn compares whole sign-ins with the bare hash, which is slow on
// purpose: all the rest should be small beside it.
func measureSignIn(ctx context.Context, server *flow.Process) ([]figure, error) {
	progress("registering %d people", people)
	transport := newTransport()
	_, err := load(ctx, people, func(ctx context.Context, _, i int) error {
		_, err := flow.New(server.Base, transport).Register(ctx, person(i), password)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	signIn := func(ctx context.Context, _, i int) error {
		b := flow.New(server.Base, transport)
		if _, err := b.SignIn(ctx, person(i), password, nil); err != nil {
			return fmt.Errorf("sign in: %w", err)
		}
		if b.Requests != steps {
			return fmt.Errorf("a sign-in took %d requests, not %d", b.Requests, steps)
		}
		return nil
	}
	hasher := crypt.NewHasher(crypt.HasherOptions{})
	encoded, err := hasher.Hash(ctx, password)
	if err != nil {
		return nil, err
	}
	verify := func(ctx context.Context, _, _ int) error {
		_, _, err := hasher.Verify(ctx, digest.Argon2id, encoded, password)
		return err
	}
	var bare, whole signIns
	for round := range rounds {
		progress("round %d of %d: %d hashes, then %d sign-ins", round+1, rounds, perRound, perRound)
		if err := bare.measured(ctx, os.Getpid(), perRound, verify); err != nil {
			return nil, err
		}
		if err := whole.measured(ctx, server.PID(), perRound, signIn); err != nil {
			return nil, err
		}
	}
	return signInFigures(bare, whole), nil
}

func signInFigures(bare, whole signIns) []figure {
	inMillis := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return []figure{
		{name: "Bare Argon2id (19 MiB, 2 passes)", value: bare.perSecond(), digits: 1, unit: "/s"},
		{name: "Password sign-in, whole flow, nine requests", value: whole.perSecond(), digits: 1, unit: "/s", calls: whole.calls},
		figure{name: "Password sign-in beside the bare hash", value: 100 * whole.perSecond() / bare.perSecond(), digits: 0, unit: "%"}.atLeast(75),
		{name: "Processor time of one hash", value: inMillis(bare.each()), digits: 1, unit: "ms"},
		figure{name: "Server's processor time for one sign-in beside the hash", value: inMillis(whole.each() - bare.each()), digits: 1, unit: "ms"}.atMost(8),
	}
}

func person(i int) string { return fmt.Sprintf("person_%d", i%people) }

// newTransport keeps a connection open for each worker.
func newTransport() *http.Transport {
	return &http.Transport{MaxIdleConnsPerHost: workers()}
}
