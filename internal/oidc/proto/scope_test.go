package proto_test

import (
	"slices"
	"testing"

	"signet/internal/oidc/proto"
)

func TestScopes(t *testing.T) {
	t.Parallel()
	if got := proto.SplitScope(" openid  profile openid\temail "); !slices.Equal(got, []string{"openid", "profile", "email"}) {
		t.Errorf("split: %q", got)
	}
	for name, tc := range map[string]struct{ got, want string }{
		"intersection keeps the order asked for": {proto.IntersectScope("email openid x email", "openid email"), "email openid"},
		"intersection with nothing":              {proto.IntersectScope("email", ""), ""},
		"union":                                  {proto.UnionScope("openid", "profile openid"), "openid profile"},
		"union with nothing":                     {proto.UnionScope("", ""), ""},
		"without":                                {proto.WithoutScope("openid offline_access email", "offline_access"), "openid email"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %q, want %q", name, tc.got, tc.want)
		}
	}
	if proto.HasScope("openid-x profile", "openid") || !proto.HasScope("a openid", "openid") {
		t.Error("a scope is not its prefix")
	}
	if !proto.CoversScope("a b c", "c a") || proto.CoversScope("a b", "a c") || !proto.CoversScope("", "") {
		t.Error("covers")
	}
	if proto.IsScope("read:data") || !proto.IsScope(proto.ScopeSessions) {
		t.Error("vocabulary")
	}
}
