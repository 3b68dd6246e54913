package authorize

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/internal/platform/errs"
)

func TestFlows_EncodeAsPercentEncodedMap(t *testing.T) {
	t.Parallel()
	f := flows(nil).with("a", "1").with("b c", "2").with("a", "3")
	want := `%7B%22b%20c%22%3A%222%22%2C%22a%22%3A%223%22%2C%22_legacy%22%3A%223%22%7D`
	if got := f.encode(); got != want {
		t.Errorf("encoded %s", got)
	}
	back := parseFlows(f.encode())
	for client, uid := range map[string]string{"a": "3", "b c": "2", "": "3", "c": ""} {
		if got := back.find(client); got != uid {
			t.Errorf("the interaction of %q is %q, not %q", client, got, uid)
		}
	}
}

func TestFlows_WithoutFallsBackToTheNewestThatRemains(t *testing.T) {
	t.Parallel()
	f := flows(nil).with("a", "1").with("b", "2").with("c", "3")
	for _, step := range []struct{ gone, latest string }{{"2", "3"}, {"3", "1"}, {"1", ""}} {
		f = f.without(step.gone)
		if got := f.find(""); got != step.latest {
			t.Errorf("without %s the latest is %q, not %q", step.gone, got, step.latest)
		}
	}
	if len(f) != 0 {
		t.Errorf("left over: %v", f)
	}
}

func TestFlows_StayWithinACookie(t *testing.T) {
	t.Parallel()
	var f flows
	for i := range 100 {
		f = f.with(fmt.Sprintf("client-%03d", i), strings.Repeat("u", 43))
	}
	if size := len(f.encode()); size > maxFlowsCookie {
		t.Errorf("the cookie has %d bytes", size)
	}
	if f.find("client-099") == "" || f.find("client-000") != "" || f.find("") == "" {
		t.Error("the oldest entries should have given way, the newest stayed")
	}
}

func TestFlows_OddCookiesAreNoInteraction(t *testing.T) {
	t.Parallel()
	for cookie, latest := range map[string]string{
		"": "", "bare-uid": "bare-uid", "%7B": "", "{": "", `{"a":1}`: "", `{"a":{"b":"c"}}`: "", "%zz": "",
		`{"a":"1","_legacy":"2"`: "2", `[]`: "[]",
	} {
		if got := parseFlows(cookie).find(""); got != latest {
			t.Errorf("%q names %q, not %q", cookie, got, latest)
		}
	}
}

func FuzzFlows(f *testing.F) {
	f.Add(`%7B%22a%22%3A%221%22%7D`, "a", "2")
	f.Add(`{"_legacy":"x"}`, "_legacy", "")
	f.Fuzz(func(t *testing.T, cookie, client, uid string) {
		open := parseFlows(cookie).with(client, uid)
		if got := parseFlows(open.encode()); client != "" && uid != "" && len(open.encode()) < maxFlowsCookie &&
			strings.ToValidUTF8(client, "") == client && strings.ToValidUTF8(uid, "") == uid && got.find(client) != uid {
			t.Errorf("%q: %v is read back as %v", cookie, open, got)
		}
		open.without(uid)
	})
}

// browser sends a request with the cookies that earlier answers set.
type browser struct{ jar map[string]string }

func (b *browser) take(response *http.Response) {
	if b.jar == nil {
		b.jar = map[string]string{}
	}
	for _, line := range response.Header.Values("Set-Cookie") {
		name, rest, _ := strings.Cut(line, "=")
		value, attributes, _ := strings.Cut(rest, ";")
		if strings.Contains(attributes, "Max-Age=0") {
			delete(b.jar, name)
			continue
		}
		b.jar[name] = value
	}
}

func (b *browser) request(method, target string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	for name, value := range b.jar {
		r.Header.Add("Cookie", name+"="+value)
	}
	return r
}

// open lets the browser take part in the interactions.
func (w *world) open(b *browser, interactions ...*Interaction) {
	for _, in := range interactions {
		b.take(w.within(b.request(http.MethodGet, "/"), func(rw http.ResponseWriter, r *http.Request) {
			writeFlows(rw, r, in, nil)
		}))
	}
}

// find runs InteractionFromRequest for the browser.
func (w *world) find(b *browser, target, header string) (in *Interaction, err error) {
	r := b.request(http.MethodGet, target)
	if header != "" {
		r.Header.Set("Logto-App-Id", header)
	}
	w.within(r, func(_ http.ResponseWriter, r *http.Request) {
		in, err = InteractionFromRequest(r.Context(), w.db, w.now(), r)
	})
	return in, err
}

func TestInteractionFromRequest_PicksTheNamedApplication(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		a, b := w.begin(Interaction{ClientID: "app-a"}), w.begin(Interaction{ClientID: "app-b"})
		tabs := &browser{}
		w.open(tabs, a, b)
		for _, c := range []struct {
			target, header string
			want           *Interaction
		}{
			{"/sign-in", "", b},
			{"/sign-in?app_id=app-a", "", a},
			{"/sign-in?app_id=app-b", "", b},
			{"/sign-in", "app-a", a},
			{"/sign-in?app_id=app-b", "app-a", a},
		} {
			in, err := w.find(tabs, c.target, c.header)
			if err != nil || in.UID != c.want.UID {
				t.Errorf("%s with header %q: %v (%v)", c.target, c.header, in, err)
			}
		}
	})
}

func TestInteractionFromRequest_Refuses(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		w := setup(t, p)
		in := w.begin(Interaction{ClientID: "app-a"})
		finished := w.begin(Interaction{ClientID: "app-f"})
		err := w.tx(func(tx *db.Tx) error { _, err := Finish(w.ctx, tx, w.now(), finished, Login{UserID: "u"}); return err })
		if err != nil {
			t.Fatal(err)
		}
		ended := "gone"
		other := w.begin(Interaction{ClientID: "app-s", SessionUID: &ended})
		sign := func(name, value string) map[string]string {
			jar := map[string]string{name: value}
			w.within(httptest.NewRequest(http.MethodGet, "/", nil), func(_ http.ResponseWriter, r *http.Request) {
				jar[name+".sig"] = cookieKeys(r.Context()).SignCookie(name, value)
			})
			return jar
		}
		swapped := url.QueryEscape(`{"app-b":"` + in.UID + `","_legacy":"` + in.UID + `"}`)
		for _, c := range []struct {
			name, target string
			jar          map[string]string
			code         string
		}{
			{"no cookie", "/", nil, "session.not_found"},
			{"unsigned", "/", map[string]string{"_interaction": in.UID}, "session.not_found"},
			{"badly signed", "/", map[string]string{"_interaction": in.UID, "_interaction.sig": "x"}, "session.not_found"},
			{"signed for another cookie", "/", map[string]string{"_interaction": in.UID, "_interaction.sig": sign("_session", in.UID)["_session.sig"]}, "session.not_found"},
			{"unknown", "/", sign("_interaction", "unknown"), "session.not_found"},
			{"finished", "/", sign("_interaction", finished.UID), "session.not_found"},
			{"no entry for the application", "/?app_id=app-x", sign("_interaction", url.QueryEscape(`{"app-a":"`+in.UID+`","_legacy":"`+in.UID+`"}`)), "session.not_found"},
			{"bare id of another application", "/?app_id=app-x", sign("_interaction", in.UID), "oidc.invalid_request"},
			{"entry of another application", "/?app_id=app-b", sign("_interaction", swapped), "oidc.invalid_request"},
			{"its session has ended", "/", sign("_interaction", other.UID), "session.not_found"},
		} {
			got, err := w.find(&browser{c.jar}, c.target, "")
			e, ok := errs.As(err)
			if got != nil || !ok || e.Code != c.code || e.Status != 400 || e.Detail == "" {
				t.Errorf("%s: %v, %v", c.name, got, err)
			}
		}
		if in, err := w.find(&browser{sign("_interaction", in.UID)}, "/?app_id=app-a", ""); err != nil || in == nil {
			t.Errorf("a bare id of the right application: %v", err)
		}
	})
}

func TestCookies_HaveTheirAttributes(t *testing.T) {
	t.Parallel()
	w := setupAt(t, dbtest.SQLite(t), "admin", "https://id.example.com/base/admin")
	in := &Interaction{UID: "UID", ClientID: "spa", Prompt: PromptLogin, Params: Params{ClientID: "spa", UILocales: "de; é",
		Extras: Extras{OrganizationID: "o", GoogleOneTapCredential: "cred"}}}
	response := w.within(httptest.NewRequest(http.MethodGet, "/", nil), func(rw http.ResponseWriter, r *http.Request) {
		writeFlows(rw, r, in, nil)
		SetSessionCookie(r.Context(), rw, "SECRET", 1209600e9)
	})
	var got []string
	for _, line := range response.Header.Values("Set-Cookie") {
		name, _, _ := strings.Cut(line, "=")
		if !strings.HasSuffix(name, ".sig") {
			got = append(got, line)
		}
	}
	want := []string{
		`_interaction_resume_admin=UID; Path=/base/admin/oidc/auth/UID; Max-Age=3600; HttpOnly; Secure; SameSite=Lax`,
		`_logto_admin={"appId":"spa","organizationId":"o","uiLocales":"de\u003b\u0020\u00e9"}; Path=/base/admin/; Secure; SameSite=Lax`,
		`_logto_google_one_tap_credential_admin=cred; Path=/base/admin/; Max-Age=10; Secure; SameSite=Lax`,
		`_interaction_admin=` + flows(nil).with("spa", "UID").encode() + `; Path=/base/admin/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax`,
		`_session_admin=SECRET; Path=/base/admin/; Max-Age=1209600; HttpOnly; Secure; SameSite=Lax`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("cookies are\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if n := len(response.Header.Values("Set-Cookie")); n != 2*len(want) {
		t.Errorf("%d cookies for %d with a signature each", n, len(want))
	}
}
