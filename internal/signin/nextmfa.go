package signin

import (
	"slices"
	"strings"

	"signet/internal/oidc/proto"
	"signet/internal/signin/verification"
	"signet/internal/signinexp"
)

// factorsData is what a client learns with a demand for a second factor.
type factorsData struct {
	AvailableFactors []signinexp.Factor `json:"availableFactors"`
	// Masked tells where a code would go.
	Masked    *map[signinexp.Factor]string `json:"maskedIdentifiers,omitempty"`
	Passkey   *bool                        `json:"isWebAuthnUsedAsSignInPasskey,omitempty"`
	Skippable bool                         `json:"skippable,omitempty"`
	Suggest   bool                         `json:"suggestion,omitempty"`
}

// secondFactor demands that a user who has one proves it.
func (n next) secondFactor() *Step {
	if n.state.signingUp() || n.viaSSO() || n.state.Records.Verified(verification.TypeSignInPasskey) || n.excused() {
		return nil
	}
	available := n.usable()
	if len(available) == 0 {
		return nil
	}
	for _, proven := range n.state.provenFactors() {
		if slices.Contains(available, proven) {
			return nil
		}
	}
	masked := n.masked(available)
	return &Step{Need: NeedVerification, Factors: available,
		Err: ErrMFARequired.With(factorsData{AvailableFactors: available, Masked: &masked})}
}

// demandedKey demands a key of the class that the authorization asks for (RFC
// 9470). Who has none signs in all the same, and the application is told; but
// somebody who is signed in already has nothing else to show.
func (n next) demandedKey() *Step {
	classes := n.state.demand.classes
	if len(classes) == 0 || proto.ClassMet(classes, n.state.methods(n.person.User)) != "" {
		return nil
	}
	if !n.person.HasDemandedKey && !n.state.demand.stepsUp {
		return nil
	}
	available := []signinexp.Factor{signinexp.FactorWebAuthn}
	masked := n.masked(available)
	return &Step{Need: NeedVerification, Factors: available,
		Err: ErrMFARequired.With(factorsData{AvailableFactors: available, Masked: &masked})}
}

// excused reports whether the user decided to sign in without a second factor
// and may. With risk-based sign-in the risk decides, never the user.
func (n next) excused() bool {
	if n.settings.AdaptiveMFA.Enabled || !n.optional() {
		return false
	}
	u := n.person.User
	return u.IsMFAEnabled != nil && !*u.IsMFAEnabled || u.IsMFASkippedOnSignIn
}

// optional reports whether the person may do without a second factor.
func (n next) optional() bool {
	return n.settings.MFA.Policy.Skippable() && !n.demandedByOrganization()
}

func (n next) demandedByOrganization() bool {
	return n.person.OrganizationRequiresMFA &&
		n.settings.MFA.OrganizationRequiredMFAPolicy == signinexp.OrganizationMandatory
}

// usable lists the user's stored factors that are switched on: WebAuthn first,
// then by last use, codes to the user's addresses, backup codes last.
func (n next) usable() []signinexp.Factor {
	var list []signinexp.Factor
	add := func(f signinexp.Factor, held bool) {
		if held && n.settings.MFA.Has(f) && !slices.Contains(list, f) {
			list = append(list, f)
		}
	}
	add(signinexp.FactorWebAuthn, slices.Contains(n.person.Factors, signinexp.FactorWebAuthn))
	for _, f := range n.person.Factors {
		add(f, f != signinexp.FactorBackupCode)
	}
	add(signinexp.FactorPhoneCode, n.person.User.PrimaryPhone != nil)
	add(signinexp.FactorEmailCode, n.person.User.PrimaryEmail != nil)
	add(signinexp.FactorBackupCode, slices.Contains(n.person.Factors, signinexp.FactorBackupCode))
	return list
}

// held lists the factors that the user has or will have after Submit, whether
// they are switched on or not.
func (n next) held() []signinexp.Factor {
	list := append(slices.Clone(n.person.Factors), n.state.MFA.factors()...)
	if n.has(signinexp.Phone) {
		list = append(list, signinexp.FactorPhoneCode)
	}
	if n.has(signinexp.Email) {
		list = append(list, signinexp.FactorEmailCode)
	}
	return list
}

// addable lists the configured factors that the user lacks, in display order.
// Backup codes alone are nothing to offer.
func (n next) addable() []signinexp.Factor {
	held := n.held()
	list := []signinexp.Factor{}
	for _, f := range signinexp.DisplayOrder {
		if n.settings.MFA.Has(f) && !slices.Contains(held, f) {
			list = append(list, f)
		}
	}
	if len(list) == 1 && list[0] == signinexp.FactorBackupCode {
		return []signinexp.Factor{}
	}
	return list
}

// real lists the configured factors that the user holds or stages, without
// backup codes: they are a reserve.
func (n next) real() []signinexp.Factor {
	return slices.DeleteFunc(n.held(), func(f signinexp.Factor) bool {
		return f == signinexp.FactorBackupCode || !n.settings.MFA.Has(f)
	})
}

// passkeyChoice offers a passkey for signing in to those who have none.
func (n next) passkeyChoice() *Step {
	if !n.settings.PasskeySignIn.Enabled || n.viaSSO() || n.state.MFA.PasskeySkipped || n.person.User.IsPasskeyPromptSkipped ||
		slices.Contains(n.person.Factors, signinexp.FactorWebAuthn) || len(n.state.MFA.WebAuthn) > 0 {
		return nil
	}
	step := refuse(NeedPasskeyChoice, ErrPasskeyPreferred)
	step.Skippable = true
	return step
}

// enabledFactors refuses staged factors that were switched off meanwhile.
func (n next) enabledFactors() *Step {
	for _, f := range n.state.MFA.factors() {
		if !canBind(n.settings, f) {
			return refuse(NeedEnabledFactor, ErrFactorDisabled)
		}
	}
	return nil
}

// canBind reports whether users may bind a factor; a WebAuthn credential also
// serves where passkeys sign in.
func canBind(settings *signinexp.Settings, f signinexp.Factor) bool {
	return settings.MFA.Has(f) || f == signinexp.FactorWebAuthn && settings.PasskeySignIn.Enabled
}

// asksForFactors reports whether the policy asks this person, now, to have a
// second factor, and the person has not declined.
func (n next) asksForFactors() bool {
	policy := n.settings.MFA.Policy
	switch {
	case n.viaSSO(), n.state.signingUp() && policy.SparesSignUp():
		return false
	case n.demandedByOrganization():
		return true
	case policy == signinexp.PolicyNoPrompt:
		return false
	}
	return !policy.Skippable() || !n.declined()
}

func (n next) declined() bool { return n.state.MFA.Skipped || n.person.User.IsMFAPromptSkipped }

// asksForMFAChoice reports whether the person is asked whether to use a second
// factor at all.
func (n next) asksForMFAChoice() bool {
	return len(n.settings.MFA.Factors) > 0 && n.optional() && n.asksForFactors()
}

// mfaUndecided reports whether the user was never asked. Users of older times
// who hold a factor count as having chosen it.
func (n next) mfaUndecided() bool {
	return n.person.User.IsMFAEnabled == nil && !n.state.MFA.Enabled && len(n.real()) > 0
}

func (n next) mfaChoice() *Step {
	enabled := n.person.User.IsMFAEnabled
	if !n.asksForMFAChoice() || n.state.MFA.Enabled || enabled != nil && *enabled || n.mfaUndecided() {
		return nil
	}
	step := refuse(NeedMFAChoice, ErrSuggestMFA)
	step.Skippable = true
	return step
}

func (n next) factor() *Step {
	addable := n.addable()
	if !n.asksForFactors() || len(n.real()) > 0 || len(addable) == 0 {
		return nil
	}
	data := factorsData{AvailableFactors: addable, Skippable: n.optional()}
	return &Step{Need: NeedFactor, Factors: addable, Skippable: data.Skippable, Err: ErrMissingMFA.With(data)}
}

// furtherFactor suggests, once, a factor that is not also a way to sign in.
func (n next) furtherFactor() *Step {
	addable := n.addable()
	if !n.asksForFactors() || n.state.MFA.SuggestionSkipped || n.person.User.IsMFASuggestionSkipped ||
		len(addable) == 0 || len(n.real()) == 0 || slices.Contains(n.person.Factors, signinexp.FactorBackupCode) {
		return nil
	}
	for _, f := range n.real() {
		if !n.alsoSignsIn(f) {
			return nil
		}
	}
	masked, passkey := n.masked(n.real()), n.settings.PasskeySignIn.Enabled && slices.Contains(n.real(), signinexp.FactorWebAuthn)
	data := factorsData{AvailableFactors: addable, Masked: &masked, Passkey: &passkey, Skippable: true, Suggest: true}
	return &Step{Need: NeedFurtherFactor, Factors: addable, Skippable: true, Err: ErrSuggestMoreMFA.With(data)}
}

func (n next) alsoSignsIn(f signinexp.Factor) bool {
	switch f {
	case signinexp.FactorWebAuthn:
		return n.settings.PasskeySignIn.Enabled
	case signinexp.FactorEmailCode:
		return n.settings.SignUp.Offers(signinexp.Email)
	case signinexp.FactorPhoneCode:
		return n.settings.SignUp.Offers(signinexp.Phone)
	}
	return false
}

func (n next) backupCodes() *Step {
	if !n.asksForFactors() || !n.settings.MFA.Has(signinexp.FactorBackupCode) || len(n.real()) == 0 ||
		slices.Contains(n.person.Factors, signinexp.FactorBackupCode) {
		return nil
	}
	return refuse(NeedBackupCodes, ErrBackupCodeRequired)
}

// masked shows the addresses to which codes of the given factors would go, as
// far as their owner recognises them.
func (n next) masked(factors []signinexp.Factor) map[signinexp.Factor]string {
	masked := map[signinexp.Factor]string{}
	u := n.person.User
	if slices.Contains(factors, signinexp.FactorEmailCode) && u.PrimaryEmail != nil {
		masked[signinexp.FactorEmailCode] = maskEmail(*u.PrimaryEmail)
	}
	if slices.Contains(factors, signinexp.FactorPhoneCode) && u.PrimaryPhone != nil {
		masked[signinexp.FactorPhoneCode] = maskPhone(*u.PrimaryPhone)
	}
	return masked
}

func maskEmail(email string) string {
	local, domain, _ := strings.Cut(email, "@")
	shown := ""
	if runes := []rune(local); len(runes) > 4 {
		shown = string(runes[:4])
	}
	return shown + "****@" + domain
}

func maskPhone(phone string) string {
	return "****" + phone[max(0, len(phone)-4):]
}
