package tokens_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"signet/internal/apptest"
	"signet/internal/oidc/dpop/dpoptest"
)

// set is a scope value, or any set of names.
type set map[string]bool

func of(names ...string) set {
	s := set{}
	for _, name := range names {
		s[name] = true
	}
	return s
}

// parsed is the set of a scope value.
func parsed(scope string) set { return of(strings.Fields(scope)...) }

func (s set) String() string { return strings.Join(slices.Sorted(maps.Keys(s)), " ") }

func (s set) list() []string { return slices.Sorted(maps.Keys(s)) }

func (s set) and(other set) set {
	out := maps.Clone(s)
	maps.DeleteFunc(out, func(name string, _ bool) bool { return !other[name] })
	return out
}

func (s set) or(other set) set {
	out := maps.Clone(s)
	maps.Copy(out, other)
	return out
}

func (s set) without(other set) set {
	out := maps.Clone(s)
	maps.DeleteFunc(out, func(name string, _ bool) bool { return other[name] })
	return out
}

// covers reports whether nothing of other is missing.
func (s set) covers(other set) bool { return len(other.without(s)) == 0 }

func (s set) same(other set) bool { return s.covers(other) && other.covers(s) }

// person is somebody who signs in.
type person struct {
	name, id, username, password string
	isSuspended, isGone          bool
}

// app is an application as it was registered.
type app struct {
	*apptest.Client

	name                      string
	isThird, isNative         bool
	isPublic, isDevice        bool
	rotates, alwaysRefreshes  bool
	limit                     int           // of grants, 0 for none
	key                       *dpoptest.Key // that it proves to hold, nil for none
	wantsNotice, wantsSession bool          // of sign-outs
	secrets                   []secret
	isGone                    bool
}

type secret struct {
	name, value string
	expires     int64 // 0 never
}

// browser is where somebody signs in; its cookie leads to the session, if that has
// not been taken from it.
type browser struct {
	name    string
	client  *http.Client
	session *session
}

// session is that of a browser; apps take part in it.
type session struct {
	user             *person
	created, renewed int64
	expires          int64
	hasEnded         bool
	apps             map[*app]*grant
	sids             map[*app]string // as ID tokens told
}

// grant is what a person has allowed an app.
type grant struct {
	user             *person
	app              *app
	session          *session // nil of an exchanged token
	isOffline        bool
	provider         set
	allowed, refused map[string]set // by resource
	issued, expires  int64
	isRevoked        bool
}

// kinds of what is presented.
const (
	aCode    = "code"
	aRefresh = "refresh token"
	anAccess = "access token"
	aDevice  = "device code"
)

// token is a code or an opaque token, and what it stands for.
type token struct {
	kind, value     string
	app             *app
	grant           *grant   // nil of a device that waits
	session         *session // with which it dies, nil if it does not
	scope           set
	resources       []string
	key             string // thumbprint, "" for none
	nonce           string
	redirect        string // of a code
	issued, expires int64
	spent           int64  // 0 if it is not
	next            *token // its successor
	isGone          bool   // nobody can find it any more

	userCode string // of a device
	params   *ask
	isDenied bool
}

// structured is a JWT access token that was issued.
type structured struct {
	value, kid string
	user       *person
	app        *app
	expires    int64
}

// single is a subject token, or a personal access token, which is good again and
// again.
type single struct {
	value      string
	user       *person
	expires    int64 // 0 never
	isPersonal bool
	isSpent    bool
}

// model is what the oracle knows.
type model struct {
	people   []*person
	apps     map[string]*app
	browsers []*browser
	sessions []*session
	grants   []*grant
	tokens   []*token
	jwts     []*structured
	singles  []*single
	pushed   []*pushed
	facts    map[fact]bool
}

// Lives, as the contract says.
const (
	second     = int64(time.Second / time.Millisecond)
	day        = 24 * 3600 * second
	codeLife   = 60 * second
	accessLife = 3600 * second
	deviceLife = 600 * second
	refreshFor = 14 * day
	sessionFor = 14 * day
	grantFor   = 180 * day
	leeway     = 3 * second
	renewal    = 3600 * second // a session is renewed by use once it is so old
)

func (w *walk) now() int64 { return w.site.Clock.Now().UnixMilli() }

func (p *person) isUsable() bool { return !p.isSuspended && !p.isGone }

func (w *walk) sessionLives(s *session) bool { return s != nil && !s.hasEnded && w.now() < s.expires }

func (w *walk) grantLives(g *grant) bool {
	return g != nil && !g.isRevoked && !g.app.isGone && w.now() < g.expires
}

// isFound reports whether a token is neither gone nor expired and stands for
// something that still holds, spent or not.
func (w *walk) isFound(t *token) bool {
	return !t.isGone && w.now() < t.expires && w.grantLives(t.grant) &&
		(t.session == nil || w.sessionLives(t.session)) && t.grant.user.isUsable()
}

// lives reports whether a token is good for something.
func (w *walk) lives(t *token) bool { return w.isFound(t) && t.spent == 0 }

// having returns the tokens that meet a condition.
func (w *walk) having(kind string, also func(t *token) bool) []*token {
	var out []*token
	for _, t := range w.tokens {
		if t.kind == kind && also(t) {
			out = append(out, t)
		}
	}
	return out
}

// signedIn is the session to which a browser's cookie leads, nil for none.
func (w *walk) signedIn(b *browser) *session {
	if w.sessionLives(b.session) {
		return b.session
	}
	return nil
}

// kill ends a grant and all that came of it.
func (w *walk) kill(g *grant) {
	g.isRevoked = true
	for _, t := range w.tokens {
		if t.grant == g {
			t.isGone = true
		}
	}
}

// drop ends a session and the tokens that were bound to it.
func (w *walk) drop(s *session) {
	if s.hasEnded {
		return
	}
	s.hasEnded = true
	for a := range s.apps {
		w.site.expectNotice(a, s.user, s.sids[a])
	}
	for _, t := range w.tokens {
		if t.session == s && t.kind != aCode && t.kind != aDevice {
			t.isGone = true
		}
	}
}

// end is drop at a sign-out: what is not for offline use ends too.
func (w *walk) end(s *session) {
	for _, g := range w.grants {
		if g.session == s && !g.isOffline && !g.isRevoked {
			w.kill(g)
		}
	}
	w.drop(s)
}

// detach takes an app out of the sessions that authorized a grant.
func (w *walk) detach(g *grant) (left []*session) {
	for _, s := range w.sessions {
		if s.apps[g.app] == g {
			delete(s.apps, g.app)
			w.site.expectNotice(g.app, g.user, s.sids[g.app])
			delete(s.sids, g.app) // should it come back, it is told of another
			left = append(left, s)
		}
	}
	return left
}

// forget ends everything of a person but what they allowed apps.
func (w *walk) forget(p *person) {
	for _, g := range w.grants {
		if g.user != p {
			continue
		}
		w.site.expectNotice(g.app, p, "")
		for _, t := range w.tokens {
			if t.grant == g {
				t.isGone = true
			}
		}
	}
	for _, s := range w.sessions {
		if s.user == p {
			w.drop(s)
		}
	}
}

// evict ends the oldest grants beyond as many as an app may have; used is the one
// that stays.
func (w *walk) evict(used *grant) {
	if used.app.limit == 0 {
		return
	}
	var others []*grant
	for _, g := range w.grants { // the oldest first
		if g.app == used.app && g.user == used.user && g.session != nil && g != used && w.grantLives(g) {
			others = append(others, g)
		}
	}
	for i := 0; i < len(others)+1-used.app.limit && i < len(others); i++ {
		w.kill(others[i])
		w.detach(others[i])
	}
}
