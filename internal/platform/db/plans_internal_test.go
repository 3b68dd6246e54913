package db

import (
	"slices"
	"testing"
	"time"
)

// Plans are renewed ever more seldom while a connection is used steadily, soon after
// it is used more than before, and every minute in any case.
func TestPlans_AgeByUse(t *testing.T) {
	for name, test := range map[string]struct {
		perSecond func(second int) int
		want      []int
	}{
		"steady":           {func(int) int { return 10 }, []int{2, 4, 8, 16, 32, 64, 124}},
		"quiet, then busy": {func(s int) int { return 1 + 99*min(1, s/100) }, []int{2, 4, 8, 16, 32, 64, 100, 102, 105, 111, 123, 147}},
		"hardly ever":      {func(s int) int { return 1 - min(1, s%50) }, []int{50, 100}},
	} {
		var renewed []int
		begun := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
		p := plans{since: begun}
		for second := range 150 {
			for range test.perSecond(second) {
				if p.count(begun.Add(time.Duration(second) * time.Second)) {
					renewed = append(renewed, second)
				}
			}
		}
		if !slices.Equal(renewed, test.want) {
			t.Errorf("%s: renewed at %v, want %v", name, renewed, test.want)
		}
	}
}
