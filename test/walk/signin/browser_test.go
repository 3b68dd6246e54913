package signin_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"signet/internal/apptest"
	"signet/internal/oidc/authorize"
)

// jar keeps cookies by name and path and ignores their life: a browser may hold on
// to what it should have forgotten.
type jar struct {
	mu      sync.Mutex
	cookies map[string]*http.Cookie
}

func newJar() *jar { return &jar{cookies: map[string]*http.Cookie{}} }

// SetCookies implements http.CookieJar.
func (j *jar) SetCookies(_ *url.URL, cookies []*http.Cookie) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range cookies {
		if key := c.Path + " " + c.Name; c.MaxAge < 0 {
			delete(j.cookies, key)
		} else {
			j.cookies[key] = c
		}
	}
}

// Cookies implements http.CookieJar.
func (j *jar) Cookies(u *url.URL) []*http.Cookie {
	j.mu.Lock()
	defer j.mu.Unlock()
	var sent []*http.Cookie
	for _, c := range j.cookies {
		if c.Path == "/" || u.Path == c.Path || strings.HasPrefix(u.Path, c.Path+"/") {
			sent = append(sent, &http.Cookie{Name: c.Name, Value: c.Value, Quoted: c.Quoted})
		}
	}
	return sent
}

func (j *jar) copy() *jar { return &jar{cookies: maps.Clone(j.cookies)} }

func (j *jar) value(path, name string) string {
	if c := j.cookies[path+" "+name]; c != nil {
		return c.Value
	}
	return ""
}

// browser is one person's browser, and what a patient attacker notes down of what it
// has seen.
type browser struct {
	*apptest.Browser

	name string
	jar  *jar
	// before are the cookies that it had earlier, for the button that goes back.
	before []*jar
	// next is the operation that a user interface would do now, "" if there is none.
	next string
	// named is the application that calls of the Experience API name; nil if none is.
	named *apptest.Client
	// typed is whose name and password are typed in.
	typed identity
	// record is the id of the last proof or ceremony, options what it was begun with.
	record  string
	options json.RawMessage
	// answer is what the key has answered to options.
	answer *keyAnswer
	// redirect is where the interaction, once finished, goes on.
	redirect string
	code     *code
	token    *tokens
}

type identity struct{ name, password string }

func newBrowser(t testing.TB, app *apptest.App, name string) *browser {
	b := &browser{Browser: app.Browser(t), name: name, jar: newJar()}
	b.Client.Jar = b.jar
	return b
}

// remember notes the cookies of now.
func (b *browser) remember() { b.before = append(b.before, b.jar.copy()) }

// restore takes the cookies of an earlier moment.
func (b *browser) restore(j *jar) {
	b.jar = j.copy()
	b.Client.Jar = b.jar
}

// secret is the session's cookie, "" if there is none.
func (b *browser) secret() string { return b.jar.value("/", authorize.CookieSession) }

// flows are the interactions that the browser takes part in, by client.
func (b *browser) flows() map[string]string {
	text, err := url.PathUnescape(b.jar.value("/", authorize.CookieInteraction))
	if err != nil {
		return nil
	}
	flows := map[string]string{}
	if json.Unmarshal([]byte(text), &flows) != nil {
		return nil
	}
	return flows
}

// interaction is the one that a call of the Experience API concerns.
func (b *browser) interaction() string {
	if b.named != nil {
		return b.flows()[b.named.ID]
	}
	return b.flows()["_legacy"]
}
