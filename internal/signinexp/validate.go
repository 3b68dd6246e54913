package signinexp

import (
	"regexp"
	"slices"

	"signet/internal/platform/i18n"
	"signet/internal/platform/web"
)

// Means are the ways in which a tenant reaches people: what its connectors can
// do. Settings that need a way that is not there are refused.
type Means struct {
	Email, SMS bool
	// SocialTargets are the social identities by which people may sign in.
	SocialTargets []string
}

func (m Means) reaches(identifier string) bool {
	switch identifier {
	case Email:
		return m.Email
	case Phone:
		return m.SMS
	case EmailOrPhone:
		return m.Email && m.SMS
	}
	return true
}

// missing names what would have to be there to reach an identifier.
func (m Means) missing(identifier string) string {
	if identifier == Phone || identifier == EmailOrPhone && m.Email {
		return "Sms"
	}
	return "Email"
}

// Changed says which groups of settings a change is about. Only what is changed
// is checked, so that one old setting that has lost its connector does not stand
// in the way of all others.
type Changed struct {
	SignIn, SignUp, MFA, AdaptiveMFA, PasswordExpiration, ForgotPassword bool
}

// Check returns the first rule that the changed settings break.
func (s *Settings) Check(changed Changed, means Means) error {
	for _, rule := range []struct {
		applies bool
		check   func(Means) error
	}{
		{true, s.checkValues},
		{changed.SignUp, s.checkSignUp},
		{changed.SignIn || changed.SignUp, s.checkSignIn},
		{changed.MFA, s.checkFactors},
		{changed.MFA, func(Means) error { return s.checkCodesOnce(ErrEmailCodeForMFA, ErrPhoneCodeForMFA) }},
		{changed.SignIn, func(Means) error { return s.checkCodesOnce(ErrEmailCodeForSignIn, ErrPhoneCodeForSignIn) }},
		{changed.MFA || changed.AdaptiveMFA, s.checkAdaptive},
		{changed.ForgotPassword, s.checkForgotPassword},
		{changed.PasswordExpiration || changed.ForgotPassword, s.checkExpiration},
	} {
		if !rule.applies {
			continue
		}
		if err := rule.check(means); err != nil {
			return err
		}
	}
	return nil
}

// address is an item of a list of email addresses: an address or "@domain", in
// which * stands for any characters.
var address = regexp.MustCompile(`^[^\s@]*@[^\s@]+$`)

// checkValues are rules that need no other setting.
func (s *Settings) checkValues(Means) error {
	unavailable := func(what string) error {
		return ErrInvalid.WithArgs(map[string]any{"reason": what + " is not available."}).Describe("%s is not available.", what)
	}
	length, policy := s.PasswordPolicy.Length, s.UsernamePolicy
	switch {
	case s.HideLogtoBranding:
		return unavailable("hideLogtoBranding")
	case len(s.CustomUICSP.ScriptSrc)+len(s.CustomUICSP.ConnectSrc) > 0:
		return unavailable("customUiCsp")
	case s.EmailBlocklistPolicy.BlockDisposableAddresses != nil && *s.EmailBlocklistPolicy.BlockDisposableAddresses:
		return unavailable("blockDisposableAddresses")
	case !slices.Contains(i18n.Tags(), s.LanguageInfo.FallbackLanguage):
		return ErrUnsupportedLanguage.WithArgs(map[string]any{"language": s.LanguageInfo.FallbackLanguage})
	case length != nil && length.Min != nil && length.Max != nil && *length.Min > *length.Max:
		return web.Invalid("passwordPolicy.length", "min must not be more than max")
	case policy.MinLength != nil && policy.MaxLength != nil && *policy.MinLength > *policy.MaxLength:
		return web.Invalid("usernamePolicy.minLength", "must not be more than maxLength")
	case !policy.CanBegin():
		return web.Invalid("usernamePolicy.allowedChars", "must allow a letter or underscore, since a username begins with one")
	}
	for _, item := range slices.Concat(s.EmailBlocklistPolicy.CustomAllowlist, s.EmailBlocklistPolicy.CustomBlocklist) {
		if !address.MatchString(item) {
			return ErrBlocklistFormat.With(map[string]any{"items": []string{item}})
		}
	}
	return nil
}

func (s *Settings) checkSignUp(means Means) error {
	all := slices.Clone(s.SignUp.Identifiers)
	for _, second := range s.SignUp.SecondaryIdentifiers {
		all = append(all, second.Identifier)
	}
	seen := map[string]bool{}
	for _, identifier := range all {
		parts := []string{identifier}
		if identifier == EmailOrPhone {
			parts = []string{Email, Phone}
		}
		for _, part := range parts {
			if seen[part] {
				return ErrDuplicateIdentifiers
			}
			seen[part] = true
		}
	}
	if len(s.SignUp.Identifiers) == 0 && len(all) > 0 {
		return ErrNoPrimaryIdentifier
	}
	if (seen[Email] || seen[Phone]) && !s.SignUp.Verify {
		return ErrVerifyNeeded
	}
	for _, second := range s.SignUp.SecondaryIdentifiers {
		if second.Identifier != Username && !second.Verify {
			return ErrVerifyNeeded
		}
	}
	for _, identifier := range all {
		if !means.reaches(identifier) {
			return noConnector(means.missing(identifier))
		}
	}
	return nil
}

func noConnector(kind string) error {
	args := map[string]any{"type": kind}
	return ErrNoConnector.WithArgs(args).With(args)
}

func (s *Settings) checkSignIn(means Means) error {
	for i, m := range s.SignIn.Methods {
		again := slices.ContainsFunc(s.SignIn.Methods[:i], func(other SignInMethod) bool { return other.Identifier == m.Identifier })
		switch {
		case again:
			return web.Invalid("signIn.methods", "must name each identifier once")
		case !m.Password && !m.VerificationCode:
			return ErrNoFactor
		case m.Identifier == Username && m.VerificationCode:
			return web.Invalid("signIn.methods", "no code can be sent to a username")
		case m.VerificationCode && !means.reaches(m.Identifier):
			return noConnector(means.missing(m.Identifier))
		case s.SignUp.Verify && !s.SignUp.Password && m.Identifier != Username && !m.VerificationCode:
			return ErrCodeSignInNeeded
		}
	}
	return nil
}

func (s *Settings) checkFactors(Means) error {
	for i, f := range s.MFA.Factors {
		if slices.Contains(s.MFA.Factors[:i], f) {
			return ErrDuplicateFactors
		}
	}
	if len(s.MFA.Factors) == 1 && s.MFA.Has(FactorBackupCode) {
		return ErrBackupCodeAlone
	}
	return nil
}

// checkCodesOnce refuses a code that is both the first and the second factor: it
// would prove one thing twice.
func (s *Settings) checkCodesOnce(email, phone error) error {
	switch {
	case s.MFA.Has(FactorEmailCode) && s.SignIn.Method(Email).VerificationCode:
		return email
	case s.MFA.Has(FactorPhoneCode) && s.SignIn.Method(Phone).VerificationCode:
		return phone
	}
	return nil
}

func (s *Settings) checkAdaptive(Means) error {
	prompts := s.MFA.Policy == PolicyPromptAlwaysMandatory || s.MFA.Policy == PolicyPromptAtSignInMandatory
	switch {
	case !s.AdaptiveMFA.Enabled && prompts:
		return ErrPolicyNeedsAdaptive
	case s.AdaptiveMFA.Enabled && len(s.MFA.Factors) == 0:
		return ErrAdaptiveNeedsMFA
	case s.AdaptiveMFA.Enabled && s.MFA.Policy.Skippable():
		return ErrAdaptiveNeedsPolicy
	}
	return nil
}

func (s *Settings) checkForgotPassword(means Means) error {
	for _, method := range s.ForgotPasswordMethods {
		if !means.resets(method) {
			return ErrResetNeedsConnector.WithArgs(map[string]any{"method": method})
		}
	}
	return nil
}

func (m Means) resets(method string) bool {
	if method == string(FactorPhoneCode) {
		return m.SMS
	}
	return m.Email
}

// maxPeriodDays is a century: nothing older than that needs a rule.
const maxPeriodDays = 36_500

// checkExpiration makes sure that who finds the password expired can get a new
// one.
func (s *Settings) checkExpiration(means Means) error {
	if s.PasswordExpiration.Enabled == nil || !*s.PasswordExpiration.Enabled {
		return nil
	}
	if s.PasswordExpiration.ValidPeriodDays < 1 || s.PasswordExpiration.ValidPeriodDays > maxPeriodDays {
		return ErrExpirationPeriod
	}
	if s.ForgotPasswordMethods == nil && (means.Email || means.SMS) || slices.ContainsFunc(s.ForgotPasswordMethods, means.resets) {
		return nil
	}
	return ErrExpirationNeedsReset
}
