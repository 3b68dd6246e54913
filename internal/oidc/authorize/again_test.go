package authorize

import (
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Another account is asked what the first was asked: each parameter is repeated,
// unless it is about the account or the page that the first one chose.
func TestAgain_RepeatsTheRequest(t *testing.T) {
	t.Parallel()
	leftOut := []string{
		"resource_scopes", "is_clients_own", "device", // no parameters
		"hinted_user", "login_hint", "identifier", "-", // a one-time token, which is sealed
		"google_one_tap_credential",
		"first_screen", "interaction_mode", "direct_sign_in",
	}
	age := int64(600)
	p := Params{MaxAge: &age}
	var names []string
	fill(reflect.ValueOf(&p).Elem(), &names)
	p.Device, p.IsClientsOwn = nil, false
	again, err := url.Parse(p.Again())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if again.Query().Has(name) == slices.Contains(leftOut, name) {
			t.Errorf("%s: repeated in %s, left out of %q", name, again, leftOut)
		}
	}
	if got := again.Query(); got.Get("max_age") != "600" || got.Get("prompt") != "login consent" || got.Get("scope") != "x" {
		t.Errorf("%s", again)
	}
}

// fill gives every string a value and notes what each field is in JSON.
func fill(v reflect.Value, names *[]string) {
	for i := range v.NumField() {
		field := v.Field(i)
		if field.Kind() == reflect.Struct {
			fill(field, names)
			continue
		}
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		*names = append(*names, name)
		switch {
		case field.Kind() == reflect.String:
			field.SetString("x")
		case field.Type() == reflect.TypeFor[[]string]():
			field.Set(reflect.ValueOf([]string{"x"}))
		}
	}
}
