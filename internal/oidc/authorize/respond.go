package authorize

import (
	"crypto/rand"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"signet/internal/oidc/proto"
	"signet/internal/platform/errs"
	"signet/internal/platform/i18n"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// Response modes (OAuth 2.0 Multiple Response Types section 2.1, Form Post
// Response Mode section 2).
const (
	ModeQuery    = "query"
	ModeFragment = "fragment"
	ModeFormPost = "form_post"
)

// answer is an authorization response: parameters in their order.
type answer []parameter

type parameter struct{ Name, Value string }

func (a *answer) add(name, value string) {
	if value != "" {
		*a = append(*a, parameter{name, value})
	}
}

// codeAnswer is the response of success; the issuer tells a client of several
// providers who is speaking (RFC 9207).
func codeAnswer(t *tenant.Tenant, p *Params, code string) answer {
	var a answer
	a.add("code", code)
	a.add("state", p.State)
	a.add("iss", t.Issuer())
	return a
}

func errorAnswer(t *tenant.Tenant, p *Params, e *errs.Error) answer {
	var a answer
	a.add("error", strings.TrimPrefix(e.Code, "oidc."))
	a.add("error_description", proto.Printable(e.Detail))
	a.add("state", p.State)
	a.add("iss", t.Issuer())
	return a
}

// send delivers a to the client's redirect URI in the response mode of p. The
// URI has been checked against the client's registration.
func (a answer) send(w http.ResponseWriter, r *http.Request, p *Params) error {
	if p.ResponseMode == ModeFormPost {
		return a.post(w, r, p.RedirectURI)
	}
	seeOther(w, a.target(p))
	return nil
}

// target is the URL that carries a in the response mode of p, "" if that is a form.
func (a answer) target(p *Params) string {
	switch p.ResponseMode {
	case ModeFormPost:
		return ""
	case ModeFragment:
		base, _, _ := strings.Cut(p.RedirectURI, "#")
		return base + "#" + a.encode()
	}
	return appendQuery(p.RedirectURI, a.encode())
}

func (a answer) encode() string {
	pairs := make([]string, len(a))
	for i, p := range a {
		pairs[i] = p.Name + "=" + url.QueryEscape(p.Value)
	}
	return strings.Join(pairs, "&")
}

func appendQuery(uri, query string) string {
	base, fragment, hasFragment := strings.Cut(uri, "#")
	separator := "?"
	if strings.Contains(base, "?") {
		separator = "&"
	}
	base += separator + query
	if hasFragment {
		base += "#" + fragment
	}
	return base
}

// seeOther redirects with 303, so that a browser turns a POST with credentials
// into a GET (RFC 9700 section 4.12). There is no body: nothing could be
// injected into it.
func seeOther(w http.ResponseWriter, location string) {
	noStore(w)
	w.Header().Set("Location", location)
	w.WriteHeader(http.StatusSeeOther)
}

func noStore(w http.ResponseWriter) { w.Header().Set("Cache-Control", "no-store") }

var formPost = template.Must(template.New("form_post").Parse(`<!doctype html>
<html lang="{{.Lang}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{.Title}}</title>
</head>
<body>
<form method="post" action="{{.Action}}">
{{- range .Fields}}
<input type="hidden" name="{{.Name}}" value="{{.Value}}">
{{- end}}
<button type="submit">{{.Button}}</button>
</form>
<script nonce="{{.Nonce}}">document.forms[0].submit()</script>
</body>
</html>
`))

// post sends a page whose form carries the response to the client; the button
// is for browsers without scripts. The policy names no form-action: browsers
// apply that to the client's own redirects after the POST as well.
func (a answer) post(w http.ResponseWriter, r *http.Request, action string) error {
	lang := i18n.Match(web.Info(r.Context()).Locales()...)
	nonce := pageNonce()
	noStore(w)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy",
		"default-src 'none'; script-src 'nonce-"+nonce+"'; base-uri 'none'; frame-ancestors 'none'")
	return formPost.Execute(w, map[string]any{
		"Lang": lang, "Title": i18n.T(lang, "authorize.form_post.title", nil),
		"Button": i18n.T(lang, "authorize.form_post.button", nil),
		// A client may register a scheme of its own; registration and the check
		// before this page refuse those that run script.
		"Action": template.URL(action), //nolint:gosec // checked against the client's registration
		"Fields": a, "Nonce": nonce,
	})
}

func pageNonce() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // crypto/rand.Read never returns an error
	return base64.RawStdEncoding.EncodeToString(raw[:])
}

// defaultMode is how a request without response_mode is answered: what might
// carry a token must not be in a query.
func defaultMode(responseType string) string {
	for part := range strings.FieldsSeq(responseType) {
		if part == "id_token" || part == "token" {
			return ModeFragment
		}
	}
	return ModeQuery
}
