package conformance_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/tenant"
	"signet/internal/user"
)

const (
	username = "robin"
	nonce    = "n-0S6_WzA2Mj"
	state    = "af0ifjsldkj"
)

// plan is what the operator of the suite configures once for all modules of a
// plan: an issuer with an RSA key, two clients with secrets, and a user of whom
// everything is known.
type plan struct {
	app *apptest.App
	// mode is the response_mode of every request, "" for none.
	mode           string
	party          *party
	client, second *apptest.Client
	user           *user.User
}

// prepare configures a plan. change adjusts what the clients register.
func prepare(t *testing.T, app *apptest.App, mode string, change ...func(*party, *application.ClientMetadata)) *plan {
	t.Helper()
	p := &plan{app: app, mode: mode, party: listen(t)}
	app.Operator(t).Want(http.StatusOK, "POST", "/api/configs/oidc/additional-keys", `{"algorithm":"RS256"}`)
	metadata := application.ClientMetadata{RedirectURIs: []string{p.party.callback()}}
	for _, c := range change {
		c(p.party, &metadata)
	}
	for _, c := range []**apptest.Client{&p.client, &p.second} {
		*c = app.CreateApp(t, application.Application{
			Type: application.Traditional, OIDC: metadata,
			Custom: application.CustomMetadata{IDTokenSignedResponseAlg: "RS256"},
		})
	}
	p.user = app.CreateUserIn(t, tenant.Default, username, func(n *user.New) {
		n.Name, n.Avatar = "Robin Tide", "https://robin.example.com/me.png"
		n.PrimaryEmail, n.PrimaryPhone = "robin@example.com", "15550100"
		n.Profile = user.Profile{
			FamilyName: new("Tide"), GivenName: new("Robin"), MiddleName: new("Q"), Nickname: new("Rob"), PreferredUsername: new("rob"),
			Profile: new("https://robin.example.com"), Website: new("https://robin.example.com/blog"), Gender: new("other"),
			Birthdate: new("1990-02-03"), Zoneinfo: new("Europe/Berlin"), Locale: new("de-DE"),
			Address: &user.Address{Formatted: new("1 Quay, Hamburg"), StreetAddress: new("1 Quay"), Locality: new("Hamburg"), Country: new("DE")},
		}
	})
	return p
}

// party is the server of the suite: where the provider sends browsers back, and
// whom it tells that somebody has signed out.
type party struct {
	*httptest.Server

	mu      sync.Mutex
	visits  map[string][]visit // by path
	content map[string]string  // of what it shows, by path
	logouts chan visit
}

// visit is a request that the party has got.
type visit struct {
	method string
	query  url.Values // of the URL
	body   url.Values
}

// Addresses of the party.
const (
	pathCallback    = "/callback"
	pathSignedOut   = "/signed-out"
	pathBackchannel = "/backchannel"
	pathRequest     = "/request.jwt"
)

func listen(t *testing.T) *party {
	t.Helper()
	p := &party{visits: map[string][]visit{}, content: map[string]string{pathCallback: "back at the suite"}, logouts: make(chan visit, 10)}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := visit{method: r.Method, query: r.URL.Query()}
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		got.body = r.PostForm
		switch r.URL.Path {
		case pathCallback, pathSignedOut, pathRequest:
			p.mu.Lock()
			defer p.mu.Unlock()
			p.visits[r.URL.Path] = append(p.visits[r.URL.Path], got)
			_, _ = fmt.Fprint(w, p.content[r.URL.Path])
		case pathBackchannel:
			p.logouts <- got
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *party) callback() string { return p.URL + pathCallback }

// show has the party answer with content at a path.
func (p *party) show(path, content string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.content[path] = content
}

// take returns the visits of a path since the last call.
func (p *party) take(path string) []visit {
	p.mu.Lock()
	defer p.mu.Unlock()
	visits := p.visits[path]
	delete(p.visits, path)
	return visits
}

// run is one run of one module, with a browser that has no cookies yet and knows
// no JavaScript.
type run struct {
	*plan
	*testing.T
	browser *apptest.Browser
	// forms counts the sign-in forms that the browser was shown.
	forms int
	// shown is the sign-in page that was shown last.
	shown *apptest.Answer
}

func (p *plan) start(t *testing.T) *run {
	t.Helper()
	b := p.app.Browser(t)
	b.Header.Set("Accept", "text/html")
	p.party.take(pathCallback)
	p.party.take(pathSignedOut)
	return &run{plan: p, T: t, browser: b}
}

// request are the parameters of an authorization request of the first client, as
// the suite makes it. pairs change parameters; an empty value removes one.
func (r *run) request(pairs ...string) url.Values {
	query := url.Values{
		"client_id": {r.client.ID}, "redirect_uri": {r.party.callback()}, "response_type": {"code"}, "scope": {"openid"},
		"state": {state}, "nonce": {nonce},
	}
	if r.mode != "" {
		query.Set("response_mode", r.mode)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			query.Del(pairs[i])
		}
	}
	return query
}

// visit sends the browser to the authorization endpoint and does what the pages
// ask for until it has come back to the party, or to a page where nothing can be
// done, whose text it returns.
func (r *run) visit(pairs ...string) *apptest.Answer {
	r.Helper()
	return r.walk(r.browser.Visit("/oidc/auth?" + r.request(pairs...).Encode()))
}

// walk goes on from a page as visit does.
func (r *run) walk(page *apptest.Answer) *apptest.Answer {
	r.Helper()
	for range 6 {
		switch {
		case strings.HasPrefix(page.Request.URL.String(), r.party.URL):
			return page
		case strings.Contains(page.Text, `name="password"`):
			r.forms++
			r.shown = page
			page = r.browser.Then(r.browser.Send(page, "identifier", username, "password", apptest.Password))
		case strings.Contains(page.Text, `action="`+r.party.callback()+`"`):
			r.checkFormPost(page)
			page = r.browser.Send(page) // by its button: scripts do not run here
		default:
			return page
		}
	}
	r.Fatalf("the pages go on without end, last at %s", page.Request.URL)
	return nil
}

var autoSubmit = regexp.MustCompile(`<script nonce="([^"]+)">document\.forms\[0\]\.submit\(\)</script>`)

// checkFormPost looks at the page that carries a response by POST (OAuth 2.0 Form
// Post Response Mode section 2): it sends itself, which the policy permits, and
// has a button for browsers that run no script.
func (r *run) checkFormPost(page *apptest.Answer) {
	r.Helper()
	script := autoSubmit.FindStringSubmatch(page.Text)
	policy := page.Header.Get("Content-Security-Policy")
	switch {
	case r.mode != "form_post":
		r.Errorf("a form though the response mode is %q", r.mode)
	case page.StatusCode != http.StatusOK || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html"):
		r.Errorf("the form is a %d %s", page.StatusCode, page.Header.Get("Content-Type"))
	case page.Header.Get("Cache-Control") != "no-store":
		r.Errorf("the form may be kept: %q", page.Header.Get("Cache-Control"))
	case !strings.Contains(page.Text, `<form method="post"`), !strings.Contains(page.Text, `<button type="submit">`):
		r.Errorf("no form with a button: %s", page.Text)
	case script == nil:
		r.Errorf("the form does not send itself: %s", page.Text)
	case !strings.Contains(policy, "'nonce-"+html.UnescapeString(script[1])+"'"), strings.Contains(policy, "form-action"):
		r.Errorf("the policy stops the form: %s", policy)
	}
}

// response returns the one authorization response that the party has got: by the
// response mode that was asked for, with the state, and from the issuer.
func (r *run) response() url.Values {
	r.Helper()
	answers := r.party.take(pathCallback)
	if len(answers) != 1 {
		r.Fatalf("%d responses: %+v", len(answers), answers)
	}
	got, method, rest := answers[0].query, http.MethodGet, answers[0].body
	if r.mode == "form_post" {
		got, method, rest = answers[0].body, http.MethodPost, answers[0].query
	}
	if answers[0].method != method || len(rest) != 0 {
		r.Fatalf("came by %+v", answers[0])
	}
	for name, want := range map[string]string{"state": state, "iss": r.app.URL + "/oidc"} {
		if values := got[name]; len(values) != 1 || values[0] != want {
			r.Errorf("the response has the %s %q", name, values)
		}
	}
	return got
}

// code sends the browser for a code, which it must bring.
func (r *run) code(pairs ...string) string {
	r.Helper()
	end := r.visit(pairs...)
	return r.brought(end)
}

// brought returns the code of a walk that ended at the party.
func (r *run) brought(end *apptest.Answer) string {
	r.Helper()
	if !strings.HasPrefix(end.Request.URL.String(), r.party.callback()) {
		r.Fatalf("the browser is at %s: %d %s", end.Request.URL, end.StatusCode, end.Text)
	}
	got := r.response()
	if code := got.Get("code"); code != "" && !got.Has("error") {
		return code
	}
	r.Fatalf("no code: %v", got)
	return ""
}

// refusal sends the browser for an error, which it must bring without being shown
// any page, and returns the code of the error.
func (r *run) refusal(pairs ...string) string {
	r.Helper()
	before := r.forms
	end := r.visit(pairs...)
	if !strings.HasPrefix(end.Request.URL.String(), r.party.callback()) || r.forms != before {
		r.Fatalf("the browser is at %s after %d pages: %d %s", end.Request.URL, r.forms-before, end.StatusCode, end.Text)
	}
	got := r.response()
	if got.Has("code") || got.Get("error") == "" {
		r.Fatalf("no error: %v", got)
	}
	return got.Get("error")
}

// stopped sends the browser to the authorization endpoint, which must show it an
// error rather than send it anywhere.
func (r *run) stopped(pairs ...string) {
	r.Helper()
	end := r.visit(pairs...)
	if end.StatusCode != http.StatusBadRequest || end.Request.URL.Path != "/oidc/auth" || r.forms != 0 {
		r.Errorf("the browser is at %s: %d %s", end.Request.URL, end.StatusCode, end.Text)
	}
	if answers := r.party.take(pathCallback); len(answers) != 0 {
		r.Errorf("the party was told %+v", answers)
	}
}

// asked fails the test unless the browser was shown the sign-in form this often.
func (r *run) asked(times int) {
	r.Helper()
	if r.forms != times {
		r.Errorf("the sign-in form was shown %d times, want %d", r.forms, times)
	}
}
