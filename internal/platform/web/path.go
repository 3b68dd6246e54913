package web

import "strings"

// HasDotSegment reports whether an escaped path has a segment that browsers resolve
// away (WHATWG URL, section 4.4): ".", ".." or one of them percent-encoded.
func HasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(strings.ReplaceAll(path, `\`, "/"), "/") {
		if len(segment) > len("%2e%2e") {
			continue
		}
		switch strings.ReplaceAll(strings.ToLower(segment), "%2e", ".") {
		case ".", "..":
			return true
		}
	}
	return false
}
