package sentinel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/errs"
)

var errWrong = errs.New(422, "session.invalid_credentials")

func wrong() error { return errWrong }
func right() error { return nil }

type fixture struct {
	db    *db.DB
	clock *clock.Fake
	p     Policy
}

func setup(t *testing.T, p *db.Pool, maxAttempts, minutes int) fixture {
	t.Helper()
	return fixture{
		db:    p.For("default"),
		clock: clock.NewFake(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)),
		p:     Policy{MaxAttempts: &maxAttempts, LockoutDuration: &minutes},
	}
}

func (f fixture) guard(targets []Target, check func() error) error {
	return Guard(context.Background(), f.db, f.clock.Now, f.p, targets, check)
}

// outcomes counts the stored activities of the tenant by outcome.
func (f fixture) outcomes(t *testing.T) map[string]int {
	t.Helper()
	all, err := db.All[string](t.Context(), f.db, `SELECT outcome FROM sentinel_activities WHERE tenant_id = $1`)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, outcome := range all {
		counts[outcome]++
	}
	return counts
}

func (f fixture) events(t *testing.T) []string {
	t.Helper()
	type row struct {
		Name string                   `db:"name"`
		Data db.JSON[json.RawMessage] `db:"data"`
	}
	rows, err := db.All[row](t.Context(), f.db, `SELECT name, data FROM outbox_events WHERE tenant_id = $1 ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, r := range rows {
		var compact lockout
		if err := json.Unmarshal(r.Data.V, &compact); err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s %s %s", r.Name, compact.Type, compact.Value))
	}
	return out
}

func ada(action Action) []Target { return ForIdentifier(action, "username", "ada", "u1") }

func want(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) || (want == nil) != (got == nil) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestGuard_BlocksAtTheLimitAndOpensAfterTheLockout(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		f := setup(t, p, 3, 90)
		want(t, "first", f.guard(ada(Password), wrong), errWrong)
		want(t, "success in between", f.guard(ada(Password), right), nil)
		want(t, "second, a success clears nothing", f.guard(ada(Password), wrong), errWrong)

		err := f.guard(ada(Password), wrong)
		want(t, "third", err, ErrBlocked)
		if e, _ := errs.As(err); e == nil || e.Status != 400 || e.Args["minutes"] != 90 {
			t.Errorf("error = %+v, want 400 with 90 minutes", e)
		}
		if got := f.events(t); len(got) != 1 || got[0] != "Identifier.Lockout username ada" {
			t.Errorf("events = %v, want one lockout of ada", got)
		}

		f.clock.Advance(30 * time.Minute)
		err = f.guard(ada(Password), wrong)
		want(t, "while blocked", err, ErrBlocked)
		if e, _ := errs.As(err); e == nil || e.Args["minutes"] != 60 {
			t.Errorf("error = %+v, want 60 minutes: attempts while blocked do not extend", e)
		}
		f.clock.Advance(60*time.Minute + time.Second)
		want(t, "after the lockout", f.guard(ada(Password), right), nil)
		want(t, "old failures are forgotten", f.guard(ada(Password), wrong), errWrong)
		if got := f.outcomes(t); got["pending"] != 0 || got["blocked"] != 2 || got["failed"] != 6 || got["success"] != 4 {
			t.Errorf("activities = %v", got)
		}
	})
}

func TestGuard_AfterAShortLockoutOneMoreFailureBlocksAgain(t *testing.T) {
	t.Parallel()
	f := setup(t, dbtest.SQLite(t), 3, 5)
	for range 3 {
		_ = f.guard(ada(Password), wrong)
	}
	f.clock.Advance(5*time.Minute + time.Second)
	want(t, "one more", f.guard(ada(Password), wrong), ErrBlocked)
	f.clock.Advance(5*time.Minute + time.Second)
	want(t, "right after that", f.guard(ada(Password), right), nil)
}

func TestGuard_FailuresLeaveTheWindowAfterAnHour(t *testing.T) {
	t.Parallel()
	f := setup(t, dbtest.SQLite(t), 3, 60)
	for range 8 {
		want(t, "rare failure", f.guard(ada(Password), wrong), errWrong)
		f.clock.Advance(31 * time.Minute)
	}
}

// The blocked answer is the same for the right and the wrong secret, the check
// ran both times, and nothing is stored.
func TestGuard_BlockedAnswerDoesNotDependOnTheSecret(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		f := setup(t, p, 1, 60)
		want(t, "locking", f.guard(ada(Password), wrong), ErrBlocked)
		before := f.outcomes(t)
		var answers []string
		ran := 0
		for _, check := range []func() error{wrong, right, func() error { return context.Canceled }} {
			err := f.guard(ada(Password), func() error { ran++; return check() })
			answers = append(answers, fmt.Sprintf("%#v", err))
		}
		if answers[0] != answers[1] || answers[1] != answers[2] {
			t.Errorf("answers differ: %v", answers)
		}
		if ran != 3 {
			t.Errorf("the check ran %d times, want 3", ran)
		}
		if after := f.outcomes(t); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("activities %v became %v", before, after)
		}
		if got := f.events(t); len(got) != 1 {
			t.Errorf("events = %v, want one", got)
		}
	})
}

// Attack 34: parallel guesses evaluate at most as many secrets as the limit
// allows.
func TestGuard_ParallelGuessesEvaluateAtMostTheLimit(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		f := setup(t, p, 5, 60)
		var evaluated, refused, blocked atomic.Int64
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				err := f.guard(ada(Password), wrong)
				switch {
				case errors.Is(err, errWrong):
					refused.Add(1)
				case errors.Is(err, ErrBlocked):
					blocked.Add(1)
				default:
					t.Errorf("unexpected: %v", err)
				}
			})
		}
		wg.Wait()
		for _, outcome := range []string{"failed", "blocked"} {
			evaluated.Add(int64(f.outcomes(t)[outcome] / 2)) // two targets each
		}
		if evaluated.Load() != 5 || refused.Load() != 4 || blocked.Load() != 46 {
			t.Errorf("evaluated %d, refused %d, blocked %d, want 5, 4, 46", evaluated.Load(), refused.Load(), blocked.Load())
		}
		want(t, "the right secret afterwards", f.guard(ada(Password), right), ErrBlocked)
		if got := f.events(t); len(got) != 1 {
			t.Errorf("events = %v, want one lockout", got)
		}
	})
}

// Attack 27: however an identifier is written, it has one lockout.
func TestGuard_SpellingsOfAnIdentifierShareOneLockout(t *testing.T) {
	t.Parallel()
	for name, spellings := range map[string][]string{
		"case":              {"ada", "ADA", "aDa"},
		"outer space":       {"ada", " ada", "ada\t"},
		"composition":       {"zo\u00eb@example.org", "zoe\u0308@example.org", "ZOE\u0308@EXAMPLE.ORG"},
		"compatibility":     {"ada", "ａｄａ", "𝒶𝒹𝒶"},
		"kelvin sign":       {"kate", "\u212aate", "KATE"},
		"sharp s and final": {"strasse", "straße", "STRASSE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, dbtest.SQLite(t), len(spellings), 60)
			for i, spelling := range spellings {
				err := f.guard(ForIdentifier(Password, "username", spelling, ""), wrong)
				if last := i == len(spellings)-1; errors.Is(err, ErrBlocked) != last {
					t.Errorf("attempt %d as %q: %v", i+1, spelling, err)
				}
			}
		})
	}
}

// Attack 27: one lockout over the identifiers of a user.
func TestGuard_ChangingTheIdentifierGainsNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		f := setup(t, p, 3, 60)
		want(t, "by name", f.guard(ForIdentifier(Password, "username", "ada", "u1"), wrong), errWrong)
		want(t, "by mail", f.guard(ForIdentifier(VerificationCode, "email", "ada@example.org", "u1"), wrong), errWrong)
		want(t, "by phone", f.guard(ForIdentifier(OneTimeToken, "phone", "441632960961", "u1"), wrong), ErrBlocked)
		want(t, "right, by name", f.guard(ForIdentifier(Password, "username", "ada", "u1"), right), ErrBlocked)
		want(t, "the account's password check", f.guard(ForUser(Password, "u1"), right), ErrBlocked)
		want(t, "somebody else", f.guard(ForIdentifier(Password, "username", "bob", "u2"), right), nil)
		if got := f.events(t); len(got) != 1 || got[0] != "Identifier.Lockout phone 441632960961" {
			t.Errorf("events = %v", got)
		}
	})
}

func TestGuard_UnknownIdentifiersLockAlike(t *testing.T) {
	t.Parallel()
	f := setup(t, dbtest.SQLite(t), 2, 60)
	nobody := ForIdentifier(Password, "username", "nobody", "")
	want(t, "first", f.guard(nobody, wrong), errWrong)
	want(t, "second", f.guard(nobody, wrong), ErrBlocked)
	want(t, "another nobody", f.guard(ForIdentifier(Password, "username", "noone", ""), wrong), errWrong)
	if known := ada(Password); len(known) != len(nobody) {
		t.Errorf("%d targets for a known user, %d for an unknown one: the work differs", len(known), len(nobody))
	}
}

func TestGuard_EachFactorHasItsOwnPool(t *testing.T) {
	t.Parallel()
	f := setup(t, dbtest.SQLite(t), 1, 60)
	for _, action := range []Action{Password, TOTP, WebAuthn, BackupCode} {
		want(t, string(action), f.guard(ForUser(action, "u1"), right), nil)
		want(t, string(action), f.guard(ForUser(action, "u1"), wrong), ErrBlocked)
		want(t, string(action), f.guard(ForUser(action, "u1"), right), ErrBlocked)
		want(t, string(action)+" of another user", f.guard(ForUser(action, "u2"), right), nil)
	}
}

func TestGuard_TenantsDoNotShareLockouts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		f := setup(t, p, 1, 60)
		want(t, "default", f.guard(ada(Password), wrong), ErrBlocked)
		f.db = p.For("admin")
		want(t, "admin", f.guard(ada(Password), right), nil)
	})
}

func TestGuard_WhatWasNotCheckedDoesNotCount(t *testing.T) {
	t.Parallel()
	f := setup(t, dbtest.SQLite(t), 1, 60)
	for _, failure := range []error{errors.New("disk"), context.Canceled, errs.New(503, "request.unavailable")} {
		want(t, "failure", f.guard(ada(Password), func() error { return failure }), failure)
	}
	if got := f.outcomes(t); len(got) != 0 {
		t.Errorf("activities = %v, want none", got)
	}
	want(t, "afterwards", f.guard(ada(Password), right), nil)
}

func TestGuard_HangingUpDoesNotTakeAFailureBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		f := setup(t, p, 2, 60)
		ctx, cancel := context.WithCancel(t.Context())
		err := Guard(ctx, f.db, f.clock.Now, f.p, ada(Password), func() error { cancel(); return errWrong })
		want(t, "hung up", err, errWrong)
		want(t, "next", f.guard(ada(Password), wrong), ErrBlocked)
	})
}

// A process that died between check and settlement leaves its attempt pending;
// it counts, or killing the server would buy guesses.
func TestGuard_UnsettledAttemptsCountAsFailed(t *testing.T) {
	t.Parallel()
	f := setup(t, dbtest.SQLite(t), 2, 60)
	for range 2 {
		if _, blocked, err := reserve(t.Context(), f.db, f.clock.Now(), f.p, ada(Password)); blocked != nil || err != nil {
			t.Fatal(blocked, err)
		}
	}
	want(t, "right, with two guesses under way", f.guard(ada(Password), right), ErrBlocked)
	f.clock.Advance(2 * time.Minute)
	want(t, "right, they never came back", f.guard(ada(Password), right), ErrBlocked)
	f.clock.Advance(window)
	want(t, "an hour later", f.guard(ada(Password), right), nil)
}

func TestPolicy_Defaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]int{
		`{}`:                                     {100, 60},
		`{"maxAttempts":7}`:                      {7, 60},
		`{"lockoutDuration":5}`:                  {100, 5},
		`{"maxAttempts":0,"lockoutDuration":-1}`: {1, 0},
		`{"maxAttempts":-9,"lockoutDuration":1000000000}`: {1, 365 * 24 * 60},
	} {
		var p Policy
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			t.Fatal(text, err)
		}
		if p.maxAttempts() != want[0] || p.lockout() != time.Duration(want[1])*time.Minute {
			t.Errorf("%s: %d, %s", text, p.maxAttempts(), p.lockout())
		}
	}
}

func BenchmarkGuard(b *testing.B) {
	p := dbtest.SQLite(b)
	for b.Loop() {
		if err := Guard(b.Context(), p.For("default"), clock.System, Policy{}, ada(Password), right); err != nil {
			b.Fatal(err)
		}
	}
}
