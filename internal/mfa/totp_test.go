package mfa_test

import (
	"testing"

	"signet/internal/mfa"
)

func TestTOTPAddress(t *testing.T) {
	t.Parallel()
	for account, want := range map[string]string{
		"robin":      "otpauth://totp/id.example:robin?issuer=id.example&secret=ABC",
		"Ann: a/b?ü": "otpauth://totp/id.example:Ann%20%20a%2Fb%3F%C3%BC?issuer=id.example&secret=ABC",
	} {
		if got := mfa.TOTPAddress("id.example", account, "ABC"); got != want {
			t.Errorf("%s: %s, want %s", account, got, want)
		}
	}
	if got, want := mfa.TOTPAddress("::1", "a", "ABC"), "otpauth://totp/%20%201:a?issuer=%20%201&secret=ABC"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
