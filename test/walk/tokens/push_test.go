package tokens_test

import (
	"net/http"
	"strings"
)

// pushed is an authorization request that was sent ahead.
type pushed struct {
	app     *app
	uri     string
	expires int64
	isUsed  bool
}

const pushedLife = 60 * second

// push sends a request ahead for later.
func (w *walk) push() bool {
	a := w.apps[pick(w, []string{"page", "phone", "shop"})]
	if a.isGone {
		return false
	}
	rq := w.draw(a)
	answer := w.sound(w.asking(a, "/oidc/request", rq.values(), nil)())
	if answer.status != http.StatusCreated || answer.text("request_uri") == "" {
		w.fail("push: %s", answer)
	}
	w.pushed = append(w.pushed, &pushed{app: a, uri: answer.text("request_uri"), expires: w.now() + pushedLife})
	return true
}

// usePushed has somebody who is signed in nowhere open a request that was sent
// ahead: once, and for a minute.
func (w *walk) usePushed() bool {
	if len(w.pushed) == 0 {
		return false
	}
	p := late(w, w.pushed)
	w.note("a request of %s is opened, used %v, for %d ms", p.app.name, p.isUsed, p.expires-w.now())
	a := w.do(nil, http.MethodGet, "/oidc/auth?"+form("client_id", p.app.ID, "request_uri", p.uri).Encode(), "")
	switch {
	case p.isUsed, w.now() >= p.expires:
		if a.status != http.StatusBadRequest || a.text("error") != "invalid_request_uri" || a.header.Get("Location") != "" {
			w.fail("want it to be over: %s", a)
		}
	case p.app.isGone:
		w.refused(a, invalidClient)
	default:
		p.isUsed = true
		location := a.header.Get("Location")
		if !strings.HasPrefix(location, "/sign-in") && !strings.Contains(location, "error=login_required") {
			w.fail("want a sign-in: %s", a)
		}
	}
	return true
}
