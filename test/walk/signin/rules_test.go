package signin_test

import (
	"slices"
	"strings"
)

// The rules of the Experience API: each says what must be so when a call has worked,
// and what is so afterwards.

func (o *oracle) start(c *call) {
	i := o.taking(c)
	if i == nil {
		return
	}
	fresh := interaction{
		uid: i.uid, client: i.client, ask: i.ask, begun: i.begun, session: i.session, stepUp: i.stepUp,
		event: c.event, bound: map[string]bool{},
	}
	if i.stepUp != nil {
		fresh.event, fresh.who = "SignIn", i.stepUp
	}
	*i = fresh
}

func (o *oracle) switchEvent(c *call) {
	i := o.taking(c)
	if i == nil {
		return
	}
	o.must(c.event == "ForgotPassword" || o.settings.allows(c.event), "the mode is %s", o.settings.Mode)
	o.must((i.event == "ForgotPassword") == (c.event == "ForgotPassword"), "from %s to %s", i.event, c.event)
	if i.event != c.event {
		i.event, i.staged = c.event, identity{}
	}
}

func (o *oracle) password(c *call) {
	p := o.living(c.typed.name)
	right := p != nil && p.password == c.typed.password
	if i := o.interactions[c.uid]; c.refused() {
		switch c.answer.Code() {
		case "user.suspended":
			isKnown := slices.ContainsFunc(o.people, func(p *person) bool { return p.identity == c.typed && p.suspended })
			o.must(isKnown, "a stranger is told of a suspension")
		case "session.invalid_credentials":
			o.must(!right, "the right password was refused")
			if o.wrong == "" {
				o.wrong = c.answer.Text
			}
			o.must(o.wrong == c.answer.Text, "wrong passwords are told apart: %s, %s", o.wrong, c.answer.Text)
		default:
			o.must(!o.isOpen(i, c.secret) || i.consents || i.event == "" || c.b.named != nil, "refused for %s", c.answer.Text)
		}
		return
	}
	i := o.taking(c)
	o.must(right, "a wrong password was taken for right")
	o.must(!p.suspended, "a suspended user's password was taken")
	i.password = proof{id: c.answer.String("verificationId"), typed: c.typed, of: p, epoch: p.epoch}
}

func (o *oracle) newIdentity(c *call) {
	o.secretive(c)
	if i := o.taking(c); i != nil {
		i.newcomer = proof{id: c.answer.String("verificationId"), typed: c.typed}
	}
}

// secretive checks that no stranger learns which names exist where nobody can register.
func (o *oracle) secretive(c *call) {
	i := o.interactions[c.uid]
	o.must(c.answer.Code() != "user.username_already_in_use" || o.settings.allows("Register") || i.who != nil, "a name was told to be taken")
}

func (o *oracle) username(c *call) {
	o.secretive(c)
	if i := o.taking(c); i != nil {
		o.must(i.event == "Register" && i.who == nil, "a username was staged for somebody who has one")
		i.staged.name = c.typed.name
	}
}

func (o *oracle) newPassword(c *call) {
	if i := o.taking(c); i != nil {
		o.must(i.event == "Register" && i.who == nil, "a password was staged for somebody who has one")
		o.must(c.typed.password != "short", "a short password was accepted")
		i.staged.password = c.typed.password
	}
}

func (o *oracle) extra(c *call) {
	if i := o.taking(c); i != nil {
		o.mayStage(i)
	}
}

// mayStage checks that somebody may change the account: nobody but who has proved
// everything, or makes it.
func (o *oracle) mayStage(i *interaction) {
	o.must(i.event != "ForgotPassword", "it worked in a password reset")
	if !i.isNewcomer() {
		o.must(i.who != nil && !i.who.gone, "it worked before anybody was identified")
		o.must(!o.needsKey(i), "it worked without the second factor")
	}
}

func (o *oracle) identify(c *call) {
	i := o.interactions[c.uid]
	if c.refused() {
		// What a new identity brought stays staged when something else is missing.
		if i != nil && i.event == "Register" {
			c.expect("~", interactionRow, rowOf(i.uid), 1)
			isSaved := slices.ContainsFunc(c.changes, func(ch change) bool { return ch.Kind == interactionRow && ch.ID == rowOf(i.uid) })
			if isSaved && c.record != "" && !c.isSecond {
				o.must(c.record == i.newcomer.id, "something was staged from %s", c.record)
				i.staged = i.newcomer.typed
			}
		}
		return
	}
	i = o.taking(c)
	if i.event == "Register" {
		o.register(c, i)
		return
	}
	o.must(i.event == "SignIn", "it worked in %s", i.event)
	o.must(o.settings.allows("SignIn"), "the mode is %s", o.settings.Mode)
	o.must(c.record != "" && c.record == i.password.id, "a proof that is not there was taken")
	p := i.password.of
	o.must(p.usable(), "a suspended or deleted user was identified")
	o.must(p.epoch == i.password.epoch, "an old password was taken")
	o.must(i.who == nil || i.who == p, "another user was identified already")
	i.who = p
}

func (o *oracle) register(c *call, i *interaction) {
	if i.who != nil {
		o.must(i.created, "somebody who has an account registered")
		return
	}
	if c.record != "" {
		o.must(c.record == i.newcomer.id, "a proof that is not there was taken")
		i.staged = i.newcomer.typed
	}
	o.must(o.settings.allows("Register"), "the mode is %s", o.settings.Mode)
	o.must(i.staged.name != "" && i.staged.password != "", "an account without name or password")
	o.must(o.living(i.staged.name) == nil, "%s exists", i.staged.name)
	c.expect("+", userRow, "", 1)
	at := slices.IndexFunc(c.changes, func(ch change) bool { return ch.how == '+' && ch.Kind == userRow })
	o.must(at >= 0, "nobody was created")
	i.who = &person{identity: i.staged, id: c.changes[at].ID, mayDecline: true, keys: map[string]bool{}}
	i.created, i.epoch, i.staged = true, 0, identity{}
	o.people = append(o.people, i.who)
}

func judgeKeyStep(kind string) func(o *oracle, c *call) {
	return func(o *oracle, c *call) {
		i := o.taking(c)
		if i == nil {
			return
		}
		o.must(i.who != nil && !i.who.gone, "a ceremony without a user")
		o.must(kind == "registration" || len(i.who.keys) > 0, "a ceremony without a key")
		i.ceremony = ceremony{id: c.answer.String("verificationId"), kind: kind, challenge: challengeOf.FindStringSubmatch(c.answer.Text)[1]}
	}
}

// answers checks that a ceremony is answered for the first time and as asked.
func (o *oracle) answers(c *call, i *interaction, kind string) {
	asked := i.ceremony
	o.must(asked.kind == kind && asked.id == c.record, "a ceremony that is not under way was ended")
	o.must(!asked.isDone, "a challenge was answered twice")
	o.must(asked.challenge == c.key.challenge, "the answer to another challenge was taken")
}

func (o *oracle) createKey(c *call) {
	i := o.taking(c)
	if i == nil {
		return
	}
	o.answers(c, i, "registration")
	for _, p := range o.people {
		_, taken := p.keys[c.key.credential]
		o.must(p.gone || !taken, "a key was registered that %s has", p.name)
	}
	i.ceremony.isDone, i.ceremony.credential, i.ceremony.isHardware = true, c.key.credential, c.key.isHardware
}

func (o *oracle) showKey(c *call) {
	i := o.taking(c)
	if i == nil {
		return
	}
	o.answers(c, i, "authentication")
	isHardware, held := i.who.keys[c.key.credential]
	o.must(held && !i.who.gone, "a key that is not the user's was taken")
	i.ceremony.isDone, i.ceremony.credential, i.ceremony.isHardware = true, c.key.credential, isHardware
	c.expect("~", keyRow, c.key.credential, 1)
}

func (o *oracle) bind(c *call) {
	i := o.taking(c)
	if i == nil {
		return
	}
	o.mayStage(i)
	o.must(i.who != nil, "a key without a user")
	o.must(o.settings.asksForKeys(), "keys are switched off")
	o.must(i.ceremony.kind == "registration" && i.ceremony.isDone && i.ceremony.id == c.record, "a key that was not registered was bound")
	o.must(!i.ceremony.isBound, "a registration was bound twice")
	i.ceremony.isBound = true
	i.bound[i.ceremony.credential] = i.ceremony.isHardware
	i.wantsMFA = i.wantsMFA || c.event == "/profile/mfa"
}

func (o *oracle) choose(c *call) {
	i := o.taking(c)
	if i == nil {
		return
	}
	o.mayStage(i)
	switch c.event {
	case "mfa-enabled":
		i.wantsMFA = true
	case "mfa-skipped":
		o.must(!o.settings.isMandatory(), "a mandatory factor was declined")
	}
}

func (o *oracle) show(c *call) {
	if o.taking(c) != nil {
		for _, secret := range []string{"$argon2", "password_hash", "challenge"} {
			o.must(!strings.Contains(c.answer.Text, secret), "%s is shown: %s", secret, c.answer.Text)
		}
	}
}

func (o *oracle) submit(c *call) {
	i := o.taking(c)
	if i == nil {
		return
	}
	p := i.who
	o.must(p != nil, "nobody was identified")
	o.must(i.event != "ForgotPassword", "a password reset signs in")
	o.must(p.usable(), "a suspended or deleted user signs in")
	switch {
	case i.stepUp != nil:
		o.must(p == i.stepUp, "somebody else steps up")
		o.must(i.proved() != "", "a step up without a key")
	case i.created:
		o.must(p.epoch == i.epoch, "a new user whose password has been replaced signs in")
	default:
		o.must(i.password.of == p && i.password.epoch == p.epoch, "the password was not proved")
	}
	o.must(i.isNewcomer() || !o.needsKey(i), "the second factor was not proved")
	i.methods = nil
	if i.created || i.password.of == p {
		i.methods = []string{"pwd"}
	}
	if i.proved() != "" {
		i.methods = append(i.methods, map[bool]string{true: "hwk", false: "swk"}[i.ceremony.isHardware], "mfa")
	}
	o.must(met(i.ask.classes, i.methods) || !p.suitable(i.ask.classes), "the key that was demanded was not shown")
	for credential, isHardware := range i.bound {
		p.keys[credential] = isHardware
		c.expect("+", keyRow, credential, 1)
	}
	o.must(!o.settings.isMandatory() || !o.settings.asksForKeys() || len(p.keys) > 0, "nothing is there of a mandatory second factor")
	p.mayDecline = p.mayDecline && !i.wantsMFA
	i.proven = p.epoch
	now := o.now()
	i.finished = &now
	c.expect("~", userRow, p.id, 1)
}
