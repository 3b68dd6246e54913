package signinexp_test

import (
	"encoding/json"
	"errors"
	"testing"

	"signet/internal/platform/errs"
	"signet/internal/signinexp"
)

// Which settings do not go together, and which do.
func TestCheck(t *testing.T) {
	t.Parallel()
	email := signinexp.Means{Email: true}
	all := signinexp.Means{Email: true, SMS: true}
	signIn, signUp := signinexp.Changed{SignIn: true}, signinexp.Changed{SignUp: true}
	mfa, age := signinexp.Changed{MFA: true}, signinexp.Changed{PasswordExpiration: true}
	const emailCode = `"signIn":{"methods":[{"identifier":"email","password":false,"verificationCode":true,"isPasswordPrimary":false}]}`
	cases := []struct {
		patch   string
		changed signinexp.Changed
		means   signinexp.Means
		want    *errs.Error // nil: it is fine
	}{
		{`{` + emailCode + `}`, signIn, email, nil},
		{`{` + emailCode + `}`, signIn, signinexp.Means{SMS: true}, signinexp.ErrNoConnector},
		{`{` + emailCode + `}`, mfa, signinexp.Means{}, nil}, // an old setting stands in nobody's way
		{`{"signIn":{"methods":[{"identifier":"phone","password":false}]}}`, signIn, all, signinexp.ErrNoFactor},
		{`{"signIn":{"methods":[{"identifier":"email","password":true}]},"signUp":{"identifiers":["email"],"verify":true,"password":false}}`, signIn, all, signinexp.ErrCodeSignInNeeded},
		{`{"signUp":{"identifiers":["email"],"verify":true,"password":true}}`, signUp, email, nil},
		{`{"signUp":{"identifiers":["email"],"password":true}}`, signUp, all, signinexp.ErrVerifyNeeded},
		{`{"signUp":{"identifiers":["email","phone"],"verify":true,"password":true}}`, signUp, email, signinexp.ErrNoConnector},
		{`{"signUp":{"identifiers":["email","email"],"verify":true}}`, signUp, all, signinexp.ErrDuplicateIdentifiers},
		{`{"signUp":{"identifiers":["email"],"verify":true,"secondaryIdentifiers":[{"identifier":"emailOrPhone","verify":true}]}}`, signUp, all, signinexp.ErrDuplicateIdentifiers},
		{`{"signUp":{"identifiers":["username"],"verify":true,"secondaryIdentifiers":[{"identifier":"emailOrPhone"}]}}`, signUp, all, signinexp.ErrVerifyNeeded},
		{`{"signUp":{"identifiers":["username"],"secondaryIdentifiers":[{"identifier":"email","verify":true}]}}`, signUp, all, signinexp.ErrVerifyNeeded},
		{`{"signUp":{"identifiers":["username"],"password":true,"verify":true,"secondaryIdentifiers":[{"identifier":"emailOrPhone","verify":true}]}}`, signUp, all, nil},
		{`{"signUp":{"identifiers":[],"verify":true,"secondaryIdentifiers":[{"identifier":"email","verify":true}]}}`, signUp, all, signinexp.ErrNoPrimaryIdentifier},
		{`{"mfa":{"factors":["Totp","Totp"],"policy":"Mandatory"}}`, mfa, all, signinexp.ErrDuplicateFactors},
		{`{"mfa":{"factors":["BackupCode"],"policy":"Mandatory"}}`, mfa, all, signinexp.ErrBackupCodeAlone},
		{`{"mfa":{"factors":["EmailVerificationCode"],"policy":"Mandatory"},` + emailCode + `}`, mfa, all, signinexp.ErrEmailCodeForMFA},
		{`{"mfa":{"factors":["EmailVerificationCode"],"policy":"Mandatory"},` + emailCode + `}`, signIn, all, signinexp.ErrEmailCodeForSignIn},
		{`{"mfa":{"factors":["PhoneVerificationCode"],"policy":"Mandatory"},` + emailCode + `}`, mfa, all, nil},
		{`{"mfa":{"factors":["Totp"],"policy":"PromptOnlyAtSignInMandatory"}}`, mfa, all, signinexp.ErrPolicyNeedsAdaptive},
		{`{"mfa":{"factors":["Totp"],"policy":"PromptOnlyAtSignInMandatory"},"adaptiveMfa":{"enabled":true}}`, mfa, all, nil},
		{`{"mfa":{"factors":["Totp"],"policy":"NoPrompt"},"adaptiveMfa":{"enabled":true}}`, mfa, all, signinexp.ErrAdaptiveNeedsPolicy},
		{`{"mfa":{"factors":[],"policy":"Mandatory"},"adaptiveMfa":{"enabled":true}}`, mfa, all, signinexp.ErrAdaptiveNeedsMFA},
		{`{"passwordExpiration":{"enabled":true,"validPeriodDays":3},"forgotPasswordMethods":null}`, age, email, nil},
		{`{"passwordExpiration":{"enabled":true,"validPeriodDays":3},"forgotPasswordMethods":["EmailVerificationCode"]}`, age, email, nil},
		{`{"passwordExpiration":{"enabled":true,"validPeriodDays":3},"forgotPasswordMethods":[]}`, age, all, signinexp.ErrExpirationNeedsReset},
		{`{"passwordExpiration":{"enabled":true,"validPeriodDays":3},"forgotPasswordMethods":["PhoneVerificationCode"]}`, age, email, signinexp.ErrExpirationNeedsReset},
		{`{"passwordExpiration":{"enabled":true,"validPeriodDays":3},"forgotPasswordMethods":[]}`, signinexp.Changed{ForgotPassword: true}, all, signinexp.ErrExpirationNeedsReset},
		{`{"passwordExpiration":{"enabled":false}}`, age, signinexp.Means{}, nil},
	}
	for _, c := range cases {
		s := signinexp.Seed("default")
		if err := json.Unmarshal([]byte(c.patch), s); err != nil {
			t.Fatal(err)
		}
		err := s.Check(c.changed, c.means)
		if c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.patch, err, c.want)
		}
	}
}
