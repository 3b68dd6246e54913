package main

import (
	"testing"
	"unicode/utf8"

	"signet/internal/user"
)

// A password that is made up is one that the tenant's policy accepts.
func TestMadeUp_MeetsThePolicy(t *testing.T) {
	t.Parallel()
	policy := func(least, most, types int) user.PasswordPolicy {
		return user.PasswordPolicy{
			Length: &user.PasswordLength{Min: &least, Max: &most}, CharacterTypes: &user.PasswordTypes{Min: &types},
		}
	}
	seen := map[string]bool{}
	for _, c := range []struct {
		policy user.PasswordPolicy
		length int
	}{
		{user.PasswordPolicy{}, 20}, {policy(8, 256, 4), 20}, {policy(8, 12, 4), 12}, {policy(64, 256, 4), 64}, {policy(256, 256, 3), 256},
	} {
		for range 20 {
			password, err := madeUp(t.Context(), c.policy, user.UserInfo{Username: "robin"})
			if err != nil || utf8.RuneCountInString(password) != c.length || seen[password] {
				t.Fatalf("%+v: %q, %v", c.policy, password, err)
			}
			seen[password] = true
			if err := c.policy.Require(t.Context(), password, user.UserInfo{Username: "robin"}, nil); err != nil {
				t.Errorf("%q: %v", password, err)
			}
		}
	}
	// No password of one character has four kinds.
	if password, err := madeUp(t.Context(), policy(1, 1, 4), user.UserInfo{}); err == nil {
		t.Errorf("%q meets what nothing can", password)
	}
}
