package ids_test

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"signet/internal/platform/ids"
)

func TestIdentifiers_HaveTheirShape(t *testing.T) {
	t.Parallel()
	for pattern, make := range map[string]func() string{
		`^[0-9a-z]{12}$`:       ids.Short,
		`^[0-9a-z]{21}$`:       ids.Long,
		`^[0-9A-Za-z]{32}$`:    ids.Secret,
		`^[0-9A-Za-z_-]{43}$`:  ids.Token,
		`^0[0-9a-z]{8}\w{12}$`: func() string { return ids.Ordered(time.UnixMilli(1_800_000_000_000)) },
	} {
		seen := map[string]bool{}
		for range 1000 {
			id := make()
			if !regexp.MustCompile(pattern).MatchString(id) || seen[id] {
				t.Fatalf("%q does not match %s, or came twice", id, pattern)
			}
			seen[id] = true
		}
	}
}

func TestOrdered_SortsByTimeThenByCall(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_800_000_000_000)
	var made []string
	for i := range 3000 {
		made = append(made, ids.Ordered(now.Add(time.Duration(i/1000)*time.Millisecond)))
	}
	if !slices.IsSorted(made) {
		t.Error("later calls sort before earlier ones")
	}
}
