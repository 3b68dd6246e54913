package user

import (
	"slices"
	"unicode"
)

// minRun is the length at which equal or consecutive characters are a pattern.
const minRun = 3

// sequences are what fingers and habits produce; read backwards as well.
var sequences = withReversed(
	"abcdefghijklmnopqrstuvwxyz", "0123456789", "1234567890",
	"qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "!@#$%^&*()",
	"1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik,", "9ol.", "0p;/",
)

// next maps a character to its successor in one sequence.
type next map[rune]rune

func withReversed(texts ...string) []next {
	var all []next
	for _, text := range texts {
		forward, backward := next{}, next{}
		runes := []rune(text)
		for i := 1; i < len(runes); i++ {
			forward[runes[i-1]] = runes[i]
			backward[runes[i]] = runes[i-1]
		}
		all = append(all, forward, backward)
	}
	return all
}

// marked is a text in lower case whose characters can be marked. All its work is
// linear in the text for each pattern.
type marked struct {
	runes []rune
	marks []bool
}

func newMarked(text string) *marked {
	runes := fold(text)
	return &marked{runes: runes, marks: make([]bool, len(runes))}
}

func fold(text string) []rune {
	runes := []rune(text)
	for i, r := range runes {
		runes[i] = unicode.ToLower(r)
	}
	return runes
}

func (m *marked) count() int {
	n := 0
	for _, mark := range m.marks {
		if mark {
			n++
		}
	}
	return n
}

func (m *marked) markRepetitions() bool {
	return m.markRuns(func(a, b rune) bool { return a == b })
}

func (m *marked) markSequences() bool {
	found := false
	for _, successor := range sequences {
		found = m.markRuns(func(a, b rune) bool {
			want, ok := successor[a]
			return ok && want == b
		}) || found
	}
	return found
}

// markRuns marks each longest run in which every neighbour follows, if it has
// minRun characters.
func (m *marked) markRuns(follows func(a, b rune) bool) bool {
	found := false
	start := 0
	for i := 1; i <= len(m.runes); i++ {
		if i < len(m.runes) && follows(m.runes[i-1], m.runes[i]) {
			continue
		}
		if i-start >= minRun {
			m.mark(start, i)
			found = true
		}
		start = i
	}
	return found
}

// markWord marks every place where word stands, in any case.
func (m *marked) markWord(word string) bool {
	pattern := fold(word)
	if len(pattern) == 0 || len(pattern) > len(m.runes) {
		return false
	}
	found := false
	for i := 0; i+len(pattern) <= len(m.runes); i++ {
		if slices.Equal(m.runes[i:i+len(pattern)], pattern) {
			m.mark(i, i+len(pattern))
			found = true
		}
	}
	return found
}

func (m *marked) mark(from, to int) {
	for i := from; i < to; i++ {
		m.marks[i] = true
	}
}
