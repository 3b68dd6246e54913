package signin_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"signet/internal/apptest"
)

// oracle knows what everybody has proved, by a model that is far simpler than the
// product, and so what must not have worked.
type oracle struct {
	w            *world
	settings     settings
	people       []*person
	interactions map[string]*interaction // by uid
	sessions     map[string]*session     // by the cookie's secret
	codes        map[string]*issued      // by the code
	families     map[string]*issued      // by access and refresh token
	rows         rows                    // as they were after the last call
	wrong        string                  // the refusal of a wrong password
}

// person is a user. epoch counts the passwords that the user has had.
type person struct {
	identity

	id              string
	epoch           int
	suspended, gone bool
	isMember        bool
	// mayDecline says that the user has decided against a second factor.
	mayDecline bool
	// keys are the credentials that the user has, true for those in hardware.
	keys map[string]bool
}

func (p *person) usable() bool { return !p.suspended && !p.gone }

// interaction is what has happened in one.
type interaction struct {
	uid     string
	client  *apptest.Client
	ask     ask
	begun   time.Time
	session *session // in which it began, nil for none
	// consents says that a signed-in person is asked for consent, stepUp who must show a
	// key; else somebody signs in.
	consents bool
	stepUp   *person
	gone     bool // ended from outside

	event    string // "" before it was started
	password proof
	newcomer proof // a new identity
	staged   identity
	who      *person
	created  bool
	// epoch is the password under which who was created.
	epoch    int
	ceremony ceremony
	bound    map[string]bool // credentials
	wantsMFA bool

	finished *time.Time
	denied   bool
	taken    bool
	methods  []string
	// proven is the password with which who has signed in.
	proven int
}

// proof is a record of a password.
type proof struct {
	id    string
	typed identity
	of    *person
	epoch int
}

// ceremony is a record of a security key.
type ceremony struct {
	id, kind, challenge string
	isDone, isBound     bool
	credential          string
	isHardware          bool
}

// session is a browser that is signed in.
type session struct {
	secret   string
	of       *person
	loginAt  time.Time
	usedAt   time.Time
	methods  []string
	dead     bool
	consents map[string]bool // by client
}

// issued is a code and what has come of it.
type issued struct {
	of         *person
	session    *session
	client     *apptest.Client
	at         time.Time
	used, dead bool
}

func newOracle(w *world, policy string) *oracle {
	o := &oracle{
		w: w, interactions: map[string]*interaction{}, sessions: map[string]*session{},
		codes: map[string]*issued{}, families: map[string]*issued{},
	}
	o.settings.Mode, o.settings.MFA.Factors, o.settings.MFA.Policy = "SignInAndRegister", []string{"WebAuthn"}, policy
	return o
}

// violation is what the oracle says of an answer that must not have been.
type violation string

func (o *oracle) fail(format string, args ...any) { panic(violation(fmt.Sprintf(format, args...))) }

// must fails unless what is needed for a success is there.
func (o *oracle) must(holds bool, format string, args ...any) {
	if !holds {
		o.fail(format, args...)
	}
}

func (o *oracle) now() time.Time { return o.w.app.Clock.Now() }

// judge looks at the answers to a request, or to several at the same time, and at what
// has changed in the database.
func (o *oracle) judge(calls []*call) {
	if calls[0].answer == nil {
		return
	}
	now := o.w.look()
	changes := now.since(o.rows)
	o.rows = now
	var expected []expectation
	for _, c := range calls {
		c.changes = changes
		o.shape(c)
		c.op.judge(o, c)
		expected = append(expected, c.expected...)
	}
	o.nothingFor()
	for _, change := range changes {
		o.must(slices.ContainsFunc(expected, change.meets), "unexpected: %v", change)
	}
	for _, e := range expected {
		n := len(slices.DeleteFunc(slices.Clone(changes), func(ch change) bool { return !ch.meets(e) }))
		o.must(e.most == 0 || n <= e.most || slices.ContainsFunc(expected, e.isBelow), "%d changes of %s, want at most %d: %v", n, e.kind, e.most, changes)
	}
}

// nothingFor checks that nobody who is suspended is signed in anywhere.
func (o *oracle) nothingFor() {
	for _, r := range o.rows {
		at := slices.IndexFunc(o.people, func(p *person) bool { return p.id == r.Owner })
		isIn := r.Kind == sessionRow || r.Kind == codeRow || r.Kind == tokenRow
		o.must(at < 0 || o.people[at].usable() || !isIn, "there is a %s of a suspended or deleted user", r.Kind)
	}
}

// shape checks how errors look.
func (o *oracle) shape(c *call) {
	if c.answer.StatusCode < 400 {
		return
	}
	o.must(c.answer.StatusCode < 500, "status %d: %s", c.answer.StatusCode, c.answer.Text)
	switch {
	case strings.HasPrefix(c.path, "/api/"):
		o.must(c.answer.Code() != "" && c.answer.String("message") != "", "an error without code or message: %s", c.answer.Text)
	case c.from == program:
		o.must(c.answer.String("error") != "", "an error without its name: %s", c.answer.Text)
	}
}

// expectation is a change that may be: how is '+', '-' or '~', key the id or the owner
// of the row, and most how often, 0 for any number.
type expectation struct {
	how       string
	kind, key string
	most      int
}

// isBelow reports whether another expectation allows more of the same.
func (e expectation) isBelow(other expectation) bool {
	return other.kind == e.kind && (other.key == e.key || other.key == "") && (other.most == 0 || other.most > e.most)
}

func (c change) meets(e expectation) bool {
	return strings.ContainsRune(e.how, rune(c.how)) && c.Kind == e.kind && (e.key == "" || e.key == c.ID || e.key == c.Owner)
}

func (c *call) expect(how, kind, key string, most int) {
	c.expected = append(c.expected, expectation{how, kind, key, most})
}

// expectEnd lets everything of a person go that can be had by signing in.
func (c *call) expectEnd(p *person) {
	for _, kind := range []string{sessionRow, interactionRow, grantRow, codeRow, tokenRow} {
		c.expect("-~", kind, p.id, 0)
	}
}

// session returns the live session of a cookie, nil if there is none.
func (o *oracle) session(secret string) *session {
	s := o.sessions[secret]
	if s == nil || s.dead || !s.of.usable() || o.now().Sub(s.usedAt) >= 14*24*time.Hour {
		return nil
	}
	return s
}

// isOpen reports whether an interaction can still be worked on in a session.
func (o *oracle) isOpen(i *interaction, secret string) bool {
	return i != nil && !i.gone && i.finished == nil && o.now().Sub(i.begun) < time.Hour &&
		(i.session == nil || o.session(secret) == i.session)
}

// taking returns the sign-in of a call that has worked, nil for one that was refused.
func (o *oracle) taking(c *call) *interaction {
	if c.refused() {
		return nil
	}
	i := o.interactions[c.uid]
	o.must(o.isOpen(i, c.secret), "it worked without a live interaction")
	o.must(c.b.named == nil || c.b.named.ID == i.client.ID, "it worked in the interaction of another application")
	o.must(!i.consents, "it worked while consent was asked for")
	o.must(i.event != "" || c.op.name == "start", "it worked before the interaction was started")
	if c.method != "GET" {
		c.expect("~", interactionRow, rowOf(i.uid), 1)
	}
	return i
}

// living returns who has a username.
func (o *oracle) living(name string) *person {
	for _, p := range o.people {
		if p.name == name && !p.gone {
			return p
		}
	}
	return nil
}

func (s *settings) asksForKeys() bool { return slices.Contains(s.MFA.Factors, "WebAuthn") }

func (s *settings) isMandatory() bool { return s.MFA.Policy == "Mandatory" }

func (s *settings) allows(event string) bool { return s.Mode == "SignInAndRegister" || s.Mode == event }

// isNewcomer reports whether the rules for new users hold.
func (i *interaction) isNewcomer() bool { return i.event == "Register" && (i.created || i.who == nil) }

// proved returns the key of who that was shown, "" if none was or it is no longer
// theirs.
func (i *interaction) proved() string {
	c := i.ceremony
	if _, held := i.who.keys[c.credential]; c.kind == "authentication" && c.isDone && held {
		return c.credential
	}
	return ""
}

// needsKey reports whether somebody must still show a key of theirs.
func (o *oracle) needsKey(i *interaction) bool {
	excused := i.who.mayDecline && !o.settings.isMandatory()
	return len(i.who.keys) > 0 && o.settings.asksForKeys() && !excused && i.proved() == ""
}

// met reports whether an authentication by the methods is of one of the classes.
func met(classes string, methods []string) bool {
	for class := range strings.FieldsSeq(classes) {
		if slices.Contains(methods, "hwk") || class == "phr" && slices.Contains(methods, "swk") {
			return true
		}
	}
	return !strings.Contains(classes, "phr")
}

// suitable reports whether a person has a key of one of the classes.
func (p *person) suitable(classes string) bool {
	for _, isHardware := range p.keys {
		method := "swk"
		if isHardware {
			method = "hwk"
		}
		if met(classes, []string{method}) {
			return true
		}
	}
	return false
}

// subject reads the subject of a token, whose signature others test.
func subject(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var claims struct{ Sub string }
	_ = json.Unmarshal(raw, &claims)
	return claims.Sub
}
