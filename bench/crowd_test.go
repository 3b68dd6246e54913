package main

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"signet/internal/apptest"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/tenant"
	"signet/internal/user/transfer"
)

func TestCrowd_IsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	const n = 3000
	var small, large bytes.Buffer
	if err := crowd(n).write(&small, n); err != nil {
		t.Fatal(err)
	}
	if err := crowd(n).write(&large, n); err != nil {
		t.Fatal(err)
	}
	if small.String() != large.String() {
		t.Error("two crowds differ")
	}
	seen := map[string]bool{}
	counts := map[string]int{}
	for i := range n {
		p := crowd(n).row(i)
		for kind, name := range map[string]string{"id": p.ID, "username": p.Username, "email": strings.ToLower(p.PrimaryEmail), "phone": p.PrimaryPhone} {
			if name != "" && seen[kind+name] {
				t.Errorf("two people have the %s %s", kind, name)
			}
			seen[kind+name] = true
			if name != "" {
				counts[kind]++
			}
		}
		if p.Username+p.PrimaryEmail == "" {
			t.Errorf("%+v cannot sign in", p)
		}
		for _, role := range p.Roles {
			counts[role]++
		}
		if p.organization >= crowd(n).organizations() {
			t.Errorf("organization %d of %d", p.organization, crowd(n).organizations())
		}
		if p.organization >= 0 {
			counts["member"]++
		}
	}
	for kind, share := range map[string]float64{"id": 1, "username": .82, "email": .9, "phone": .3, roleMost: .6, roleSome: .05, "member": .2} {
		if got := float64(counts[kind]) / n; got < share-.03 || got > share+.03 {
			t.Errorf("%s: %.3f of the people, want %.3f", kind, got, share)
		}
	}
}

// Every operation that is measured works, on a crowd that comes in as it does
// for the measuring.
func TestOperations_Work(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		machine := app.CreateMachine(t, tenant.Default, apptest.ManagementRole)
		api, err := connect(t.Context(), app.URL, credentials{machine.ID, machine.Secret})
		if err != nil {
			t.Fatal(err)
		}
		s := &site{crowd: 200, api: api}
		var file bytes.Buffer
		if err := errors.Join(s.makeRoles(t.Context()), s.crowd.write(&file, int(s.crowd))); err != nil {
			t.Fatal(err)
		}
		done, err := transfer.Import(t.Context(), &file, transfer.Options{DB: app.DB(), Clock: clock.System, Format: transfer.NDJSON, CaseSensitive: true})
		if err != nil || done.Imported != int(s.crowd) {
			t.Fatal(done, err)
		}
		if err := s.organize(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, o := range slices.Concat(dailyOperations, searches) {
			calls, last, err := s.take(t.Context(), o, 2, 40)
			if err != nil || len(calls) != 40 || calls.quantile(0) <= 0 {
				t.Errorf("%s: %v, %v", o.name, calls, err)
			}
			if last.isRefused || o.finds == nobody && last.total != 0 {
				t.Errorf("%s: %+v", o.name, last)
			}
		}
		if n := app.Count(t, tenant.Default, "user_roles", "role_id = $2", s.Roles[roleNew]); n != 0 {
			t.Errorf("%d people kept a role that was taken back", n)
		}
	})
}

func TestCompared_SaysWhetherTheTargetIsMet(t *testing.T) {
	t.Parallel()
	took := func(d time.Duration) measured {
		return measured{alone: spread{d * time.Millisecond}, rate: 5, last: answer{total: 1234}}
	}
	refused := took(1)
	refused.last = answer{isRefused: true}
	for _, c := range []struct {
		compared
		target, verdict string
	}{
		{compared{operation{isSteady: true}, took(10), took(13), db.SQLite}, "ratio ≤ 1.3", "ok"},
		{compared{operation{isSteady: true}, took(10), took(14), db.SQLite}, "ratio ≤ 1.3", "**missed**"},
		{compared{operation{isIndexed: true}, took(1), took(250), db.SQLite}, "p99 ≤ 250 ms", "ok"},
		{compared{operation{isIndexed: true}, took(1), took(151), db.Postgres}, "p99 ≤ 150 ms", "**missed**"},
		{compared{operation{}, took(1), took(1000), db.Postgres}, "p99 ≤ 1 s", "ok"},
		{compared{operation{}, took(1), refused, db.Postgres}, "p99 ≤ 1 s", "**refused**: too broad"},
	} {
		if c.compared.target() != c.target || c.compared.verdict() != c.verdict || c.missed() == (c.verdict == "ok") {
			t.Errorf("%s %s, want %s %s", c.compared.target(), c.compared.verdict(), c.target, c.verdict)
		}
	}
	capped := took(20)
	capped.last = answer{total: 10_000, isCapped: true}
	lines := []compared{
		{operation{name: "A", finds: few}, took(10), took(20), db.SQLite}, {operation{name: "B"}, took(1), took(2), db.SQLite},
		{operation{name: "A", finds: many}, took(10), capped, db.Postgres},
	}
	text := (&report{many: 1_000_000, compared: lines}).document()
	for _, want := range []string{
		"| SQLite | 1,000 people | 1,000,000 people |", "| A | 10.0 ms, 10.0 ms, 5/s | 20.0 ms, 20.0 ms, 5/s | 2.00 | 1,234 | p99 ≤ 1 s | ok |",
		"| B | 1.0 ms, 1.0 ms, 5/s | 2.0 ms, 2.0 ms, 5/s | 2.00 |  |", "| PostgreSQL | 1,000 people |", "| > 10,000 |", "-users 1000000",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	if got := (&report{figures: []figure{{name: "F", missed: true}}, compared: []compared{{operation{name: "A"}, took(1), refused, db.Postgres}}}).missed(); !slices.Equal(got, []string{"F", "postgres: A"}) {
		t.Errorf("missed: %q", got)
	}
}

// One of ten has no address, and would be looked for in vain.
func TestTheirs_FindsTheAddress(t *testing.T) {
	t.Parallel()
	s := &site{crowd: fullCrowd}
	for i := range uint64(200) {
		address := s.with(rand.New(rand.NewPCG(7, i)), email)
		if found, err := regexp.MatchString("(?i)"+theirs(address), address); err != nil || !found {
			t.Fatalf("%s does not match %s, %v", theirs(address), address, err)
		}
	}
}
