// Package conformance_test runs what the OpenID Foundation's conformance suite
// runs: a test for each module of the plans with which a provider is certified,
// named after the module. A test does what the public description of its module
// says, from outside: over HTTP, with two clients of the plan's configuration,
// and with a browser that runs no JavaScript and signs in by the pages' forms.
//
// The plans are oidcc-basic-certification-test-plan and the same modules once more
// with response_mode=form_post, oidcc-formpost-basic-certification-test-plan;
// oidcc-config-, oidcc-rp-initiated-logout- and
// oidcc-backchannel-rp-initiated-logout-certification-test-plan.
//
// The names are those that the suite shows in public results. The suite is not
// here: passing is no certificate, only that nothing known stands in its way.
//
// In two things our claims are on purpose not those of OpenID Connect Core
// section 5.1, which no module here looks at: updated_at is in milliseconds, and
// the members of address are written like streetAddress.
package conformance_test

import (
	"testing"

	"signet/internal/apptest"
)

// module is a module of a plan, under its name there.
type module struct {
	name string
	run  func(r *run)
}

// basicModules are the modules of both basic plans, in their order.
var basicModules = []module{
	{"oidcc-server", codeFlow},
	{"oidcc-response-type-missing", responseTypeMissing},
	{"oidcc-idtoken-signature", idTokenSignature},
	{"oidcc-idtoken-unsigned", idTokenUnsigned},
	{"oidcc-userinfo-get", userinfoGet},
	{"oidcc-userinfo-post-header", userinfoPostHeader},
	{"oidcc-userinfo-post-body", userinfoPostBody},
	{"oidcc-ensure-request-without-nonce-succeeds-for-code-flow", withoutNonce},
	{"oidcc-scope-profile", scope("openid profile")},
	{"oidcc-scope-email", scope("openid email")},
	{"oidcc-scope-address", scope("openid address")},
	{"oidcc-scope-phone", scope("openid phone")},
	{"oidcc-scope-all", scope("openid profile email address phone")},
	{"oidcc-ensure-other-scope-order-succeeds", scope("email openid")},
	{"oidcc-display-page", asking("display", "page")},
	{"oidcc-display-popup", asking("display", "popup")},
	{"oidcc-prompt-login", promptLogin},
	{"oidcc-prompt-none-not-logged-in", promptNoneNotLoggedIn},
	{"oidcc-prompt-none-logged-in", promptNoneLoggedIn},
	{"oidcc-max-age-1", maxAge1},
	{"oidcc-max-age-10000", maxAge10000},
	{"oidcc-ensure-request-with-unknown-parameter-succeeds", asking("extra", "foobar")},
	{"oidcc-id-token-hint", idTokenHint},
	{"oidcc-login-hint", loginHint},
	{"oidcc-ui-locales", uiLocales},
	{"oidcc-claims-locales", asking("claims_locales", "se")},
	{"oidcc-ensure-request-with-acr-values-succeeds", asking("acr_values", "1 2")},
	{"oidcc-codereuse", codeReuse},
	{"oidcc-codereuse-30seconds", codeReuseAfter30Seconds},
	{"oidcc-ensure-registered-redirect-uri", registeredRedirectURI},
	{"oidcc-ensure-post-request-succeeds", postRequest},
	{"oidcc-server-client-secret-post", clientSecretPost},
	{"oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", unsignedRequestURI},
	{"oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", unsignedRequestObject},
	{"oidcc-claims-essential", asking("claims", `{"userinfo":{"name":{"essential":true}}}`)},
	{"oidcc-ensure-request-object-with-redirect-uri", requestObjectWithRedirectURI},
	{"oidcc-refresh-token", refreshToken},
	{"oidcc-ensure-request-with-valid-pkce-succeeds", validPKCE},
}

// Modules of the plan oidcc-basic-certification-test-plan.
func TestConformance_Basic(t *testing.T) {
	t.Parallel()
	runAll(t, "")
}

// Modules of the plan oidcc-formpost-basic-certification-test-plan.
func TestConformance_FormPostBasic(t *testing.T) {
	t.Parallel()
	runAll(t, "form_post")
}

// runAll runs the basic modules one after the other, as the suite does: some of
// them let time pass.
func runAll(t *testing.T, mode string) {
	t.Helper()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		p := prepare(t, app, mode)
		for _, m := range basicModules {
			t.Run(m.name, func(t *testing.T) { m.run(p.start(t)) })
		}
	})
}
