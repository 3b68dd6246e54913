// Package tokens_test walks at random through the life of tokens, grants,
// sessions and rights. A walk is a sequence of operations, some of them at once,
// that the real server answers over HTTP and a small model answers too; after each
// step both must agree. A walk is known by its seed, which failures tell.
//
// The table of operations is in this file; what operations do lies in authorize_,
// push_, redeem_, exchange_, race_, end_ and operate_test.go. The oracle is model_,
// rights_, expect_ and notices_test.go; use_test.go asks the server about what the
// oracle knows, and site_test.go is what all walks of a server share.
package tokens_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"signet/internal/apptest"
	environment "signet/test/walk"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	first, count, steps := environment.Number(t, "WALK_SEED", 1), environment.Number(t, "WALK_COUNT", 60), environment.Number(t, "WALK_STEPS", 25)
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		s := newSite(t, app)
		for seed := first; seed < first+count; seed++ {
			s.walk(t, seed, steps)
		}
		s.told(t)
	}, options()...)
}

// operation is one kind of step. It reports false if it cannot be done at present;
// then another one is drawn.
type operation struct {
	name   string
	weight int // how often it is drawn
	run    func(w *walk) bool
}

var operations = []operation{
	{"authorize", 22, (*walk).authorize},
	{"redeem a code", 16, (*walk).redeem},
	{"refresh", 24, (*walk).refresh},
	{"act as a machine", 4, (*walk).actAsMachine},
	{"exchange a token", 6, (*walk).exchange},
	{"make a subject token", 2, (*walk).makeSubjectToken},
	{"make a personal token", 2, (*walk).makePersonalToken},
	{"begin on a device", 3, (*walk).beginOnDevice},
	{"poll from a device", 5, (*walk).pollFromDevice},
	{"answer a device", 4, (*walk).answerDevice},

	{"push a request", 1, (*walk).push},
	{"open a pushed request", 2, (*walk).usePushed},

	{"redeem a code several times at once", 2, (*walk).raceRedeem},
	{"refresh several times at once", 3, (*walk).raceRefresh},
	{"exchange a subject token several times at once", 1, (*walk).raceExchange},
	{"present a token while its grant ends", 4, (*walk).raceEnd},
	{"get tokens while the user is suspended", 3, (*walk).raceSuspend},
	{"get tokens while the session ends", 2, (*walk).raceSession},
	{"get tokens while the app is deleted", 1, (*walk).raceDelete},

	{"revoke", 4, (*walk).revoke},
	{"sign out", 3, (*walk).signOut},
	{"list sessions and end one", 2, (*walk).endSession},
	{"list grants and withdraw one", 4, (*walk).withdraw},
	{"suspend or unsuspend", 2, (*walk).suspend},
	{"set a password", 1, (*walk).setPassword},
	{"delete a user", 1, (*walk).deleteUser},
	{"delete an application", 1, (*walk).deleteApp},

	{"change a right", 12, (*walk).changeRight},
	{"replace by one of the same name", 2, (*walk).recycle},
	{"explain access", 4, (*walk).explain},
	{"change a secret", 2, (*walk).changeSecret},
	{"rotate keys", 1, (*walk).rotateKeys},
	{"wait", 9, (*walk).wait},
	{"use what is there", 6, (*walk).useSome},
}

// walk is one walk: the oracle's state, and how to reach the server.
type walk struct {
	*model

	site  *site
	t     *testing.T
	seed  int
	rng   *rand.Rand
	trace []string
}

// walk does one walk with people and applications of its own.
func (s *site) walk(t *testing.T, seed, steps int) {
	w := &walk{site: s, t: t, seed: seed, rng: rand.New(rand.NewPCG(uint64(seed), 1))}
	w.populate()
	for range steps {
		s.Clock.Advance(10 * time.Millisecond)
		w.step()
		w.useSome()
	}
	w.useAll()
	w.restore()
}

// step does the operation that is drawn.
func (w *walk) step() {
	w.t.Helper()
	total := 0
	for _, o := range operations {
		total += o.weight
	}
	for {
		n := w.rng.IntN(total)
		for _, o := range operations {
			if n -= o.weight; n >= 0 {
				continue
			}
			w.note("--- %s", o.name)
			if o.run(w) {
				return
			}
			w.trace = w.trace[:len(w.trace)-1]
			break
		}
	}
}

// note adds a line to what a failure shows.
func (w *walk) note(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
	if os.Getenv("WALK_TRACE") != "" {
		w.t.Logf(format, args...)
	}
}

// fail ends the walk: server and oracle disagree.
func (w *walk) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("%s\nWALK_SEED=%d WALK_COUNT=1, after\n%s", fmt.Sprintf(format, args...), w.seed, strings.Join(w.trace, "\n"))
}

// pick draws a member of a list, which must not be empty.
func pick[T any](w *walk, list []T) T { return list[w.rng.IntN(len(list))] }

// late draws a member of a list, rather one of the last.
func late[T any](w *walk, list []T) T {
	return list[len(list)-1-min(w.rng.IntN(len(list)), w.rng.IntN(len(list)))]
}

// chance is true once in so many times.
func (w *walk) chance(in int) bool { return w.rng.IntN(in) == 0 }
