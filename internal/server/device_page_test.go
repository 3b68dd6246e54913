package server_test

import (
	"net/http"
	"strings"
	"testing"

	"signet/internal/apptest"
	"signet/internal/platform/web"
	"signet/internal/server"
	"signet/internal/tenant"
)

// trusting boots a server that believes what a proxy says of addresses.
var trusting = apptest.With(func(o *server.Options) { o.Proxies = web.Proxies{Trust: true} })

func TestDevicePage_ShowsWhoAsks(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		d := waiting(t, app, television(t, app), "ui_locales", "en")
		b := app.Browser(t)
		// The link of the device leads by way of the cookies to the question.
		leads(t, b.Do("GET", d.answer.String("verification_uri_complete"), ""), 302, "/oidc/device?user_code="+d.userCode())
		confirm := "/device?app_id=" + d.client.ID + "&ui_locales=en&user_code=" + d.userCode()
		leads(t, b.Do("GET", "/oidc/device?user_code="+d.userCode(), ""), 303, confirm)
		page := b.Do("GET", confirm, "")
		for _, want := range []string{"Tidewater TV", ">" + d.userCode() + "<", `name="confirm" value="yes"`, `name="abort" value="yes"`} {
			if !strings.Contains(page.Text, want) {
				t.Errorf("the page lacks %q", want)
			}
		}
		// Typing it leads to the same question.
		typed := strings.ToLower(strings.ReplaceAll(d.userCode(), "-", " "))
		leads(t, post(opened(t, app), "user_code", typed), 303, confirm)
		d.polls(400, "authorization_pending")
	})
}

func TestDevicePage_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	d := waiting(t, app, television(t, app))
	b := opened(t, app)
	leads(t, post(b, "user_code", ""), 303, "/device?error=NoCodeError")
	leads(t, post(b, "user_code", "BBBB-BBBB"), 303, "/device?input_code=BBBB-BBBB&error=NotFoundError")
	leads(t, post(b, "user_code", "A<1>"), 303, "/device?input_code=A%3C1%3E&error=NotFoundError")
	leads(t, post(b, "user_code", strings.Repeat("B", 5000)), 303, "/device?error=NotFoundError")
	leads(t, post(b, "user_code", d.userCode(), "xsrf", "forged", "confirm", "yes"), 303, "/device?input_code="+d.userCode()+"&error=InvalidRequest")
	leads(t, post(app.Browser(t), "user_code", d.userCode(), "confirm", "yes"), 303, "/device?input_code="+d.userCode()+"&error=InvalidRequest")
	for query, want := range map[string]string{
		"?input_code=x&error=NotFoundError": "No device waits with this code.", "?error=ExpiredError": "This code is too old.",
		"?error=AlreadyUsedError": "used before", "?error=NoCodeError": "Type the code that the device shows.",
		"?error=InvalidRequest": "open for too long", "?error=AbortedError": "stays signed out",
		"?error=%3Cscript%3E&input_code=%22%3E%3Cscript%3E": `value="&#34;&gt;&lt;script&gt;"`,
	} {
		if page := b.Do("GET", "/device"+query, ""); page.StatusCode != 200 || !strings.Contains(page.Text, want) || strings.Contains(page.Text, "<script>") {
			t.Errorf("%s: %d, lacks %q", query, page.StatusCode, want)
		}
	}
	// The application is gone, and with it its codes.
	app.Operator(t).Want(204, "DELETE", "/api/applications/"+d.client.ID, "")
	leads(t, post(b, "user_code", d.userCode()), 303, "/device?input_code="+d.userCode()+"&error=NotFoundError")
	if n := app.Count(t, tenant.Default, "device_codes", "status <> 'pending'"); n != 0 {
		t.Errorf("%d devices got an answer", n)
	}
}

// A page of another site can neither answer for a device nor learn the form's
// value.
func TestDevicePage_RefusesOtherSites(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	d := waiting(t, app, television(t, app))
	b := opened(t, app)
	for _, site := range []string{"cross-site", "same-site"} {
		form := "user_code=" + d.userCode() + "&confirm=yes&xsrf=" + b.Cookie("/device", "_logto_device_flow_xsrf")
		if a := b.Do("POST", "/oidc/device", form, "Sec-Fetch-Site", site); a.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", site, a.StatusCode)
		}
	}
	cookies := b.Do("GET", "/oidc/device", "").Header.Values("Set-Cookie")
	readable := 0
	for _, c := range cookies {
		if strings.Contains(c, "Path=/device") && !strings.Contains(c, "HttpOnly") {
			readable++
		}
		if !strings.Contains(c, "SameSite=Lax") || !strings.Contains(c, "Max-Age=600") {
			t.Error(c)
		}
	}
	if len(cookies) != 4 || readable != 2 {
		t.Errorf("%v", cookies)
	}
}

// Attack 65: codes cannot be tried without end, from one address or at one code.
func TestDevicePage_LimitsGuesses(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		d := waiting(t, app, television(t, app))
		from := func(address string) *apptest.Answer {
			return app.Browser(t).Do("GET", "/oidc/device?user_code="+d.userCode(), "", "X-Forwarded-For", address)
		}
		guess := func(address string) int {
			return app.Browser(t).Do("GET", "/oidc/device?user_code=BBBB-BBBB", "", "X-Forwarded-For", address).StatusCode
		}
		for i := range 30 {
			if status := guess("192.0.2.1"); status != http.StatusSeeOther {
				t.Fatalf("guess %d: %d", i, status)
			}
		}
		if status := guess("192.0.2.1"); status != http.StatusTooManyRequests {
			t.Errorf("a guess too many: %d", status)
		}
		if a := from("192.0.2.1"); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") != "10" {
			t.Errorf("and a right one: %d %v", a.StatusCode, a.Header)
		}
		for range 30 {
			if a := from("127.0.0.1"); a.StatusCode != http.StatusSeeOther {
				t.Fatalf("%d %s", a.StatusCode, a.Text)
			}
		}
		if a := from("198.51.100.7"); a.StatusCode != http.StatusTooManyRequests {
			t.Errorf("one code is tried without end: %d", a.StatusCode)
		}
		d.polls(400, "authorization_pending")
	}, trusting)
}

func TestDevice_LimitsRequests(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, trusting)
	tv := television(t, app)
	status := 0
	for i := range 61 {
		a := app.Browser(t).Do("POST", "/oidc/device/auth", "client_id="+tv.ID, "X-Forwarded-For", "192.0.2.1")
		if status = a.StatusCode; i < 60 && status != http.StatusOK {
			t.Fatalf("%d: %d %s", i, status, a.Text)
		}
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("the last gets %d", status)
	}
}
