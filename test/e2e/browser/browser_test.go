package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"signet/test/e2e/browser"
)

func TestMain(m *testing.M) { browser.Main(m) }

const page = `<!doctype html><html lang="en"><head><title>Trial</title></head><body>
<h1>Trial page</h1>
<form method="post" action="/sent">
  <label for="name">Your name</label> <input id="name" name="name" value="old">
  <button>Send</button>
</form>
<ul>
  <li><p id="a">Blue key</p> <a href="/renamed/blue" aria-describedby="a">Rename</a></li>
  <li><p id="b">Red key</p> <a href="/renamed/red" aria-describedby="b">Rename</a></li>
</ul>
<button id="hidden" style="display:none">Hidden</button>
<button type="button" id="create">Create</button> <p role="status" id="status"></p>
<script src="/script.js"></script></body></html>`

const script = `
const b = new Uint8Array(32);
document.querySelector('#create').addEventListener('click', async () => {
  const status = document.querySelector('#status');
  status.textContent = 'waiting';
  try {
    const made = await navigator.credentials.create({ publicKey: {
      challenge: b, rp: { id: 'localhost', name: 'Trial' },
      user: { id: b, name: 'u', displayName: 'U' }, timeout: 60000,
      pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
      authenticatorSelection: { userVerification: 'required', residentKey: 'required' } } });
    const got = await navigator.credentials.get({ publicKey: {
      challenge: b, rpId: 'localhost', allowCredentials: [{ type: 'public-key', id: made.rawId }], userVerification: 'required' } });
    status.textContent = 'proved ' + (got.id === made.id);
  } catch (e) { status.textContent = e.name; }
});`

// setup serves the trial page on a host name: WebAuthn knows no bare addresses.
func setup(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, page) })
	mux.HandleFunc("GET /script.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, script)
	})
	mux.HandleFunc("POST /sent", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<h1>Hello %s</h1><p>%s", r.FormValue("name"), r.Header.Get("Accept-Language"))
	})
	mux.HandleFunc("GET /leave", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "form-action "+r.URL.Query().Get("to"))
		fmt.Fprint(w, `<form method="post"><button>Leave</button></form>`)
	})
	mux.HandleFunc("POST /leave", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "io.trial.app://callback?code=1", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /renamed/{key}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<h1>Renamed %s</h1>", r.PathValue("key"))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

func TestPage_UsesFormsByTheirWords(t *testing.T) {
	t.Parallel()
	url := setup(t)
	for _, noScript := range []bool{false, true} {
		p := browser.New(t, browser.Options{NoScript: noScript, Language: "de"})
		p.Open(url)
		p.Heading("Trial page")
		if got := p.Value("Your name"); got != "old" {
			t.Errorf("value %q", got)
		}
		p.Fill("Your name", "Ada")
		p.Click("Send")
		p.Heading("Hello Ada")
		p.Sees("de")
		p.Lacks("Trial")
		p.AtURL(url + "/sent")
	}
}

func TestPage_TellsRowsApart(t *testing.T) {
	t.Parallel()
	p := browser.New(t, browser.Options{})
	p.Open(setup(t))
	p.Click("Rename", "Red key")
	p.Heading("Renamed red")
	if p.Offers("Hidden") {
		t.Error("a hidden button is offered")
	}
}

func TestKey_ProvesItself(t *testing.T) {
	t.Parallel()
	p := browser.New(t, browser.Options{})
	p.Open(setup(t))
	key := p.PlugIn(browser.KeyOptions{})
	p.Click("Create")
	p.Sees("proved true")
	if n := len(key.Credentials()); n != 1 {
		t.Errorf("the key holds %d credentials", n)
	}
}

func TestKey_HoldsWhatAnotherKeyHeld(t *testing.T) {
	t.Parallel()
	p := browser.New(t, browser.Options{})
	p.Open(setup(t))
	first := p.PlugIn(browser.KeyOptions{})
	p.Click("Create")
	p.Sees("proved true")
	held := first.Credentials()
	first.Unplug()
	second := p.PlugIn(browser.KeyOptions{})
	second.Hold(held...)
	if got := second.Credentials(); len(got) != 1 || string(got[0].CredentialID) != string(held[0].CredentialID) {
		t.Errorf("the second key holds %d credentials", len(got))
	}
}

func TestKey_WaitsForTouch(t *testing.T) {
	t.Parallel()
	p := browser.New(t, browser.Options{})
	p.Open(setup(t))
	key := p.PlugIn(browser.KeyOptions{NoTouch: true})
	p.Click("Create")
	p.Sees("waiting")
	if n := len(key.Credentials()); n != 0 {
		t.Errorf("untouched, the key made %d credentials", n)
	}
}

func TestKey_WithoutPINOrWithAWrongOneIsRefused(t *testing.T) {
	t.Parallel()
	url := setup(t)
	for _, o := range []browser.KeyOptions{{NoPIN: true}, {WrongPIN: true}} {
		p := browser.New(t, browser.Options{})
		p.Open(url)
		p.PlugIn(o)
		p.Click("Create")
		p.Sees("NotAllowedError")
	}
}

func TestPage_LeavesForACustomScheme(t *testing.T) {
	t.Parallel()
	p := browser.New(t, browser.Options{})
	left := p.Leaves("io.trial.app:")
	p.Open(setup(t) + "/leave?to='self'+io.trial.app:")
	p.Click("Leave")
	if to := left(); to != "io.trial.app://callback?code=1" {
		t.Errorf("left for %q", to)
	}
}

// The policy that forgets the redirect is the defect that Leaves is for.
func TestPage_ComplainsWhenThePolicyBlocksTheRedirect(t *testing.T) {
	t.Parallel()
	p := browser.New(t, browser.Options{})
	p.Open(setup(t) + "/leave?to='self'")
	p.Click("Leave")
	if complaint := p.Complaint(); !strings.Contains(complaint, "form-action") {
		t.Errorf("complaint %q", complaint)
	}
}
