package signin_test

import (
	"encoding/json"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"signet/internal/application"
	"signet/internal/oidc/authorize"
)

// The rules of the provider and of operators.

func (o *oracle) authorize(c *call) {
	s := o.session(c.secret)
	if s != nil {
		s.usedAt = o.now()
	}
	o.whereto(c, &interaction{client: c.client, ask: c.ask}, s, false, false)
}

// whereto judges where an authorization leads: to a page, and so to a new interaction,
// or to the application with a code or an error. of is what is asked for.
func (o *oracle) whereto(c *call, of *interaction, s *session, hasLoggedIn, hasConsented bool) {
	at, err := url.Parse(c.moves())
	if err != nil || c.moves() == "" {
		o.must(c.refused(), "it leads nowhere: %d %.200s", c.answer.StatusCode, c.answer.Text)
		return
	}
	signsIn := s == nil || !hasLoggedIn && (strings.Contains(of.ask.prompt, "login") || o.isOld(s, of.ask.maxAge))
	stepsUp := !signsIn && !met(of.ask.classes, s.methods)
	isFirst := !strings.HasPrefix(of.ask.prompt, "none")
	switch {
	case strings.HasPrefix(at.Path, "/sign-in"):
		o.must(isFirst && !hasLoggedIn, "somebody is asked who must not be")
		o.must(signsIn || stepsUp, "somebody is asked to sign in who has")
		next := o.begin(c, of, s)
		if stepsUp {
			o.must(s.of.suitable(of.ask.classes), "a key is asked for of somebody who has none")
			next.stepUp = s.of
		}
	case at.Path == "/consent":
		o.must(isFirst, "somebody is asked who must not be")
		o.must(!signsIn && !stepsUp, "consent of somebody who is not signed in, or not well enough")
		o.begin(c, of, s).consents = true
	case strings.HasPrefix(c.moves(), of.client.Redirect()) && at.Query().Get("code") != "":
		o.must(!of.denied, "a code for an application that was turned away")
		o.must(!signsIn, "a code without a sign-in")
		o.must(!stepsUp, "a code without the key that was demanded")
		o.must(s.of.usable(), "a code for a suspended or deleted user")
		o.must(s.consents[of.client.ID], "a code without consent")
		o.must(hasConsented || of.client.Type != application.Native && !strings.Contains(of.ask.prompt, "consent"), "a code without being asked")
		o.codes[at.Query().Get("code")] = &issued{of: s.of, session: s, client: of.client, at: o.now()}
		c.expect("+", codeRow, s.of.id, 1)
		c.expect("~+", grantRow, s.of.id, 1)
	case strings.HasPrefix(c.moves(), of.client.Redirect()):
		o.must(at.Query().Get("error") != "", "neither code nor error: %s", c.moves())
	default:
		o.fail("it leads to %s", c.moves())
	}
}

func (o *oracle) isOld(s *session, maxAge string) bool {
	seconds, err := strconv.Atoi(maxAge)
	return err == nil && o.now().Sub(s.loginAt) > time.Duration(seconds)*time.Second
}

// begin notes the interaction that has begun.
func (o *oracle) begin(c *call, of *interaction, s *session) *interaction {
	uid := c.b.flows()[of.client.ID]
	o.must(uid != "" && o.interactions[uid] == nil, "no new interaction")
	i := &interaction{uid: uid, client: of.client, ask: of.ask, begun: o.now(), session: s}
	o.interactions[uid] = i
	c.expect("+", interactionRow, rowOf(uid), 1)
	return i
}

func (o *oracle) resume(c *call) {
	uid := path.Base(c.redirect)
	i := o.interactions[uid]
	if c.refused() || i == nil {
		o.must(c.refused(), "an unknown interaction goes on")
		return
	}
	c.client = i.client
	before := c.b.before[len(c.b.before)-1]
	o.must(before.value(c.redirect, authorize.CookieResume) == uid, "it goes on in a browser without its cookie")
	o.must(!i.gone && !i.taken && o.now().Sub(i.begun) < time.Hour, "an interaction goes on that is over")
	if i.finished == nil {
		return // Its page is shown again.
	}
	o.must(o.now().Sub(*i.finished) < 2*time.Minute, "a link that is too old is good")
	o.must(i.session == nil || o.session(c.secret) == i.session, "it goes on in another session")
	i.taken = true
	c.expect("-", interactionRow, rowOf(uid), 1)
	if i.consents {
		o.must(o.session(c.secret) == i.session, "consent without a session")
		o.whereto(c, i, i.session, true, true)
		return
	}
	o.whereto(c, i, o.signIn(c, i), true, false)
}

// signIn notes the session that has come of an interaction.
func (o *oracle) signIn(c *call, i *interaction) *session {
	p, secret := i.who, c.b.secret()
	o.must(p.usable(), "a session for a suspended or deleted user")
	o.must(i.stepUp != nil && i.password.of == nil || p.epoch == i.proven, "a session for an old password")
	o.must(secret != "" && secret != c.secret, "the session's cookie has not changed")
	old := o.session(c.secret)
	s := &session{of: p, consents: map[string]bool{}}
	switch {
	case old != nil && old.of == p:
		delete(o.sessions, c.secret)
		s = old
		c.expect("~", sessionRow, p.id, 1)
	case old != nil:
		old.dead = true
		c.expectEnd(old.of)
		fallthrough
	default:
		c.expect("+", sessionRow, p.id, 1)
	}
	s.secret, s.loginAt, s.usedAt, s.methods = secret, *i.finished, o.now(), i.methods
	o.sessions[secret] = s
	o.checkMethods(c, s)
	return s
}

// checkMethods compares how the database says that somebody has signed in.
func (o *oracle) checkMethods(c *call, s *session) {
	for _, ch := range c.changes {
		if ch.Kind != sessionRow || ch.how == '-' {
			continue
		}
		var stored []string
		if err := json.Unmarshal([]byte(ch.Value[strings.Index(ch.Value, "["):]), &stored); err != nil {
			o.fail("%s: %v", ch.Value, err)
		}
		o.must(slices.Equal(stored, s.methods), "signed in by %q, but by %q it says", s.methods, stored)
	}
}

func (o *oracle) consent(c *call) {
	if c.refused() || c.method == "GET" && c.moves() == "" {
		return
	}
	i := o.interactions[c.uid]
	if c.method == "GET" && strings.HasPrefix(c.moves(), "/unknown-session") {
		return
	}
	if c.method == "GET" && i != nil && i.finished != nil && path.Base(c.moves()) == i.uid {
		return // The second of two clicks goes where the first went.
	}
	o.must(o.isOpen(i, c.secret) && i.consents, "consent that nobody waits for")
	s := i.session
	third := i.client.IsThirdParty
	o.must(c.method == "POST" || !third, "a third party got consent without asking")
	o.must(!third || c.opened == "" || c.opened == o.w.organization && s.of.isMember, "an organization of others was opened")
	now := o.now()
	i.finished = &now
	s.consents[i.client.ID] = true
	c.expect("~", interactionRow, rowOf(i.uid), 1)
	c.expect("~+", grantRow, s.of.id, 1)
}

func (o *oracle) cancel(c *call) {
	i := o.interactions[c.uid]
	if c.refused() || path.Base(c.moves()) != c.uid {
		return
	}
	o.must(o.isOpen(i, c.secret) && i.consents, "a no that nobody waits for")
	now := o.now()
	i.finished, i.denied = &now, true
	c.expect("~", interactionRow, rowOf(i.uid), 1)
}

func (o *oracle) redeem(c *call) {
	i := o.codes[c.code.value]
	if c.refused() {
		if i != nil && i.used {
			// Whoever uses a code twice loses what came of it.
			c.expectEnd(i.of)
			i.dead = i.dead || c.hasEnded(i.of)
		}
		return
	}
	o.must(i != nil && !i.used && !i.dead, "a code was good that is spent")
	o.must(i.client.ID == c.client.ID, "a code of another application was good")
	o.must(i.of.usable(), "tokens for a suspended or deleted user")
	o.must(!i.session.dead, "tokens of a session that has ended")
	o.must(o.now().Sub(i.at) <= time.Minute, "an old code was good")
	o.tokens(c, i)
	o.must(subject(c.answer.String("id_token")) == i.of.id, "the ID token is about somebody else")
	i.used = true
	c.expect("~-", codeRow, i.of.id, 1)
}

// hasEnded reports whether tokens or grants of a person have been taken back.
func (c *call) hasEnded(p *person) bool {
	return slices.ContainsFunc(c.changes, func(ch change) bool {
		return ch.Owner == p.id && (ch.Kind == grantRow && strings.HasSuffix(ch.Value, "revoked") || ch.Kind == tokenRow && ch.how == '-')
	})
}

func (o *oracle) tokens(c *call, i *issued) {
	for _, kind := range []string{"access_token", "refresh_token"} {
		if value := c.answer.String(kind); value != "" {
			o.families[value] = i
		}
	}
	c.expect("+", tokenRow, i.of.id, 1)
	c.expect("~", grantRow, i.of.id, 1)
}

func (o *oracle) refresh(c *call) {
	i := o.families[c.tokens.Refresh]
	if c.refused() {
		c.expectEnd(i.of)
		i.dead = i.dead || c.hasEnded(i.of)
		return
	}
	o.must(!i.dead && i.of.usable(), "a refresh token was good that is not")
	o.tokens(c, i)
	c.expect("~-", tokenRow, i.of.id, 2)
}

func (o *oracle) userinfo(c *call) {
	if c.refused() {
		return
	}
	i := o.families[c.tokens.Access]
	o.must(!i.dead && i.of.usable(), "an access token was good that is not")
	o.must(c.answer.String("sub") == i.of.id, "userinfo about somebody else")
}

func (o *oracle) signOut(c *call) {
	if s := o.session(c.secret); s != nil && !c.refused() {
		s.dead = true
		c.expectEnd(s.of)
	}
}

// endAll ends everything that a person has.
func (o *oracle) endAll(c *call, p *person) {
	c.expectEnd(p)
	for _, s := range o.sessions {
		s.dead = s.dead || s.of == p
	}
	for _, list := range []map[string]*issued{o.codes, o.families} {
		for _, i := range list {
			i.dead = i.dead || i.of == p
		}
	}
	for _, i := range o.interactions {
		if i.stepUp == p || i.consents && i.session.of == p || i.finished != nil && i.who == p {
			i.gone = true
			c.expect("-", interactionRow, rowOf(i.uid), 1)
		}
	}
}

func judgeSuspend(suspended bool) func(o *oracle, c *call) {
	return func(o *oracle, c *call) {
		o.must(!c.refused(), "refused: %s", c.answer.Text)
		c.person.suspended = suspended
		c.expect("~", userRow, c.person.id, 1)
		if suspended {
			o.endAll(c, c.person)
		}
	}
}

func (o *oracle) delete(c *call) {
	o.must(!c.refused(), "refused: %s", c.answer.Text)
	c.person.gone = true
	o.endAll(c, c.person)
	c.expect("-", userRow, c.person.id, 1)
	c.expect("-", keyRow, c.person.id, 0)
}

func (o *oracle) setPassword(c *call) {
	o.must(!c.refused(), "refused: %s", c.answer.Text)
	c.person.password = c.typed.password
	c.person.epoch++
	c.expect("~", userRow, c.person.id, 1)
}

func (o *oracle) reset(c *call) {
	o.must(!c.refused(), "refused: %s", c.answer.Text)
	delete(c.person.keys, c.key.credential)
	c.expect("-", keyRow, c.key.credential, 1)
}

func (o *oracle) change(c *call) {
	o.must(!c.refused(), "refused: %s", c.answer.Text)
	c.settings(&o.settings)
}
