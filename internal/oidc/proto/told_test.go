package proto

import (
	"reflect"
	"strings"
	"testing"
)

// Nothing that lets somebody in goes on record, and nothing that fills it.
func TestParams_Told(t *testing.T) {
	t.Parallel()
	p := Params{
		"grant_type": {"refresh_token"}, "scope": {strings.Repeat("a", maxTold+1)}, "resource": {"https://a", "https://b"},
		"refresh_token": {"canary"}, "code": {"canary"}, "code_verifier": {"canary"}, "client_secret": {"canary"}, "client_assertion": {"canary"},
		"subject_token": {"canary"}, "actor_token": {"canary"}, "token": {"canary"}, "device_code": {"canary"}, "user_code": {"canary"},
		"password": {"canary"}, "request": {"canary"}, "state": {"canary"}, "nonce": {"canary"}, "id_token_hint": {"canary"},
		"login_hint": {"canary"}, "unknown": {"canary"},
	}
	want := map[string]any{
		"grant_type": "refresh_token", "scope": strings.Repeat("a", maxTold), "resource": []any{"https://a", "https://b"},
	}
	if got := p.Told(); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if got := (Params{"resource": make([]string, 200)}).Told()["resource"].([]any); len(got) != 16 {
		t.Errorf("%d resources", len(got))
	}
}
