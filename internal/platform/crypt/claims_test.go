package crypt

import "testing"

func TestUnmarshal_TakesNamesAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	var claims struct {
		Issuer string `json:"iss"`
	}
	if err := Unmarshal([]byte(`{"ISS":"a","Iss":"b","\u017fub":1}`), &claims); err != nil || claims.Issuer != "" {
		t.Errorf("other names: %q, %v", claims.Issuer, err)
	}
	if err := Unmarshal([]byte(`{"iss":"a","ISS":"b"}`), &claims); err != nil || claims.Issuer != "a" {
		t.Errorf("the name: %q, %v", claims.Issuer, err)
	}
	for _, bad := range []string{`{"iss":"a","iss":"b"}`, `{"iss":"a","i\u0073s":"b"}`, `{"iss":1}`, `{"iss":"a"} {}`, ``} {
		if err := Unmarshal([]byte(bad), &claims); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}
