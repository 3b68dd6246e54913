package authorize

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"signet/internal/platform/crypt"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// The cookies of the authorization endpoint, before the tenant's suffix.
const (
	// CookieSession holds the session's secret.
	CookieSession = "_session"
	// CookieInteraction maps client ids to interactions, so that several
	// applications can sign in side by side.
	CookieInteraction = "_interaction"
	// CookieResume binds the continuation of one interaction to the browser
	// that began it.
	CookieResume = "_interaction_resume"
	// CookieContext tells the pages' scripts for whom they work; it is not secret.
	CookieContext = "_logto"
	// CookieOneTap hands a Google One Tap credential to the page.
	CookieOneTap = "_logto_google_one_tap_credential"
)

const oneTapLife = 10 * time.Second

type keysContext struct{}

// SignedCookies lets the handlers behind it read and write signed cookies. An
// interaction's name also stands in a URL, which logs and histories keep; the
// signature is what makes the cookie more than that name.
func SignedCookies(keys *crypt.Keyring) web.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), keysContext{}, keys)))
		})
	}
}

func signature(ctx context.Context, name, value string) string {
	keys, ok := ctx.Value(keysContext{}).(*crypt.Keyring)
	if !ok {
		panic("authorize: the request did not pass SignedCookies")
	}
	return base64.RawURLEncoding.EncodeToString(keys.MAC("cookie", tenant.From(ctx).ID, name, value))
}

// readCookie returns the value of a cookie whose signature is ours, else "".
func readCookie(r *http.Request, name string) string {
	full := tenant.From(r.Context()).Cookie(name)
	for _, c := range r.CookiesNamed(full) {
		want := []byte(signature(r.Context(), full, c.Value))
		for _, sig := range r.CookiesNamed(full + ".sig") {
			if crypt.Equal(want, []byte(sig.Value)) {
				return c.Value
			}
		}
	}
	return ""
}

// writeCookie sends c and its signature; a MaxAge below zero removes both.
func writeCookie(ctx context.Context, w http.ResponseWriter, c *http.Cookie) {
	sig := *c
	sig.Name = c.Name + ".sig"
	if c.MaxAge >= 0 {
		sig.Value = signature(ctx, c.Name, c.Value)
	}
	http.SetCookie(w, c)
	http.SetCookie(w, &sig)
}

// SessionCookie returns the session secret that the browser holds, "" if none.
func SessionCookie(r *http.Request) string { return readCookie(r, CookieSession) }

// SetSessionCookie gives the browser a session secret for ttl.
func SetSessionCookie(ctx context.Context, w http.ResponseWriter, secret string, ttl time.Duration) {
	c := tenant.From(ctx).NewCookie(CookieSession, secret, "/")
	c.MaxAge = int(ttl.Seconds())
	writeCookie(ctx, w, c)
}

// ClearSessionCookie takes the session secret from the browser.
func ClearSessionCookie(ctx context.Context, w http.ResponseWriter) {
	clearCookie(ctx, w, CookieSession, "/")
}

func clearCookie(ctx context.Context, w http.ResponseWriter, name, path string) {
	c := tenant.From(ctx).NewCookie(name, "", path)
	c.MaxAge = -1
	writeCookie(ctx, w, c)
}

// setInteractionCookies binds the browser to in: the map for the pages, the
// continuation's own cookie, and the context for scripts.
func setInteractionCookies(w http.ResponseWriter, r *http.Request, in *Interaction) {
	ctx := r.Context()
	t := tenant.From(ctx)
	flows := readFlows(r).with(in.ClientID, in.UID)
	c := t.NewCookie(CookieInteraction, flows.encode(), "/")
	c.MaxAge = int(TTL.Seconds())
	writeCookie(ctx, w, c)

	resume := t.NewCookie(CookieResume, in.UID, resumePath(in.UID))
	resume.MaxAge = int(TTL.Seconds())
	writeCookie(ctx, w, resume)

	setContextCookie(ctx, w, &in.Params)
}

// dropInteraction removes in from the browser's cookies.
func dropInteraction(w http.ResponseWriter, r *http.Request, in *Interaction) {
	ctx := r.Context()
	clearCookie(ctx, w, CookieResume, resumePath(in.UID))
	flows := readFlows(r).without(in.UID)
	if len(flows) == 0 {
		clearCookie(ctx, w, CookieInteraction, "/")
		return
	}
	c := tenant.From(ctx).NewCookie(CookieInteraction, flows.encode(), "/")
	c.MaxAge = int(TTL.Seconds())
	writeCookie(ctx, w, c)
}

// pageContext is the content of CookieContext.
type pageContext struct {
	AppID          string `json:"appId,omitempty"`
	OrganizationID string `json:"organizationId,omitempty"`
	UILocales      string `json:"uiLocales,omitempty"`
}

func setContextCookie(ctx context.Context, w http.ResponseWriter, p *Params) {
	raw, err := json.Marshal(pageContext{AppID: p.ClientID, OrganizationID: p.OrganizationID, UILocales: p.UILocales})
	if err != nil {
		return // three strings always encode
	}
	c := tenant.From(ctx).NewCookie(CookieContext, "", "/")
	c.HttpOnly = false
	writeText(ctx, w, c, cookieText(raw))
}

func setOneTapCookie(ctx context.Context, w http.ResponseWriter, credential string) {
	c := tenant.From(ctx).NewCookie(CookieOneTap, url.QueryEscape(credential), "/")
	c.HttpOnly = false
	c.MaxAge = int(oneTapLife.Seconds())
	writeCookie(ctx, w, c)
}

// writeText is writeCookie for a value that holds quotation marks, which
// net/http would drop; scripts parse it as JSON as it is.
func writeText(ctx context.Context, w http.ResponseWriter, c *http.Cookie, value string) {
	const placeholder = "value"
	c.Value = placeholder
	line := c.String()
	w.Header().Add("Set-Cookie", strings.Replace(line, "="+placeholder, "="+value, 1))
	sig := *c
	sig.Name, sig.Value = c.Name+".sig", signature(ctx, c.Name, value)
	http.SetCookie(w, &sig)
}

// cookieText writes JSON with the octets alone that a cookie may carry (RFC
// 6265 section 4.1.1), but for the quotation marks and commas of JSON itself.
func cookieText(raw []byte) string {
	var out strings.Builder
	for _, r := range string(raw) {
		if r == ';' || r <= ' ' || r >= 0x7f {
			out.WriteString(escapeRune(r))
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}
