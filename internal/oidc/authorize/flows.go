package authorize

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf16"
)

const (
	// latestFlow is the entry for pages that name no application.
	latestFlow = "_legacy"
	// maxFlowsCookie keeps the cookie within what browsers store (4096 bytes
	// with name and attributes); the oldest entries give way.
	maxFlowsCookie = 3000
)

// flows are the interactions that a browser takes part in, oldest first, at
// most one for each application.
type flows []flow

type flow struct{ clientID, uid string }

// readFlows returns the entries of the interaction cookie. A bare id counts as
// the latest interaction; what cannot be read counts as none.
func readFlows(r *http.Request) flows { return parseFlows(readCookie(r, CookieInteraction)) }

func parseFlows(cookie string) flows {
	text, err := url.PathUnescape(cookie)
	if err != nil || text == "" {
		return nil
	}
	if !strings.HasPrefix(text, "{") {
		return flows{{latestFlow, text}}
	}
	// A map would lose the order, and with it which entry is the oldest.
	decoder := json.NewDecoder(strings.NewReader(text))
	if _, err := decoder.Token(); err != nil {
		return nil
	}
	var out flows
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil
		}
		value, err := decoder.Token()
		if err != nil {
			return nil
		}
		clientID, isText := key.(string)
		uid, isID := value.(string)
		if !isText || !isID {
			return nil
		}
		out = append(out, flow{clientID, uid})
	}
	return out
}

// find returns the interaction of a client, or the latest if clientID is "".
// A cookie that is no map has only the latest.
func (f flows) find(clientID string) string {
	key := clientID
	if key == "" || f.isBare() {
		key = latestFlow
	}
	for _, entry := range f {
		if entry.clientID == key {
			return entry.uid
		}
	}
	return ""
}

func (f flows) isBare() bool { return len(f) == 1 && f[0].clientID == latestFlow }

// with adds the newest interaction in place of the client's former one.
func (f flows) with(clientID, uid string) flows {
	var out flows
	for _, entry := range f {
		if entry.clientID != clientID && entry.clientID != latestFlow {
			out = append(out, entry)
		}
	}
	out = append(out, flow{clientID, uid}, flow{latestFlow, uid})
	for len(out) > 2 && len(out.encode()) > maxFlowsCookie {
		out = out[1:]
	}
	return out
}

// without removes an interaction; the latest then is the newest that remains.
func (f flows) without(uid string) flows {
	var out flows
	latest := ""
	for _, entry := range f {
		switch {
		case entry.clientID == latestFlow && entry.uid != uid:
			latest = entry.uid
		case entry.clientID != latestFlow && entry.uid != uid:
			out = append(out, entry)
		}
	}
	if latest == "" && len(out) > 0 {
		latest = out[len(out)-1].uid
	}
	if latest != "" {
		out = append(out, flow{latestFlow, latest})
	}
	return out
}

// encode returns the entries as a percent-encoded JSON object.
func (f flows) encode() string {
	var out strings.Builder
	out.WriteByte('{')
	for i, entry := range f {
		if i > 0 {
			out.WriteByte(',')
		}
		key, _ := json.Marshal(entry.clientID) // strings always encode
		value, _ := json.Marshal(entry.uid)
		out.Write(key)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return strings.ReplaceAll(url.QueryEscape(out.String()), "+", "%20")
}

// escapeRune writes r as JSON's \u escapes, a surrogate pair if it needs one.
func escapeRune(r rune) string {
	if r > 0xffff {
		high, low := utf16.EncodeRune(r)
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	return fmt.Sprintf(`\u%04x`, r)
}
