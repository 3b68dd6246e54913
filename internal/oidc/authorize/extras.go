package authorize

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"signet/internal/oidc/proto"
)

// Extras are the request parameters beyond OpenID Connect that choose and
// prepare the page.
type Extras struct {
	FirstScreen     string `json:"first_screen,omitempty"`
	InteractionMode string `json:"interaction_mode,omitempty"`
	DirectSignIn    string `json:"direct_sign_in,omitempty"`
	OrganizationID  string `json:"organization_id,omitempty"`
	Identifier      string `json:"identifier,omitempty"`
	// OneTimeToken and GoogleOneTapCredential go to the page at once. Each is good for
	// a sign-in by itself, so they are not stored.
	OneTimeToken           string `json:"-"`
	GoogleOneTapCredential string `json:"-"`
}

const (
	paramOneTimeToken = "one_time_token"
	paramGoogleOneTap = "google_one_tap_credential"
)

// pages maps first_screen to the page that comes first.
var pages = map[string]string{
	"":                    "/sign-in",
	"sign_in":             "/sign-in",
	"signIn":              "/sign-in",
	"register":            "/register",
	"reset_password":      "/reset-password",
	"identifier:sign_in":  "/identifier-sign-in",
	"identifier:register": "/identifier-register",
	"single_sign_on":      "/single-sign-on",
}

// identifierTypes are the members that "identifier" may have.
var identifierTypes = []string{"username", "email", "phone"}

func readExtras(p proto.Params) Extras {
	return Extras{
		FirstScreen: p.Get("first_screen"), InteractionMode: p.Get("interaction_mode"),
		DirectSignIn: p.Get("direct_sign_in"), OrganizationID: p.Get("organization_id"),
		Identifier: p.Get("identifier"), OneTimeToken: p.Get(paramOneTimeToken),
		GoogleOneTapCredential: p.Get(paramGoogleOneTap),
	}
}

// valid reports whether every extra parameter has a value that it may have.
func (e *Extras) valid() bool {
	if _, ok := pages[e.FirstScreen]; !ok {
		return false
	}
	if !slices.Contains([]string{"", "signIn", "signUp"}, e.InteractionMode) {
		return false
	}
	if _, _, ok := e.direct(); e.DirectSignIn != "" && !ok {
		return false
	}
	for _, kind := range strings.Fields(e.Identifier) {
		if !slices.Contains(identifierTypes, kind) {
			return false
		}
	}
	return true
}

// direct returns the method and target of direct_sign_in, "social:github".
func (e *Extras) direct() (method, target string, ok bool) {
	method, target, _ = strings.Cut(e.DirectSignIn, ":")
	return method, target, (method == "social" || method == "sso") && target != ""
}

// signInPage returns the page, relative to the endpoint, on which the person
// signs in. One unusable extra parameter makes all of them count for nothing.
func (p *Params) signInPage() string {
	extras, hint, locales := p.Extras, p.LoginHint, p.UILocales
	if !extras.valid() {
		extras, hint, locales = Extras{}, "", ""
	}
	page := pages[extras.FirstScreen]
	if extras.FirstScreen == "" && extras.InteractionMode == "signUp" {
		page = "/register"
	}
	query := orderedQuery{}
	query.add("app_id", p.ClientID)
	query.add("organization_id", extras.OrganizationID)
	query.add("ui_locales", locales)
	query.add(paramOneTimeToken, extras.OneTimeToken)
	query.add("login_hint", hint)
	query.add("identifier", extras.Identifier)
	method, target, direct := extras.direct()
	if !direct && extras.GoogleOneTapCredential != "" {
		method, target, direct = "social", "google", true
	}
	if direct {
		query.add("fallback", strings.TrimPrefix(page, "/"))
		page = "/direct/" + method + "/" + url.PathEscape(target)
	}
	return page + query.encode()
}

// consentPage returns the page, relative to the endpoint, that decides about
// consent.
func (p *Params) consentPage() string {
	query := orderedQuery{}
	query.add("app_id", p.ClientID)
	return "/consent" + query.encode()
}

// stepUpPage returns the page, relative to the endpoint, that asks somebody who
// is signed in for a key, whatever page the request would begin with.
func (p *Params) stepUpPage() string {
	query := orderedQuery{}
	query.add("app_id", p.ClientID)
	query.add("ui_locales", p.UILocales)
	return "/sign-in" + query.encode()
}

// Again returns the request, relative to the endpoint, for another account; "" if
// this browser cannot repeat it: it came from a device, or the client alone may
// make it.
func (p *Params) Again() string {
	if p.Device != nil || p.IsClientsOwn {
		return ""
	}
	query := orderedQuery{}
	for _, parameter := range [][2]string{
		{"client_id", p.ClientID}, {"redirect_uri", p.RedirectURI}, {"response_type", p.ResponseType}, {"response_mode", p.ResponseMode},
		{"scope", p.Scope}, {"resource", strings.Join(p.Resources, ",")}, {"state", p.State}, {"nonce", p.Nonce},
		{"code_challenge", p.CodeChallenge}, {ParamKey, p.KeyThumbprint}, {"acr_values", proto.JoinScope(p.Classes)},
		{"ui_locales", p.UILocales}, {"organization_id", p.OrganizationID},
		{"prompt", PromptLogin + " " + PromptConsent},
	} {
		query.add(parameter[0], parameter[1])
	}
	if p.MaxAge != nil {
		query.add("max_age", strconv.FormatInt(*p.MaxAge, 10))
	}
	if p.CodeChallenge != "" {
		query.add("code_challenge_method", proto.CodeChallengeMethod)
	}
	return proto.PathAuthorization + query.encode()
}

// orderedQuery is a query string in the order of its making; url.Values sorts.
type orderedQuery []string

func (q *orderedQuery) add(name, value string) {
	if value != "" {
		*q = append(*q, name+"="+url.QueryEscape(value))
	}
}

func (q orderedQuery) encode() string {
	if len(q) == 0 {
		return ""
	}
	return "?" + strings.Join(q, "&")
}
