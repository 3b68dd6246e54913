package signin_test

import "sync/atomic"

// operation is something that a browser, its user, an application or an operator can do
// at any time, whether it makes sense or not.
type operation struct {
	name string
	// weight is how often it is done where nothing better is to be done.
	weight int
	// once says that two equal requests at the same time are worth a try.
	once bool
	// prepare makes the request; nil if there is nothing to ask for.
	prepare func(w *world, b *browser) *call
	// judge is the oracle's opinion; the model follows what has happened.
	judge func(o *oracle, c *call)
	// learn takes what the browser wants to know from the answer.
	learn func(w *world, c *call)

	succeeded, failed atomic.Int64
}

func (op *operation) tally(c *call) {
	if c.answer == nil || !c.refused() {
		op.succeeded.Add(1)
	} else {
		op.failed.Add(1)
	}
}

// operations are everything that can be done.
var operations []*operation

func init() {
	operations = []*operation{
		// The person and the application.
		{name: "authorize", weight: 14, prepare: prepareAuthorize, judge: (*oracle).authorize, learn: learnWhereto},
		{name: "start", weight: 4, prepare: prepareStart, judge: (*oracle).start, learn: learnStart},
		{name: "switch event", weight: 4, prepare: prepareSwitch, judge: (*oracle).switchEvent},
		{name: "password", weight: 8, prepare: preparePassword, judge: (*oracle).password, learn: learnRecord("identify")},
		{name: "new identity", weight: 4, prepare: prepareIdentity, judge: (*oracle).newIdentity, learn: learnRecord("identify")},
		{name: "identify", weight: 5, once: true, prepare: prepareIdentify, judge: (*oracle).identify, learn: learnNext("submit")},
		{name: "username", weight: 3, prepare: prepareUsername, judge: (*oracle).username, learn: learnNext("new password")},
		{name: "new password", weight: 3, prepare: prepareNewPassword, judge: (*oracle).newPassword, learn: learnNext("register", "register", "extra profile")},
		{name: "register", weight: 3, once: true, prepare: prepareRegister, judge: (*oracle).identify, learn: learnNext("submit")},
		{name: "extra profile", weight: 3, prepare: prepareExtra, judge: (*oracle).extra, learn: learnNext("register")},
		{name: "new key", weight: 3, prepare: prepareKeyStep("registration"), judge: judgeKeyStep("registration"), learn: learnOptions("create key")},
		{name: "create key", weight: 3, once: true, prepare: prepareCreateKey, judge: (*oracle).createKey, learn: learnNext("bind", "bind", "bind passkey")},
		{name: "bind", weight: 3, once: true, prepare: prepareBind("/profile/mfa"), judge: (*oracle).bind, learn: learnNext("submit")},
		{name: "bind passkey", weight: 2, prepare: prepareBind("/profile/mfa/passkey"), judge: (*oracle).bind, learn: learnNext("submit")},
		{name: "ask key", weight: 3, prepare: prepareKeyStep("authentication"), judge: judgeKeyStep("authentication"), learn: learnOptions("show key")},
		{name: "show key", weight: 5, once: true, prepare: prepareShowKey, judge: (*oracle).showKey, learn: learnNext("submit")},
		{name: "enable mfa", weight: 2, prepare: prepareChoice("mfa-enabled"), judge: (*oracle).choose, learn: learnNext("submit")},
		{name: "skip mfa", weight: 2, prepare: prepareChoice("mfa-skipped"), judge: (*oracle).choose, learn: learnNext("submit")},
		{name: "skip suggestion", weight: 3, prepare: prepareChoice("mfa-suggestion-skipped"), judge: (*oracle).choose, learn: learnNext("submit")},
		{name: "skip passkey", weight: 2, prepare: prepareChoice("passkey-skipped"), judge: (*oracle).choose, learn: learnNext("submit")},
		{name: "submit", weight: 8, once: true, prepare: prepareSubmit, judge: (*oracle).submit, learn: learnRedirect},
		{name: "show interaction", weight: 3, prepare: prepareShow, judge: (*oracle).show},
		{name: "resume", weight: 5, once: true, prepare: prepareResume, judge: (*oracle).resume, learn: learnWhereto},
		{name: "consent page", weight: 2, prepare: prepareConsentPage, judge: (*oracle).consent, learn: learnConsent},
		{name: "agree", weight: 3, once: true, prepare: prepareAgree, judge: (*oracle).consent, learn: learnRedirect},
		{name: "cancel", weight: 2, prepare: prepareCancel, judge: (*oracle).cancel, learn: learnConsent},
		{name: "redeem", weight: 4, once: true, prepare: prepareRedeem, judge: (*oracle).redeem, learn: learnTokens},
		{name: "refresh", weight: 3, once: true, prepare: prepareRefresh, judge: (*oracle).refresh, learn: learnTokens},
		{name: "userinfo", weight: 3, prepare: prepareUserinfo, judge: (*oracle).userinfo},
		{name: "sign out", weight: 3, prepare: prepareSignOut, judge: (*oracle).signOut},
		{name: "back", weight: 3, prepare: goBack},
		{name: "take cookies", weight: 1, prepare: takeCookies},
		{name: "name application", weight: 1, prepare: nameApplication},
		// Operators and time.
		{name: "suspend", weight: 2, prepare: prepareSuspend(true), judge: judgeSuspend(true)},
		{name: "restore", weight: 4, prepare: prepareSuspend(false), judge: judgeSuspend(false)},
		{name: "delete user", weight: 1, prepare: prepareDelete, judge: (*oracle).delete},
		{name: "set password", weight: 3, prepare: prepareSetPassword, judge: (*oracle).setPassword},
		{name: "reset mfa", weight: 4, prepare: prepareReset, judge: (*oracle).reset},
		{name: "change policy", weight: 2, prepare: preparePolicy, judge: (*oracle).change},
		{name: "change mode", weight: 2, prepare: prepareMode, judge: (*oracle).change},
		{name: "wait", weight: 5, prepare: prepareWait},
	}
}

func named(name string) *operation {
	for _, op := range operations {
		if op.name == name {
			return op
		}
	}
	panic("no operation " + name)
}
