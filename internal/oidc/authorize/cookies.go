package authorize

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/ids"
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
	// CookieDevice holds what the form of a user code must repeat: readable for the
	// pages' scripts, and once more, out of their reach, for the endpoint.
	CookieDevice = "_logto_device_flow_xsrf"
	// CookieOneTap hands a Google One Tap credential to the page.
	CookieOneTap = "_logto_google_one_tap_credential"
)

const oneTapLife = 10 * time.Second

// maxSameCookies bounds the work for a request with many cookies of one name;
// a browser sends one for each path that it knows.
const maxSameCookies = 4

type keysContext struct{}

// SignedCookies lets the handlers behind it read and write signed cookies. An
// interaction's name also stands in a URL, which logs and histories keep; the
// signature is what makes the cookie more than that name.
func SignedCookies(keys *token.Keys) web.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			set, err := keys.Set(r.Context(), tenant.From(r.Context()).DB)
			if err != nil {
				web.WriteError(w, r, err)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), keysContext{}, set)))
		})
	}
}

func cookieKeys(ctx context.Context) *token.KeySet {
	set, ok := ctx.Value(keysContext{}).(*token.KeySet)
	if !ok {
		panic("authorize: the request did not pass SignedCookies")
	}
	return set
}

// readCookie returns the value of a cookie whose signature is ours, else "".
func readCookie(r *http.Request, name string) string {
	full := tenant.From(r.Context()).Cookie(name)
	values, signatures := r.CookiesNamed(full), r.CookiesNamed(full+".sig")
	if len(values) > maxSameCookies || len(signatures) > maxSameCookies {
		return ""
	}
	keys := cookieKeys(r.Context())
	for _, c := range values {
		for _, sig := range signatures {
			if keys.VerifyCookie(full, c.Value, sig.Value) {
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
		sig.Value = cookieKeys(ctx).SignCookie(c.Name, c.Value)
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

// writeFlows binds the browser to the interaction that has begun and frees it
// from the one that has ended; either may be nil.
func writeFlows(w http.ResponseWriter, r *http.Request, begun, ended *Interaction) {
	if begun == nil && ended == nil {
		return
	}
	ctx := r.Context()
	t := tenant.From(ctx)
	open := readFlows(r)
	if ended != nil {
		open = open.without(ended.UID)
		clearCookie(ctx, w, CookieResume, ended.resumePath())
	}
	if begun != nil {
		open = open.with(begun.ClientID, begun.UID)
		resume := t.NewCookie(CookieResume, begun.UID, begun.resumePath())
		resume.MaxAge = int(TTL.Seconds())
		writeCookie(ctx, w, resume)
		setContextCookie(ctx, w, &begun.Params)
		if credential := begun.Params.GoogleOneTapCredential; credential != "" && begun.Prompt == PromptLogin {
			setOneTapCookie(ctx, w, credential)
		}
	}
	if len(open) == 0 {
		clearCookie(ctx, w, CookieInteraction, "/")
		return
	}
	c := t.NewCookie(CookieInteraction, open.encode(), "/")
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
	sig.Name, sig.Value = c.Name+".sig", cookieKeys(ctx).SignCookie(c.Name, value)
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

// DeviceXSRF returns the value that the form of a user code must repeat, "" if
// this browser was given none.
func DeviceXSRF(r *http.Request) string { return readCookie(r, CookieDevice) }

// SetDeviceCookies gives the browser the value for forms of user codes, the one
// that it has if it has one, so that forms in other tabs stay good. p, if not
// nil, is for whom the pages work.
func SetDeviceCookies(w http.ResponseWriter, r *http.Request, p *Params) {
	ctx, value := r.Context(), DeviceXSRF(r)
	if value == "" {
		value = ids.Token()
	}
	for _, path := range []string{PathDevicePage, proto.PathDevice} {
		c := tenant.From(ctx).NewCookie(CookieDevice, value, path)
		c.MaxAge, c.HttpOnly = int(token.DeviceTTL.Seconds()), path != PathDevicePage
		writeCookie(ctx, w, c)
	}
	if p != nil {
		setContextCookie(ctx, w, p)
	}
}
