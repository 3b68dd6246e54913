package proto

import "testing"

func TestClassMet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ classes, methods, want string }{
		{"phr", "pwd", ""},
		{"phr", "pwd mfa", ""},
		{"phr", "pwd otp mfa", ""},
		{"phr", "swk mfa", "phr"},
		{"phrh", "swk mfa", ""},
		{"phrh", "hwk mfa", "phrh"},
		{"phr", "hwk mfa", "phr"},
		{"phrh phr", "swk mfa", "phr"},
		{"phr phrh", "hwk mfa", "phr"},
		{"phrh phr", "", ""},
		{"", "hwk", ""},
	} {
		if got := ClassMet(SplitScope(c.classes), SplitScope(c.methods)); got != c.want {
			t.Errorf("%q by %q: %q", c.classes, c.methods, got)
		}
	}
}
