package proto_test

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"net/url"
	"reflect"
	"testing"

	"signet/internal/oidc/proto"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/tenant"
)

func write(t *testing.T, target, authorization string, err error) (*httptest.ResponseRecorder, map[string]any) {
	t.Helper()
	endpoint, _ := url.Parse("https://id.example")
	r := httptest.NewRequest("POST", target, nil)
	r = r.WithContext(tenant.With(r.Context(), tenant.New("default", endpoint, &db.Pool{})))
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	proto.WriteError(w, r, err)
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Error("an error may be cached")
	}
	return w, got
}

func TestWriteError(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err    error
		status int
		want   map[string]any
	}{
		"invalid_grant": {proto.ErrInvalidGrant, 400, map[string]any{
			"code": "oidc.invalid_grant", "message": "The code or token is not valid, or no longer.",
			"error": "invalid_grant", "error_description": "grant request is invalid", "error_uri": "https://openid.sh/debug/invalid_grant",
		}},
		"what a description cannot hold": {proto.ErrInvalidRequest.Describe("no \"\u00e4\\\r\n\x7f~ !"), 400, map[string]any{
			"code": "oidc.invalid_request", "message": "The request is not valid.", "error": "invalid_request", "error_description": "no ~ !",
		}},
		"with state and issuer": {proto.ErrInvalidScope.Describe("no").With(proto.Context{State: "s", Issuer: "i", Scope: "x"}), 400, map[string]any{
			"code": "oidc.invalid_scope", "message": "The app asked for a permission that it cannot have.",
			"error": "invalid_scope", "error_description": "no", "state": "s", "iss": "i", "scope": "x",
		}},
		"a lost session": {errs.New(400, "session.not_found").Describe("interaction session not found"), 400, map[string]any{
			"code": "session.not_found", "message": "This sign-in is no longer open in this browser. Go back to the app and start again.",
			"error": "invalid_request", "error_description": "interaction session not found",
		}},
		"what a client calls itself": {proto.ErrInvalidClient.Describe("invalid client %s", "session not found"), 400, map[string]any{
			"code": "oidc.invalid_client", "message": "The app could not be identified.",
			"error": "invalid_client", "error_description": "invalid client session not found",
		}},
		"what the protocol does not know": {db.ErrText, 400, map[string]any{
			"code": "oidc.invalid_request", "message": "The request is not valid.", "error": "invalid_request",
		}},
		"an unexpected error tells nothing": {errors.New("secret detail"), 500, map[string]any{
			"code": "oidc.server_error", "message": "Something went wrong on the server.",
			"error": "server_error", "error_description": "oops! something went wrong",
		}},
		"a lost database": {db.ErrUnavailable.Wrap(errors.New("dial 10.0.0.1")), 503, map[string]any{
			"code": "oidc.server_error", "message": "Something went wrong on the server.",
			"error": "server_error", "error_description": "oops! something went wrong",
		}},
	} {
		w, got := write(t, "/oidc/token", "", tc.err)
		if w.Code != tc.status || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: %d %v", name, w.Code, got)
		}
	}
	if code := proto.ErrServer.Status; code != 500 {
		t.Errorf("rendering changed a declared error: %d", code)
	}
}

func TestWriteError_Bare(t *testing.T) {
	t.Parallel()
	_, got := write(t, "/oidc/token?parse_error=false", "", proto.ErrInvalidGrant)
	want := map[string]any{"error": "invalid_grant", "error_description": "grant request is invalid"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestWriteError_Challenges(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		authorization string
		err           *errs.Error
		want          string
	}{
		"bad Basic credentials":    {"Basic eA==", proto.ErrClientAuthentication, `Basic realm="https://id.example/oidc"`},
		"bad credentials in body":  {"", proto.ErrClientAuthentication, ""},
		"unknown client":           {"Basic eA==", proto.ErrInvalidClient, ""},
		"bad token":                {"", proto.ErrInvalidToken, `Bearer realm="https://id.example/oidc", error="invalid_token", error_description="invalid token provided"`},
		"scope and quoted content": {"", proto.ErrInsufficientScope.Describe("a\"b\r\nc").With(proto.Context{Scope: "openid"}), `Bearer realm="https://id.example/oidc", error="insufficient_scope", error_description="abc", scope="openid"`},
	} {
		w, _ := write(t, "/oidc/me", tc.authorization, tc.err)
		if got := w.Header().Get("WWW-Authenticate"); got != tc.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
