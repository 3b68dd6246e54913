package search

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fragment is a text that stands in whatever matches a pattern.
type Fragment struct {
	Text string
	// AtStart and AtEnd say that nothing comes before it, or after it.
	AtStart, AtEnd bool
}

// length is what a search for the fragment has to go by.
func (f Fragment) length() int {
	n := utf8.RuneCountInString(f.Text)
	for _, anchored := range []bool{f.AtStart, f.AtEnd} {
		if anchored {
			n++
		}
	}
	return n
}

// Fragments returns texts one of which stands in every text that the pattern
// of a term matches, in mode SimilarTo or POSIX and on either database; nothing
// if that cannot be said. They are of whole characters in the sense of Unicode
// normalization: where both are in lower case and composed (NFC), the text still
// contains the fragment.
func (t Term) Fragments(caseSensitive bool) []Fragment {
	expression := t.Values[0]
	switch t.Mode {
	case SimilarTo:
		translated, err := fromSimilar(expression)
		if err != nil {
			return nil
		}
		expression = translated
	case POSIX:
		if !isCommon(expression) {
			return nil
		}
		if expression = "(?s)" + expression; !caseSensitive {
			expression = "(?i)" + expression
		}
	default:
		return nil
	}
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil
	}
	return required(parsed, false, false)
}

// isCommon reports whether a regular expression has only escapes that mean the
// same to RE2 and to PostgreSQL.
func isCommon(expression string) bool {
	for {
		_, rest, found := strings.Cut(expression, `\`)
		if !found {
			return true
		}
		c, size := utf8.DecodeRuneInString(rest)
		if !unicode.IsPunct(c) && !unicode.IsSymbol(c) && !strings.ContainsRune("dswDSW", c) {
			return false
		}
		expression = rest[size:]
	}
}

// required returns the best fragments of an expression, which may stand at the
// start or the end of the text.
func required(re *syntax.Regexp, atStart, atEnd bool) []Fragment {
	switch re.Op {
	case syntax.OpLiteral:
		return literalPart(re, atStart, atEnd)
	case syntax.OpCapture:
		return required(re.Sub[0], atStart, atEnd)
	case syntax.OpPlus:
		return required(re.Sub[0], false, false)
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0], false, false)
		}
	case syntax.OpConcat:
		return requiredInRow(re.Sub, atStart, atEnd)
	case syntax.OpAlternate:
		var all []Fragment
		for _, sub := range re.Sub {
			fragments := required(sub, atStart, atEnd)
			if fragments == nil {
				return nil
			}
			all = append(all, fragments...)
		}
		return all
	}
	return nil
}

// requiredInRow returns the best fragments of expressions that follow each other.
func requiredInRow(row []*syntax.Regexp, atStart, atEnd bool) (best []Fragment) {
	last := len(row) - 1
	for i, re := range row {
		fragments := required(re,
			i == 0 && atStart || i > 0 && row[i-1].Op == syntax.OpBeginText,
			i == last && atEnd || i < last && row[i+1].Op == syntax.OpEndText)
		if worth(fragments) > worth(best) {
			best = fragments
		}
	}
	return best
}

// worth is the length of the shortest.
func worth(fragments []Fragment) int {
	least := 0
	for i, f := range fragments {
		if n := f.length(); i == 0 || n < least {
			least = n
		}
	}
	return least
}

// literalPart returns the longest part of a literal that is certain to be found.
func literalPart(re *syntax.Regexp, atStart, atEnd bool) []Fragment {
	fold := re.Flags&syntax.FoldCase != 0
	var best Fragment
	for from := 0; from < len(re.Rune); {
		to := from
		for to < len(re.Rune) && (!fold || hasPlainCase(re.Rune[to])) {
			to++
		}
		part := whole(string(re.Rune[from:to]), atStart && from == 0, atEnd && to == len(re.Rune))
		if part.Text != "" && part.length() > best.length() {
			best = part
		}
		from = to + 1
	}
	if best.Text == "" {
		return nil
	}
	return []Fragment{best}
}

// whole cuts off what may be composed with a character before or behind.
func whole(text string, atStart, atEnd bool) Fragment {
	if !atStart {
		text = text[max(0, norm.NFC.FirstBoundaryInString(text)):]
	}
	if !atEnd {
		text = text[:max(0, norm.NFC.LastBoundary([]byte(text)))]
	}
	return Fragment{text, atStart, atEnd}
}

// hasPlainCase reports whether all that a letter stands for where case means
// nothing, on either database, has the same lower case.
func hasPlainCase(r rune) bool {
	alike := []rune{unicode.ToUpper(r), unicode.ToLower(r), unicode.ToTitle(r)}
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		alike = append(alike, other)
	}
	return !slices.ContainsFunc(alike, func(other rune) bool { return unicode.ToLower(other) != unicode.ToLower(r) })
}
