// Package customui serves a user interface for signing in that an operator
// uploaded, in place of our own pages. It is somebody else's program in our
// origin, so it is served for people who sign in alone: never for the admin
// tenant, and not where operators sign in at the same origin.
package customui

import (
	"log/slog"
	"net/http"
	"os"
	"path"
	"strings"
	"time"

	"signet/internal/asset"
	"signet/internal/platform/web"
	"signet/internal/signinexp"
	"signet/internal/tenant"
)

// Pages serves uploaded user interfaces.
type Pages struct {
	Experience *signinexp.Cache
	Disk       *asset.Disk
	// Apart says that operators sign in at an origin of their own.
	Apart bool
	// AdminOrigin may show the interface in a frame: operators look at it.
	AdminOrigin string
	// OnError renders what goes wrong.
	OnError web.ErrorWriter
}

// ours are the paths whose first segment says that an uploaded interface has no
// part in them. Consent is among them: it is given here, without a page where
// none is needed. So are devices: that people see which application asks is what
// protects them from a code that somebody sent them.
var ours = map[string]bool{
	"consent": true, "device": true, "api": true, "oidc": true, ".well-known": true, "account": true, "console": true, "demo-app": true, "setup": true, "user-assets": true,
}

// In front of next, Middleware answers what the tenant's interface has an answer
// to.
func (p *Pages) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := tenant.From(r.Context())
		if !p.Apart || t.ID == tenant.Admin || r.Method != http.MethodGet && r.Method != http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		if top, _, _ := strings.Cut(name, "/"); ours[top] {
			next.ServeHTTP(w, r)
			return
		}
		settings, err := p.Experience.Get(r.Context(), t.DB)
		if err != nil {
			p.OnError(w, r, err)
			return
		}
		if settings.CustomUIAssets == nil || !p.serve(w, r, settings.CustomUIAssets.ID, name) {
			next.ServeHTTP(w, r)
		}
	})
}

// serve answers with a file of the interface: the one of that name if the name
// has a dot in its last segment, else the index, whose program looks at the path.
// It reports false if we have to answer.
func (p *Pages) serve(w http.ResponseWriter, r *http.Request, id, name string) bool {
	t := tenant.From(r.Context())
	isFile := strings.Contains(path.Base(name), ".") && name != ""
	if !isFile {
		name = "index.html"
	}
	file, err := p.Disk.BundleFile(t.ID, id, name)
	switch {
	case err == nil:
	case isFile && strings.HasPrefix(name, "assets/"):
		return false // our own pages, those of the account above all, have theirs there
	case isFile:
		p.OnError(w, r, err)
		return true
	default:
		// People must be able to sign in all the same.
		slog.ErrorContext(r.Context(), "the uploaded user interface is gone: our own pages are shown",
			"request_id", web.Info(r.Context()).ID, "tenant", t.ID, "id", id, "error", err)
		return false
	}
	defer func() { _ = file.Close() }()
	p.send(w, r, file, id, name)
	return true
}

func (p *Pages) send(w http.ResponseWriter, r *http.Request, file *os.File, id, name string) {
	h, contentType := w.Header(), typeOf(name)
	h.Set("Content-Type", contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	// The next interface has the same paths.
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", `"`+id+`"`)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if strings.HasPrefix(contentType, "text/html") {
		h.Set("Content-Security-Policy", p.policy())
		h.Del("X-Frame-Options") // frame-ancestors says the same and more
	}
	http.ServeContent(w, r, "", time.Time{}, file)
}

// policy is what an uploaded interface may do (CSP level 3): its own files, the
// API at its own origin, and the captchas and buttons that need foreign scripts.
func (p *Pages) policy() string {
	const (
		google    = "https://accounts.google.com/gsi/"
		turnstile = "https://challenges.cloudflare.com"
		recaptcha = "https://www.google.com/recaptcha/ https://www.gstatic.com/recaptcha/ https://www.recaptcha.net/recaptcha/"
	)
	return strings.Join([]string{
		"default-src 'self'",
		"base-uri 'self'",
		"object-src 'none'",
		"script-src 'self' 'unsafe-inline' 'unsafe-hashes' " + google + " " + turnstile + " " + recaptcha,
		"style-src 'self' 'unsafe-inline' https:",
		"img-src 'self' data: https: blob:",
		"font-src 'self' data: https:",
		"connect-src 'self' " + google + " " + recaptcha,
		"frame-src 'self' https:",
		"frame-ancestors 'self' " + p.AdminOrigin,
	}, "; ")
}

// types are the media types of the files of a user interface. The machine's own
// table would differ from one to the next.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8", ".json": "application/json; charset=utf-8", ".map": "application/json; charset=utf-8",
	".txt": "text/plain; charset=utf-8", ".webmanifest": "application/manifest+json", ".wasm": "application/wasm",
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
	".webp": "image/webp", ".avif": "image/avif", ".ico": "image/vnd.microsoft.icon",
	".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf", ".otf": "font/otf",
	".mp4": "video/mp4", ".webm": "video/webm", ".mp3": "audio/mpeg",
}

func typeOf(name string) string {
	if t, ok := types[strings.ToLower(path.Ext(name))]; ok {
		return t
	}
	return "application/octet-stream"
}
