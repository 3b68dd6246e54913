package bounded_test

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"signet/internal/platform/bounded"
)

func TestMap_KeepsWhatItIsGiven(t *testing.T) {
	t.Parallel()
	m := bounded.New[string, *int](8)
	if value, ok := m.Get("a"); ok || value != nil {
		t.Errorf("an empty map has %v", value)
	}
	one, two := 1, 2
	m.Set("a", &one)
	m.Set("a", &two)
	m.Set("nothing", nil)
	if value, ok := m.Get("a"); !ok || value != &two {
		t.Errorf("got %v", value)
	}
	if value, ok := m.Get("nothing"); !ok || value != nil {
		t.Errorf("nothing is %v, %v", value, ok)
	}
	if value := m.GetOrMake("a", func() *int { return &one }); value != &two {
		t.Errorf("made %v again", value)
	}
}

func TestMap_IsBounded(t *testing.T) {
	t.Parallel()
	const size = 100
	m := bounded.New[int, string](size)
	for i := range 50 * size {
		m.Set(i, strconv.Itoa(i))
	}
	kept := func() (n int) {
		for i := range 50 * size {
			if value, ok := m.Get(i); ok {
				n++
				if value != strconv.Itoa(i) {
					t.Errorf("%d is %q", i, value)
				}
			}
		}
		return n
	}
	for range 100 {
		if kept() <= size { // what is too much goes in the background
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n := kept(); n == 0 || n > size {
		t.Errorf("%d are kept", n)
	}
}

func TestMap_MakesOnce(t *testing.T) {
	t.Parallel()
	m := bounded.New[string, int64](8)
	var made atomic.Int64
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if got := m.GetOrMake("a", func() int64 { return made.Add(1) }); got != 1 {
				t.Errorf("got %d", got)
			}
		})
	}
	group.Wait()
}
