package customui_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/asset"
	"signet/internal/signinexp"
	"signet/internal/tenant"
)

const (
	uploads = "/api/sign-in-exp/default/custom-ui-assets"
	page    = "<!doctype html><script src=/assets/app.js></script>"
)

// bundle is an archive with a small user interface.
func bundle(t *testing.T, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i+1 < len(files); i += 2 {
		to, err := w.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(to, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func upload(t *testing.T, o *apptest.Operator, content string) *apptest.Answer {
	t.Helper()
	return o.Do("POST", uploads, apptest.Upload(t, "application/zip", content))
}

// use uploads an interface and chooses it.
func use(t *testing.T, app *apptest.App, files ...string) (id string) {
	t.Helper()
	o := app.Operator(t)
	if id = upload(t, o, bundle(t, files...)).String("customUiAssetId"); len(id) != 8 {
		t.Fatalf("id %q", id)
	}
	o.Want(200, "PATCH", "/api/sign-in-exp", fmt.Sprintf(`{"customUiAssets":{"id":"%s","createdAt":1790000000000}}`, id))
	return id
}

func get(t *testing.T, app *apptest.App, path string, headers ...string) *apptest.Answer {
	t.Helper()
	return app.Browser(t).Do("GET", path, "", append([]string{"Accept", "text/html"}, headers...)...)
}

func TestInterface_IsServedInPlaceOfOurPages(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		if a := get(t, app, "/sign-in"); strings.Contains(a.Text, page) {
			t.Fatal("an interface before there is one")
		}
		id := use(t, app, "index.html", page, "assets/app.js", "start()", "logo.SVG", "<svg/>", "help.html", "<p>", "data.bin", "x")
		for _, path := range []string{"/", "/sign-in", "/register", "/sign-in/password", "/any/thing", "/index.html", "/sign-in?app_id=x.y"} {
			a := get(t, app, path)
			if a.StatusCode != 200 || a.Text != page || a.Header.Get("Content-Type") != "text/html; charset=utf-8" {
				t.Errorf("%s: %d %q", path, a.StatusCode, a.Text)
			}
			policy := a.Header.Get("Content-Security-Policy")
			for _, want := range []string{"script-src 'self' 'unsafe-inline'", "connect-src 'self'", "object-src 'none'", "frame-ancestors 'self' " + app.AdminURL} {
				if !strings.Contains(policy, want) {
					t.Errorf("%s: policy %q", path, policy)
				}
			}
		}
		for path, want := range map[string]string{
			"/assets/app.js": "text/javascript; charset=utf-8", "/logo.SVG": "image/svg+xml", "/data.bin": "application/octet-stream",
		} {
			a := get(t, app, path)
			if a.StatusCode != 200 || a.Header.Get("Content-Type") != want || a.Header.Get("Content-Security-Policy") != "default-src 'none'; sandbox" ||
				a.Header.Get("Cache-Control") != "no-cache" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s: %d %v", path, a.StatusCode, a.Header)
			}
			if b := get(t, app, path, "If-None-Match", a.Header.Get("ETag")); b.StatusCode != 304 {
				t.Errorf("%s unchanged: %d", path, b.StatusCode)
			}
		}
		if a := get(t, app, "/data.bin", "Range", "bytes=5-"); a.StatusCode != 416 {
			t.Errorf("beyond the end: %d", a.StatusCode)
		}
		if a := get(t, app, "/assets/app.js", "Range", "bytes=0-4", "Accept-Encoding", "gzip"); a.StatusCode != 206 || a.Text != "start" {
			t.Errorf("a part: %d %q", a.StatusCode, a.Text)
		}
		for _, path := range []string{"/none.js", "/assets/none.js", "/assets", "/assets/", "/..%2f" + id + "/index.html", "/%2e%2e%2fsignet.key", "/a%00.js", "/%ff.js"} {
			if a := get(t, app, path); a.StatusCode == 200 && a.Text != page || a.StatusCode >= 500 {
				t.Errorf("%s: %d %.200s", path, a.StatusCode, a.Text)
			}
		}
		// A choice is taken back, and our own pages are there again.
		app.Operator(t).Want(200, "PATCH", "/api/sign-in-exp", `{"customUiAssets":null}`)
		if a := get(t, app, "/sign-in"); strings.Contains(a.Text, page) {
			t.Error("the interface is still there")
		}
	}, apptest.Apart())
}

// What is not the signing in of users stays ours.
func TestInterface_LeavesTheRestAlone(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.Apart())
	use(t, app, "index.html", page, "api/status", "x", "account/index.html", "x", ".well-known/a.json", "x", "oidc/a.js", "x", "user-assets/a.png", "x", "setup/a.js", "x")
	for _, path := range []string{"/api/status", "/api/none", "/oidc/.well-known/openid-configuration", "/oidc/a.js", "/.well-known/a.json",
		"/account", "/device", "/device/success", "/demo-app", "/user-assets/a.png", "/setup/a.js", "/healthz"} {
		if a := get(t, app, path); a.Text == "x" || a.Text == page {
			t.Errorf("%s: %d %q", path, a.StatusCode, a.Text)
		}
	}
	app.ChangeExperience(t, tenant.Admin, func(s *signinexp.Settings) {
		s.CustomUIAssets = &signinexp.CustomUIAssets{ID: "00000000", CreatedAt: 1}
	})
	admin := app.BrowserAt(t, app.AdminURL)
	if a := admin.Do("GET", "/data.js", "", "Accept", "text/html"); a.StatusCode != 404 || strings.Contains(a.Text, "entity.not_found") {
		t.Errorf("one is looked for where operators sign in: %d %s", a.StatusCode, a.Text)
	}
	// Our account pages bring their own stylesheet.
	app.CreateUser(t, "robin")
	b := app.Browser(t)
	c := app.CreateApp(t, application.Application{})
	b.SignIn(c, "robin", apptest.Password)
	shown := b.Visit("/account")
	_, rest, ok := strings.Cut(shown.Text, `<link rel="stylesheet" href="`)
	sheet, _, _ := strings.Cut(rest, `"`)
	if a := b.Do("GET", sheet, ""); !ok || a.StatusCode != 200 || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/css") {
		t.Errorf("%d %q: %d", shown.StatusCode, sheet, a.StatusCode)
	}
}

// Where operators and users share an origin, an interface of users could act as
// an operator.
func TestInterface_IsRefusedWhereItCouldReachOperators(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		content := bundle(t, "index.html", page)
		if a := upload(t, app.Operator(t), content); a.StatusCode != 400 || a.Code() != "sign_in_experiences.custom_ui_needs_admin_endpoint" {
			t.Errorf("at one origin: %d %s", a.StatusCode, a.Text)
		}
		if a := upload(t, app.OperatorAt(t, app.AdminURL, "x"), content); a.StatusCode != 400 || a.Code() != "guard.not_allowed_for_admin_tenant" {
			t.Errorf("the admin tenant: %d %s", a.StatusCode, a.Text)
		}
		if n := app.Count(t, tenant.Default, "assets", "TRUE"); n != 0 || len(app.Files(t)) > 0 {
			t.Errorf("%d rows, files %v", n, app.Files(t))
		}
		// One that was chosen while they were apart is not served.
		app.ChangeExperience(t, tenant.Default, func(s *signinexp.Settings) {
			s.CustomUIAssets = &signinexp.CustomUIAssets{ID: "00000000", CreatedAt: 1}
		})
		if a := get(t, app, "/data.js"); a.StatusCode != 404 || strings.Contains(a.Text, "entity.not_found") {
			t.Errorf("it is looked for: %d %s", a.StatusCode, a.Text)
		}
	})
}

func TestInterface_RefusesWhatIsNone(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		for code, a := range map[string]*apptest.Answer{
			"guard.mime_type_not_allowed": upload(t, o, page),
			"storage.invalid_archive":     upload(t, o, bundle(t, "a.html", page)),
			"guard.file_size_exceeded":    upload(t, o, strings.Repeat("PK\x03\x04", 6<<20)),
			"guard.invalid_input":         o.Do("PATCH", "/api/sign-in-exp", `{"customUiAssets":{"id":"abcdefgh","createdAt":1}}`),
		} {
			if a.StatusCode != 400 || a.Code() != code {
				t.Errorf("%s: %d %s", code, a.StatusCode, a.Text)
			}
		}
		// An operator's file is no interface, nor is one whose time is over.
		file := o.Do("POST", "/api/user-assets", apptest.Upload(t, "application/zip", bundle(t, "index.html", page))).String("url")
		id := upload(t, o, bundle(t, "index.html", page)).String("customUiAssetId")
		app.Clock.Advance(asset.Retention + time.Minute)
		for _, id := range []string{id, file[len(file)-25 : len(file)-4]} {
			o.Want(400, "PATCH", "/api/sign-in-exp", fmt.Sprintf(`{"customUiAssets":{"id":"%s","createdAt":1}}`, id), "guard.invalid_input")
		}
		if n := app.Count(t, tenant.Default, "sign_in_experiences", "custom_ui_assets IS NOT NULL"); n != 0 {
			t.Error("one was chosen all the same")
		}
	}, apptest.Apart())
}

// Without its files the interface cannot be shown; people sign in all the same.
func TestInterface_ThatIsGoneGivesWay(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.Apart())
	app.ChangeExperience(t, tenant.Default, func(s *signinexp.Settings) {
		s.CustomUIAssets = &signinexp.CustomUIAssets{ID: "00000000", CreatedAt: 1}
	})
	app.CreateUser(t, "robin")
	b := app.Browser(t)
	b.Authorize(app.CreateApp(t, application.Application{}))
	if a := b.Visit("/sign-in"); a.StatusCode != 200 || !strings.Contains(a.Text, `name="password"`) {
		t.Errorf("%d %s", a.StatusCode, a.Text)
	}
}
