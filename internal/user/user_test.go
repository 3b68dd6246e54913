package user

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestProfile_MergeIsShallowAndReplacesTheAddress(t *testing.T) {
	t.Parallel()
	var all Profile
	full := `{"familyName":"1","givenName":"2","middleName":"3","nickname":"4","preferredUsername":"5","profile":"6",` +
		`"website":"7","gender":"8","birthdate":"9","zoneinfo":"10","locale":"11","address":{"formatted":"12",` +
		`"streetAddress":"13","locality":"14","region":"15","postalCode":"16","country":"17"}}`
	if err := json.Unmarshal([]byte(full), &all); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ base, patch, want string }{
		"everything over nothing": {`{}`, full, full},
		"nothing over everything": {full, `{}`, full},
		"one field":               {`{"nickname":"a","website":"w"}`, `{"nickname":"b"}`, `{"nickname":"b","website":"w"}`},
		"empty string stays":      {`{"nickname":"a"}`, `{"nickname":""}`, `{"nickname":""}`},
		"address whole":           {`{"address":{"locality":"l","country":"c"}}`, `{"address":{"country":"d"}}`, `{"address":{"country":"d"}}`},
	} {
		var base, patch Profile
		if json.Unmarshal([]byte(c.base), &base) != nil || json.Unmarshal([]byte(c.patch), &patch) != nil {
			t.Fatal(name)
		}
		merged := base.Merge(patch)
		got, err := json.Marshal(merged)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %s, %v, want %s", name, got, err, c.want)
		}
		if unchanged, _ := json.Marshal(base); string(unchanged) != c.base {
			t.Errorf("%s: Merge changed its receiver to %s", name, unchanged)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ got, want string }{
		"username as typed":      {UsernameKey("Ada", true), "Ada"},
		"username folded":        {UsernameKey("Ada", false), "ada"},
		"email":                  {EmailKey("  Ada@Example.ORG\t"), "ada@example.org"},
		"email composed":         {EmailKey("zoe\u0308@x.y"), "zo\u00eb@x.y"},
		"email not compatible":   {EmailKey("ａda@x.y"), "ａda@x.y"},
		"email keeps dots, tags": {EmailKey("a.d+a@x.y"), "a.d+a@x.y"},
		"phone":                  {PhoneKey("+44 (1632) 960-961"), "441632960961"},
		"phone with trunk zero":  {PhoneKey("+44 (0) 1632 960-961"), "441632960961"},
		"phone in Italy":         {PhoneKey("390612345678"), "39612345678"},
		"phone without its zero": {PhoneKey("39612345678"), "39612345678"},
		"phone of no country":    {PhoneKey("99912"), "99912"},
		"phone without digits":   {PhoneKey("call me"), ""},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", name, c.got, c.want)
		}
	}
}

func TestFoldSearch_KeepsFieldsApart(t *testing.T) {
	t.Parallel()
	u := User{ID: "id", Name: ptr("a\x1fb")}
	if got := u.searchText(); strings.Count(got, searchSeparator) != 6 {
		t.Errorf("search text = %q: a name made a field", got)
	}
	if got := FoldSearch("ZOE\u0308"); got != "zo\u00eb" {
		t.Errorf("FoldSearch = %q", got)
	}
}

func TestNormalPhone(t *testing.T) {
	t.Parallel()
	for phone, want := range map[string]string{
		"61412345678": "61412345678", "610412345678": "61412345678", "+44 (0)1632 960961": "441632960961",
		"390612345678":  "390612345678", // this zero belongs to the number
		"4915112345678": "4915112345678",
		"":              "", "0": "", "1": "", "99912345678": "", "441": "", "+": "", "44163296096144163296096144": "",
	} {
		got, err := NormalPhone(phone)
		if got != want || (err != nil) != (want == "") || err != nil && !errors.Is(err, ErrInvalidPhone) {
			t.Errorf("NormalPhone(%q) = %q, %v", phone, got, err)
		}
	}
}

func TestUser_DisplayNameAndUsable(t *testing.T) {
	t.Parallel()
	u := &User{ID: "id", PrimaryPhone: ptr("44"), PrimaryEmail: ptr("a@b.c"), Username: ptr("ada"), Name: ptr("Ada")}
	for _, want := range []string{"Ada", "ada", "a@b.c", "44", "id"} {
		if got := u.DisplayName(); got != want {
			t.Errorf("DisplayName = %q, want %q", got, want)
		}
		switch want {
		case "Ada":
			u.Name = ptr("")
		case "ada":
			u.Username = nil
		case "a@b.c":
			u.PrimaryEmail = nil
		case "44":
			u.PrimaryPhone = nil
		}
	}
	if err := u.Usable(); err != nil {
		t.Errorf("Usable = %v", err)
	}
}
