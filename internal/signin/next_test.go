package signin

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"signet/internal/mfa"
	"signet/internal/platform/errs"
	"signet/internal/signin/verification"
	"signet/internal/signinexp"
	"signet/internal/user"
)

const (
	webAuthn = signinexp.FactorWebAuthn
	totp     = signinexp.FactorTOTP
	phone    = signinexp.FactorPhoneCode
	email    = signinexp.FactorEmailCode
	backup   = signinexp.FactorBackupCode
)

// scene is one case of Next: a signed-in user with username and password, no
// factors and no second factor wanted, in the contract's default settings. Tests
// change what they are about.
type scene struct {
	state    *State
	settings *signinexp.Settings
	person   *Person
}

func newScene(change ...func(*scene)) scene {
	name, hash, no := "ada", "hash", false
	s := scene{
		state:    &State{Event: EventSignIn, UserID: "u1"},
		settings: signinexp.Seed("default"),
		person:   &Person{User: &user.User{ID: "u1", Username: &name, PasswordHash: &hash, IsMFAEnabled: &no}},
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

func (s scene) next() Step { return Next(s.state, s.settings, s.person) }

func offering(policy signinexp.MFAPolicy, factors ...signinexp.Factor) func(*scene) {
	return func(s *scene) { s.settings.MFA = signinexp.MFA{Policy: policy, Factors: factors} }
}

func holding(factors ...signinexp.Factor) func(*scene) {
	return func(s *scene) {
		for _, f := range factors {
			address := "alexandra@example.com"
			switch f {
			case email:
				s.person.User.PrimaryEmail = &address
			case phone:
				digits := "4912345678"
				s.person.User.PrimaryPhone = &digits
			default:
				s.person.Factors = append(s.person.Factors, f)
			}
		}
	}
}

func wanting(enabled *bool) func(*scene) {
	return func(s *scene) { s.person.User.IsMFAEnabled = enabled }
}

var yes, no = true, false

func signingUp(s *scene) { s.state.Event, s.state.Created = EventRegister, true }

func staging(s *scene) {
	s.state.MFA.WebAuthn = []mfa.Credential{{ID: "c"}}
	s.state.MFA.Enabled = true
}

func proving(s *scene) {
	s.state.Records.Put(&verification.WebAuthn{UserID: s.state.UserID, Authenticated: true})
}

func skipping(s *scene)          { s.state.MFA.Skipped = true }
func skippedBefore(s *scene)     { s.person.User.IsMFAPromptSkipped = true }
func spared(s *scene)            { s.person.User.IsMFASkippedOnSignIn = true }
func adaptive(s *scene)          { s.settings.AdaptiveMFA.Enabled = true }
func passkeys(s *scene)          { s.settings.PasskeySignIn.Enabled = true }
func suggestionSkipped(s *scene) { s.state.MFA.SuggestionSkipped = true }

func organizationDemands(s *scene) {
	s.person.OrganizationRequiresMFA = true
	s.settings.MFA.OrganizationRequiredMFAPolicy = signinexp.OrganizationMandatory
}

// stubProof stands for proofs that have no file yet but whose presence counts.
type stubProof struct{ kind verification.Type }

func (stubProof) RecordID() string          { return "stub" }
func (p stubProof) Kind() verification.Type { return p.kind }
func (stubProof) Verified() bool            { return true }
func (stubProof) View() any                 { return nil }

func via(kind verification.Type) func(*scene) {
	return func(s *scene) { s.state.Records.Put(stubProof{kind}) }
}

func all(changes ...func(*scene)) []func(*scene) { return changes }

// The order of refusals: each case repairs what the one before lacks.
func TestNextAsksInOrder(t *testing.T) {
	t.Parallel()
	s := newScene(offering(signinexp.PolicyMandatory, totp, webAuthn, backup), passkeys, wanting(&yes))
	s.settings.CaptchaPolicy.Enabled = true
	s.settings.SignUp = signinexp.SignUp{Identifiers: []string{signinexp.Username}, Password: true,
		SecondaryIdentifiers: []signinexp.SecondaryIdentifier{{Identifier: signinexp.Email}}}
	s.person.Factors = []signinexp.Factor{webAuthn}
	s.person.Taken = user.ErrUsernameTaken
	person := s.person
	s.person, s.state.UserID = nil, ""
	address := "a@b.c"
	steps := []struct {
		want   Need
		err    *errs.Error
		repair func()
	}{
		{NeedCaptcha, ErrCaptchaRequired, func() { s.state.Captcha.Verified = true }},
		{NeedIdentification, ErrNotIdentified, func() { s.person, s.state.UserID = person, "u1" }},
		{NeedVerification, ErrMFARequired, func() { proving(&s) }},
		{NeedFreeIdentifier, user.ErrUsernameTaken, func() { s.person.Taken = nil }},
		{NeedProfile, ErrMissingProfile, func() { s.state.Profile.PrimaryEmail = &address; s.person.Factors = nil }},
		{NeedPasskeyChoice, ErrPasskeyPreferred, func() { s.state.MFA.PasskeySkipped = true }},
		{NeedFactor, ErrMissingMFA, func() {
			staging(&s)
			s.settings.MFA.Factors = []signinexp.Factor{totp}
			s.settings.PasskeySignIn.Enabled = false
		}},
		{NeedEnabledFactor, ErrFactorDisabled, func() { s.settings.MFA.Factors = []signinexp.Factor{totp, webAuthn, backup} }},
		{NeedBackupCodes, ErrBackupCodeRequired, func() { s.person.Factors = []signinexp.Factor{webAuthn, backup} }},
		{Done, nil, nil},
	}
	for _, step := range steps {
		got := s.next()
		if got.Need != step.want {
			t.Fatalf("next is %q (%v), want %q", got.Need, got.Err, step.want)
		}
		if step.err == nil {
			if got.Err != nil {
				t.Fatalf("done, but %v", got.Err)
			}
			return
		}
		e, ok := errs.As(got.Err)
		if !ok || e.Code != step.err.Code || e.Status != step.err.Status {
			t.Fatalf("%q: error %v, want %v %d", step.want, got.Err, step.err.Code, step.err.Status)
		}
		step.repair()
	}
}

func TestNextForForgottenPasswordNeverSignsIn(t *testing.T) {
	t.Parallel()
	s := newScene(func(s *scene) { s.state.Event = EventForgotPassword })
	if got := s.next(); got.Need != NeedNewPassword {
		t.Errorf("next is %q", got.Need)
	}
}

// Which users must prove a second factor.
func TestNextSecondFactor(t *testing.T) {
	t.Parallel()
	skippable := []signinexp.MFAPolicy{signinexp.PolicyUserControlled, signinexp.PolicyPromptAlways, signinexp.PolicyPromptAtSignIn, signinexp.PolicyNoPrompt}
	strict := []signinexp.MFAPolicy{signinexp.PolicyMandatory, signinexp.PolicyPromptAlwaysMandatory, signinexp.PolicyPromptAtSignInMandatory}
	every := slices.Concat(skippable, strict)
	cases := []struct {
		name     string
		policies []signinexp.MFAPolicy
		changes  []func(*scene)
		want     bool
	}{
		{"nothing held", every, nil, false},
		{"held and wanted", every, all(holding(webAuthn), wanting(&yes)), true},
		{"held, never decided", every, all(holding(webAuthn), wanting(nil)), true},
		{"held, not wanted", skippable, all(holding(webAuthn), wanting(&no)), false},
		{"held, not wanted, but demanded", strict, all(holding(webAuthn), wanting(&no)), true},
		{"held, spared", skippable, all(holding(webAuthn), wanting(&yes), spared), false},
		{"held, spared, but demanded", strict, all(holding(webAuthn), wanting(&yes), spared), true},
		{"held, spared, but the organization demands", every, all(holding(webAuthn), wanting(&yes), spared, organizationDemands), true},
		{"held, not wanted, but risk decides", every, all(holding(webAuthn), wanting(&no), adaptive), true},
		{"held and proved", every, all(holding(webAuthn), wanting(&yes), proving), false},
		{"held, only just another one bound", every, all(holding(webAuthn), wanting(&yes), staging), true},
		{"only staged", every, all(staging), false},
		{"held but switched off", every, all(holding("Unknown"), wanting(&yes)), false},
		{"implied by an address", every, all(holding(email), wanting(&yes)), true},
		{"backup codes alone", every, all(holding(backup), wanting(&yes)), true},
		{"signing up", every, all(holding(webAuthn), wanting(&yes), signingUp), false},
		{"enterprise identity", every, all(holding(webAuthn), wanting(&yes), via(verification.TypeEnterpriseSSO)), false},
		{"passkey sign-in", every, all(holding(webAuthn), wanting(&yes), via(verification.TypeSignInPasskey)), false},
		{"password alone", every, all(holding(webAuthn), wanting(&yes), via(verification.TypePassword)), true},
	}
	for _, c := range cases {
		for _, policy := range c.policies {
			s := newScene(append(all(offering(policy, totp, webAuthn, email, backup)), c.changes...)...)
			if got := s.next().Need == NeedVerification; got != c.want {
				t.Errorf("%s under %s: second factor demanded = %v", c.name, policy, got)
			}
		}
	}
}

// Attack 31: an event that is switched after identification must not turn an
// old user into a new one, whom nobody asks for a second factor.
func TestNext_SwitchingTheEventDoesNotAvoidTheSecondFactor(t *testing.T) {
	t.Parallel()
	s := newScene(offering(signinexp.PolicyNoPrompt, webAuthn), holding(webAuthn), wanting(&yes))
	s.state.switchTo(EventRegister)
	if got := s.next(); got.Need != NeedVerification {
		t.Errorf("after the switch next is %q", got.Need)
	}
}

// Attack 32: the proof of another user's key is no proof.
func TestNext_AnotherUsersKeyProvesNothing(t *testing.T) {
	t.Parallel()
	s := newScene(offering(signinexp.PolicyNoPrompt, webAuthn), holding(webAuthn), wanting(&yes))
	s.state.Records.Put(&verification.WebAuthn{UserID: "u2", Authenticated: true})
	if got := s.next(); got.Need != NeedVerification {
		t.Errorf("next is %q", got.Need)
	}
}

func TestNextSecondFactorTellsWhichAndWhere(t *testing.T) {
	t.Parallel()
	s := newScene(offering(signinexp.PolicyMandatory, email, phone, backup, totp, webAuthn),
		holding(backup, totp, webAuthn, email, phone), wanting(&yes))
	got := body(t, s.next().Err)
	want := `{"availableFactors":["WebAuthn","Totp","PhoneVerificationCode","EmailVerificationCode","BackupCode"],` +
		`"maskedIdentifiers":{"EmailVerificationCode":"alex****@example.com","PhoneVerificationCode":"****5678"}}`
	if got != want {
		t.Errorf("data\n%s\nwant\n%s", got, want)
	}
	s = newScene(offering(signinexp.PolicyNoPrompt, webAuthn), holding(webAuthn, totp, email), wanting(&yes))
	if got := body(t, s.next().Err); got != `{"availableFactors":["WebAuthn"],"maskedIdentifiers":{}}` {
		t.Errorf("data %s", got)
	}
}

func body(t *testing.T, err error) string {
	t.Helper()
	e, ok := errs.As(err)
	if !ok {
		t.Fatalf("not a refusal: %v", err)
	}
	raw, failed := json.Marshal(e.Data)
	if failed != nil {
		t.Fatal(failed)
	}
	return string(raw)
}

// Who is asked, under which policy, whether to use a second factor, and who must
// bind one. The columns are sign-in and sign-up.
func TestNextPrompt(t *testing.T) {
	t.Parallel()
	type wants struct{ signIn, signUp Need }
	both := func(n Need) wants { return wants{n, n} }
	type row map[signinexp.MFAPolicy]wants
	policies := []signinexp.MFAPolicy{
		signinexp.PolicyUserControlled, signinexp.PolicyPromptAlways, signinexp.PolicyPromptAtSignIn, signinexp.PolicyNoPrompt,
		signinexp.PolicyMandatory, signinexp.PolicyPromptAlwaysMandatory, signinexp.PolicyPromptAtSignInMandatory,
	}
	ask := func(need, forced Need) row {
		return row{
			signinexp.PolicyUserControlled: both(need), signinexp.PolicyPromptAlways: both(need),
			signinexp.PolicyPromptAtSignIn: {need, Done}, signinexp.PolicyNoPrompt: both(Done),
			signinexp.PolicyMandatory: both(forced), signinexp.PolicyPromptAlwaysMandatory: both(forced),
			signinexp.PolicyPromptAtSignInMandatory: {forced, Done},
		}
	}
	always := func(n Need) row {
		r := row{}
		for _, p := range policies {
			r[p] = both(n)
		}
		return r
	}
	demanded := always(NeedFactor)
	demanded[signinexp.PolicyPromptAtSignIn] = wants{NeedFactor, Done}
	demanded[signinexp.PolicyPromptAtSignInMandatory] = wants{NeedFactor, Done}
	cases := []struct {
		name    string
		factors []signinexp.Factor
		changes []func(*scene)
		want    row
	}{
		{"no factor configured", nil, nil, always(Done)},
		{"not wanted yet", []signinexp.Factor{webAuthn}, nil, ask(NeedMFAChoice, NeedFactor)},
		{"never decided", []signinexp.Factor{webAuthn}, all(wanting(nil)), ask(NeedMFAChoice, NeedFactor)},
		{"wanted", []signinexp.Factor{webAuthn}, all(wanting(&yes)), ask(NeedFactor, NeedFactor)},
		{"wanted a moment ago", []signinexp.Factor{webAuthn}, all(func(s *scene) { s.state.MFA.Enabled = true }), ask(NeedFactor, NeedFactor)},
		{"declined now", []signinexp.Factor{webAuthn}, all(skipping), ask(Done, NeedFactor)},
		{"declined before", []signinexp.Factor{webAuthn}, all(skippedBefore), ask(Done, NeedFactor)},
		{"declined, organization demands", []signinexp.Factor{webAuthn}, all(skippedBefore, skipping, organizationDemands), demanded},
		{"not wanted, organization demands", []signinexp.Factor{webAuthn}, all(organizationDemands), demanded},
		{"staged", []signinexp.Factor{webAuthn}, all(staging), always(Done)},
		{"held and proved", []signinexp.Factor{webAuthn}, all(holding(webAuthn), wanting(&yes), proving), always(Done)},
		{"staged, backup codes offered", []signinexp.Factor{webAuthn, backup}, all(staging), ask(NeedBackupCodes, NeedBackupCodes)},
		{"staged, backup codes held", []signinexp.Factor{webAuthn, backup}, all(staging, holding(backup), via(verification.TypeSignInPasskey)), always(Done)},
		{"only backup codes held", []signinexp.Factor{webAuthn, backup}, all(holding(backup), wanting(&yes), via(verification.TypeSignInPasskey)), ask(NeedFactor, NeedFactor)},
		{"enterprise identity", []signinexp.Factor{webAuthn, backup}, all(via(verification.TypeEnterpriseSSO)), always(Done)},
	}
	for _, c := range cases {
		for _, policy := range policies {
			signIn := newScene(append(all(offering(policy, c.factors...)), c.changes...)...)
			if got := signIn.next(); got.Need != c.want[policy].signIn {
				t.Errorf("%s, sign-in under %s: next is %q, want %q", c.name, policy, got.Need, c.want[policy].signIn)
			}
			signUp := newScene(append(all(offering(policy, c.factors...), signingUp), c.changes...)...)
			if got := signUp.next(); got.Need != c.want[policy].signUp {
				t.Errorf("%s, sign-up under %s: next is %q, want %q", c.name, policy, got.Need, c.want[policy].signUp)
			}
		}
	}
}

func TestNextMissingFactorTellsWhatMayBeAdded(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		changes []func(*scene)
		want    string
	}{
		{"in display order", all(offering(signinexp.PolicyMandatory, backup, email, totp, webAuthn, phone)),
			`{"availableFactors":["WebAuthn","Totp","PhoneVerificationCode","EmailVerificationCode","BackupCode"]}`},
		{"skippable", all(offering(signinexp.PolicyPromptAlways, webAuthn)), `{"availableFactors":["WebAuthn"],"skippable":true}`},
		{"demanded by an organization", all(offering(signinexp.PolicyPromptAlways, webAuthn), organizationDemands), `{"availableFactors":["WebAuthn"]}`},
	}
	for _, c := range cases {
		s := newScene(append(c.changes, wanting(&yes))...)
		if got := body(t, s.next().Err); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

func TestNextSuggestsAFactorThatIsNoWayToSignIn(t *testing.T) {
	t.Parallel()
	emailSignsUp := func(s *scene) { s.settings.SignUp.Identifiers = []string{signinexp.Email} }
	factors := []signinexp.Factor{webAuthn, totp, email}
	cases := []struct {
		name    string
		changes []func(*scene)
		want    bool
	}{
		{"the only factor is an identifier", all(holding(email), emailSignsUp), true},
		{"an address that is no identifier", all(holding(email)), false},
		{"the only factor signs in as passkey", all(staging, passkeys), true},
		{"a key that only verifies", all(staging), false},
		{"one of two is a way to sign in", all(staging, holding(email), emailSignsUp), false},
		{"holds backup codes", all(holding(email, backup), emailSignsUp), false},
		{"declined now", all(holding(email), emailSignsUp, suggestionSkipped), false},
		{"declined before", all(holding(email), emailSignsUp, func(s *scene) { s.person.User.IsMFASuggestionSkipped = true }), false},
		{"nobody is prompted", all(holding(email), emailSignsUp, func(s *scene) { s.settings.MFA.Policy = signinexp.PolicyNoPrompt }), false},
		{"nothing to add", all(holding(email), emailSignsUp, func(s *scene) { s.settings.MFA.Factors = []signinexp.Factor{email} }), false},
	}
	for _, c := range cases {
		// A passkey sign-in needs no second factor but is prompted like others.
		s := newScene(append(all(offering(signinexp.PolicyMandatory, factors...), wanting(&yes), via(verification.TypeSignInPasskey)), c.changes...)...)
		s.person.User.IsPasskeyPromptSkipped = true
		if got := s.next().Need == NeedFurtherFactor; got != c.want {
			t.Errorf("%s: suggested = %v (%q)", c.name, got, s.next().Need)
		}
	}
	s := newScene(offering(signinexp.PolicyMandatory, factors...), wanting(&yes), via(verification.TypeSignInPasskey), holding(email), emailSignsUp)
	want := `{"availableFactors":["WebAuthn","Totp"],"maskedIdentifiers":{"EmailVerificationCode":"alex****@example.com"},` +
		`"isWebAuthnUsedAsSignInPasskey":false,"skippable":true,"suggestion":true}`
	if got := body(t, s.next().Err); got != want {
		t.Errorf("data %s", got)
	}
}

func TestNextOffersAPasskeyOnce(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		changes []func(*scene)
		want    bool
	}{
		{"off", nil, false},
		{"none yet", all(passkeys), true},
		{"signing up", all(passkeys, signingUp), true},
		{"holds one", all(passkeys, holding(webAuthn)), false},
		{"staged", all(passkeys, staging), false},
		{"declined now", all(passkeys, func(s *scene) { s.state.MFA.PasskeySkipped = true }), false},
		{"declined before", all(passkeys, func(s *scene) { s.person.User.IsPasskeyPromptSkipped = true }), false},
		{"enterprise identity", all(passkeys, via(verification.TypeEnterpriseSSO)), false},
	}
	for _, c := range cases {
		if got := newScene(c.changes...).next().Need == NeedPasskeyChoice; got != c.want {
			t.Errorf("%s: offered = %v", c.name, got)
		}
	}
}

func TestNextStagedFactorMustStillBeOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*scene)
		want   Need
	}{
		"off":                {func(*scene) {}, NeedEnabledFactor},
		"on":                 {offering(signinexp.PolicyNoPrompt, webAuthn), Done},
		"as sign-in passkey": {passkeys, Done},
	} {
		if got := newScene(staging, c.change).next().Need; got != c.want {
			t.Errorf("%s: next is %q", name, got)
		}
	}
}

func TestNextEnablesMFAForUsersOfOlderTimes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		changes []func(*scene)
		want    bool
	}{
		"holds a factor, never decided": {all(offering(signinexp.PolicyPromptAlways, webAuthn), holding(webAuthn), wanting(nil), proving), true},
		"decided against it":            {all(offering(signinexp.PolicyPromptAlways, webAuthn), holding(webAuthn), skippedBefore), false},
		"nobody is prompted":            {all(offering(signinexp.PolicyNoPrompt, webAuthn), holding(webAuthn), wanting(nil), proving), false},
		"wants it already":              {all(offering(signinexp.PolicyPromptAlways, webAuthn), holding(webAuthn), wanting(&yes), proving), false},
	} {
		got := newScene(c.changes...).next()
		if got.Need != Done || got.EnablesMFA != c.want {
			t.Errorf("%s: %q, enables = %v", name, got.Need, got.EnablesMFA)
		}
	}
}

func TestNextMissingProfile(t *testing.T) {
	t.Parallel()
	signUp := func(password bool, identifiers ...string) signinexp.SignUp {
		return signinexp.SignUp{Identifiers: identifiers, Password: password}
	}
	with := func(s signinexp.SignUp, second ...string) signinexp.SignUp {
		for _, kind := range second {
			s.SecondaryIdentifiers = append(s.SecondaryIdentifiers, signinexp.SecondaryIdentifier{Identifier: kind})
		}
		return s
	}
	value := "x"
	cases := []struct {
		name   string
		signUp signinexp.SignUp
		user   user.User
		staged Profile
		want   []string
	}{
		{"nothing wanted", signUp(false), user.User{}, Profile{}, nil},
		{"username and password", signUp(true, "username"), user.User{}, Profile{}, []string{"username", "password"}},
		{"username wins over email", signUp(false, "username", "email"), user.User{}, Profile{}, []string{"username"}},
		{"email or phone", signUp(false, "email", "phone"), user.User{}, Profile{}, []string{"emailOrPhone"}},
		{"email or phone, phone held", signUp(false, "email", "phone"), user.User{PrimaryPhone: &value}, Profile{}, nil},
		{"email", signUp(false, "email"), user.User{PrimaryPhone: &value}, Profile{}, []string{"email"}},
		{"phone", signUp(false, "phone"), user.User{}, Profile{}, []string{"phone"}},
		{"phone staged", signUp(false, "phone"), user.User{}, Profile{PrimaryPhone: &value}, nil},
		{"all, in order", with(signUp(true, "username"), "phone", "email", "emailOrPhone"), user.User{}, Profile{},
			[]string{"username", "emailOrPhone", "email", "phone", "password"}},
		{"secondary held", with(signUp(false, "username"), "email"), user.User{Username: &value, PrimaryEmail: &value}, Profile{}, nil},
		{"password staged", signUp(true, "username"), user.User{Username: &value}, Profile{HasPassword: true}, nil},
		{"password held", signUp(true, "username"), user.User{PasswordHash: &value}, Profile{Username: &value}, nil},
	}
	for _, c := range cases {
		s := newScene()
		s.settings.SignUp, s.person.User, s.state.Profile = c.signUp, &c.user, c.staged
		if got := s.next().Missing; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: missing %v, want %v", c.name, got, c.want)
		}
	}
	s := newScene(func(s *scene) { s.person.User = &user.User{} })
	if got := body(t, s.next().Err); got != `{"missingProfile":["username","password"]}` {
		t.Errorf("data %s", got)
	}
	for name, change := range map[string]func(*scene){
		"enterprise identity held": func(s *scene) { s.person.HasSSOIdentity = true },
		"enterprise identity now":  via(verification.TypeEnterpriseSSO),
	} {
		s := newScene(change, func(s *scene) { s.person.User = &user.User{} })
		if got := s.next(); got.Need != Done {
			t.Errorf("%s: next is %q", name, got.Need)
		}
	}
	social := newScene(func(s *scene) { s.person.User.PasswordHash = nil; s.person.HasSocialIdentity = true })
	if got := social.next(); got.Need != Done {
		t.Errorf("a social identity needs a password: %q", got.Need)
	}
}

func TestMaskedAddressesShowNoMoreThanTheirOwnerNeeds(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"a@b.c": "****@b.c", "abcd@x.org": "****@x.org", "abcde@x.org": "abcd****@x.org", "öäüßé@x.org": "öäüß****@x.org",
	} {
		if got := maskEmail(address); got != want {
			t.Errorf("%s → %s", address, got)
		}
	}
	for number, want := range map[string]string{"4912345678": "****5678", "12": "****12"} {
		if got := maskPhone(number); got != want {
			t.Errorf("%s → %s", number, got)
		}
	}
	if strings.Contains(maskEmail("secretname@x.org"), "name") {
		t.Error("the local part shows")
	}
}
