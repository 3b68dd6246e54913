package signinapi_test

import (
	"net/http"
	"testing"

	"signet/internal/apptest"
)

// An answer that the provider would give has the provider's members, so that
// SDKs recognise it (RFC 6749 section 5.2).
func TestLostSession_IsToldAsTheProviderTellsIt(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	a := app.Browser(t).Experience(http.MethodPut, "", `{"interactionEvent":"SignIn"}`)
	if a.StatusCode != http.StatusBadRequest || a.Code() != "session.not_found" {
		t.Fatalf("%d %s", a.StatusCode, a.Text)
	}
	if a.String("error") != "invalid_request" || a.String("error_description") == "" || a.String("message") == "" {
		t.Errorf("body %s", a.Text)
	}
}
