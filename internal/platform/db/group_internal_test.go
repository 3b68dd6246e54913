package db

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// However many are in line, a group has an end.
func TestLine_HandsOnWithinBounds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		age   time.Duration // less than nothing, so that no slow machine makes it old
		group group
		want  bool
	}{
		"young and small": {-time.Minute, group{members: 1}, true},
		"full":            {-time.Minute, group{members: mostMembers}, false},
		"old":             {2 * groupAge, group{members: 1}, false},
		"spoilt":          {-time.Minute, group{members: 1, spoilt: errors.New("full")}, false},
		"without members": {-time.Minute, group{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := line{isTaken: true, waiting: []chan *group{make(chan *group, 1)}, age: groupAge}
			c.group.begun = time.Now().Add(-c.age)
			if got := l.handOn(&c.group); got != c.want {
				t.Errorf("handed on: %t", got)
			}
		})
	}
}

func TestLine_IsFirstComeFirstServed(t *testing.T) {
	t.Parallel()
	var l line
	if g, err := l.enter(t.Context(), 0); g != nil || err != nil {
		t.Fatal(g, err)
	}
	order := make(chan int, 3)
	var callers sync.WaitGroup
	for i := range 3 {
		callers.Go(func() {
			if _, err := l.enter(t.Context(), time.Minute); err != nil {
				t.Error(err)
			}
			order <- i
			l.leave()
		})
		for l.length() <= i {
			time.Sleep(time.Millisecond)
		}
	}
	l.leave()
	callers.Wait()
	for i := range 3 {
		if got := <-order; got != i {
			t.Errorf("%d came as number %d", got, i)
		}
	}
	if l.isTaken {
		t.Error("the last did not leave")
	}
	l.isTaken = true
	if _, err := l.enter(t.Context(), time.Millisecond); !errors.Is(err, ErrUnavailable) || l.length() != 0 {
		t.Errorf("who has no more patience: %v, %d in line", err, l.length())
	}
}

// Who gives up in the moment in which its turn comes takes the turn, with which it
// has been entrusted.
func TestLine_LosesNoTurn(t *testing.T) {
	t.Parallel()
	l := line{isTaken: true}
	ctx, giveUp := context.WithCancel(t.Context())
	handed, got := &group{}, make(chan *group)
	go func() {
		g, _ := l.enter(ctx, time.Minute)
		got <- g
	}()
	for l.length() == 0 {
		time.Sleep(time.Millisecond)
	}
	l.mu.Lock()
	giveUp()
	time.Sleep(20 * time.Millisecond) // it has given up then, and wants to leave the line
	l.waiting[0] <- handed
	l.waiting = nil
	l.mu.Unlock()
	if g := <-got; g != handed {
		t.Errorf("got %v", g)
	}
}
