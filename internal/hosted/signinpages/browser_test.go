package signinpages_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/platform/db"
	"signet/internal/signinexp"
	"signet/internal/user"
)

const callback = "https://client.example/callback"

// browser is somebody's browser without script, at one page.
type browser struct {
	t      *testing.T
	app    *apptest.App
	client *http.Client
	appID  string
	// at is the address of the page, and page the last answer.
	at   string
	page *apptest.Answer
}

// open makes a browser and an application that people sign in to.
func open(t *testing.T, app *apptest.App) *browser {
	t.Helper()
	b := &browser{t: t, app: app, client: app.Client(t)}
	inTx(t, app, func(tx *db.Tx) error {
		a, _, err := application.Create(t.Context(), tx, app.Clock.Now().UnixMilli(), app.Keyring, application.Application{
			Name: "Tidewater", Type: application.SPA,
			OIDC: application.ClientMetadata{RedirectURIs: []string{callback}},
		})
		if err == nil {
			b.appID = a.ID
		}
		return err
	})
	return b
}

func inTx(t *testing.T, app *apptest.App, fn func(tx *db.Tx) error) {
	t.Helper()
	if err := app.DB().Tx(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// authorize starts to sign in, with further parameters of the request.
func (b *browser) authorize(more ...string) *browser {
	b.t.Helper()
	query := url.Values{
		"client_id": {b.appID}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid profile"}, "state": {"s1"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
	}
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	return b.get("/oidc/auth?" + query.Encode())
}

// get goes to a path or URL and follows redirects as far as they stay here.
func (b *browser) get(target string) *browser {
	b.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = b.app.URL + target
	}
	b.at = target
	b.page = apptest.Do(b.t, b.client, "GET", target, "")
	return b.follow()
}

func (b *browser) follow() *browser {
	b.t.Helper()
	for range 10 {
		location := b.page.Header.Get("Location")
		if location == "" {
			return b
		}
		next, err := url.Parse(b.at)
		if err != nil {
			b.t.Fatal(err)
		}
		if next, err = next.Parse(location); err != nil {
			b.t.Fatal(err)
		}
		b.at = next.String()
		if !strings.HasPrefix(b.at, b.app.URL+"/") {
			return b
		}
		b.page = apptest.Do(b.t, b.client, "GET", b.at, "")
	}
	b.t.Fatalf("too many redirects, now at %s", b.at)
	return b
}

var (
	formTag   = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
	hiddenTag = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)
)

// form returns where the page's form goes and what is hidden in it.
func (b *browser) form() (action string, values url.Values) {
	b.t.Helper()
	m := formTag.FindStringSubmatch(b.page.Text)
	if m == nil {
		b.t.Fatalf("no form at %s: %s", b.at, b.page.Text)
	}
	values = url.Values{}
	for _, hidden := range hiddenTag.FindAllStringSubmatch(b.page.Text, -1) {
		values.Set(hidden[1], html.UnescapeString(hidden[2]))
	}
	return html.UnescapeString(m[1]), values
}

// submit fills the page's form with names and values in turn and posts it.
func (b *browser) submit(filled ...string) *browser {
	b.t.Helper()
	action, values := b.form()
	for i := 0; i+1 < len(filled); i += 2 {
		values.Set(filled[i], filled[i+1])
	}
	return b.post(action, values)
}

func (b *browser) post(action string, values url.Values) *browser {
	b.t.Helper()
	b.at = b.app.URL + strings.TrimPrefix(action, mustParse(b.t, b.app.URL).Path)
	b.page = apptest.Do(b.t, b.client, "POST", b.at, values.Encode(), "Origin", origin(b.t, b.app.URL), "Sec-Fetch-Site", "same-origin")
	return b.follow()
}

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func origin(t *testing.T, text string) string {
	u := mustParse(t, text)
	return u.Scheme + "://" + u.Host
}

// sees fails unless the page has the status and holds the texts.
func (b *browser) sees(status int, texts ...string) *browser {
	b.t.Helper()
	if b.page.StatusCode != status {
		b.t.Fatalf("at %s: status %d, want %d: %s", b.at, b.page.StatusCode, status, b.page.Text)
	}
	for _, text := range texts {
		if !strings.Contains(b.page.Text, text) {
			b.t.Fatalf("at %s: no %q in %s", b.at, text, b.page.Text)
		}
	}
	return b
}

// path is the path of the page below the endpoint.
func (b *browser) path() string {
	return strings.TrimPrefix(mustParse(b.t, b.at).Path, mustParse(b.t, b.app.URL).Path)
}

func (b *browser) on(path string) *browser {
	b.t.Helper()
	if b.path() != path {
		b.t.Fatalf("at %s, want %s: %s", b.at, path, b.page.Text)
	}
	return b
}

// signedIn fails unless the application has got a code.
func (b *browser) signedIn() {
	b.t.Helper()
	u := mustParse(b.t, b.at)
	if !strings.HasPrefix(b.at, callback) || u.Query().Get("code") == "" || u.Query().Get("state") != "s1" {
		b.t.Fatalf("at %s, want a code: %s", b.at, b.page.Text)
	}
}

// addUser makes a user with the test password.
func addUser(t *testing.T, app *apptest.App, username string) *user.User {
	t.Helper()
	hash, err := app.Hasher.Hash(t.Context(), apptest.Password)
	if err != nil {
		t.Fatal(err)
	}
	var u *user.User
	inTx(t, app, func(tx *db.Tx) (err error) {
		u, err = user.Create(t.Context(), tx, app.Clock.Now().UnixMilli(), user.New{Username: username, PasswordHash: hash, CaseSensitive: true})
		return err
	})
	return u
}

func users(t *testing.T, app *apptest.App) int {
	t.Helper()
	n, err := db.One[int](t.Context(), app.DB(), `SELECT count(*) FROM users WHERE tenant_id = $1`)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// configure changes the tenant's sign-in experience.
func configure(t *testing.T, app *apptest.App, change func(s *signinexp.Settings)) {
	t.Helper()
	settings, err := signinexp.Get(t.Context(), app.DB())
	if err != nil {
		t.Fatal(err)
	}
	change(settings)
	inTx(t, app, func(tx *db.Tx) error {
		if _, err := tx.Exec(t.Context(), `DELETE FROM sign_in_experiences WHERE tenant_id = $1`); err != nil {
			return err
		}
		if err := signinexp.Insert(t.Context(), tx, app.Clock.Now().UnixMilli(), settings); err != nil {
			return err
		}
		return tx.Touch(t.Context(), "experience")
	})
}
