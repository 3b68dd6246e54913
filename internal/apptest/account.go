package apptest

import (
	"encoding/json"
	"net/http"
	"net/url"

	"signet/internal/account"
	"signet/internal/mfa/softkey"
)

// AccountToken signs a person in and returns an access token for every part of
// the Account API. Browser.Account uses it from then on.
func (b *Browser) AccountToken(c *Client, username string) string {
	b.t.Helper()
	b.token = b.Redeem(c, b.SignIn(c, username, Password, "scope", account.AllScopes)).Access
	b.stepUp = ""
	return b.token
}

// Account calls the Account or the Verification API for the person of
// AccountToken, with the proof of StepUp if there was one.
func (b *Browser) Account(method, path, body string, headers ...string) *Answer {
	b.t.Helper()
	headers = append([]string{"Authorization", "Bearer " + b.token}, headers...)
	if b.stepUp != "" {
		headers = append([]string{"logto-verification-id", b.stepUp}, headers...)
	}
	return b.Do(method, path, body, headers...)
}

// StepUp proves the password to the Account API.
func (b *Browser) StepUp() {
	b.t.Helper()
	a := b.Account(http.MethodPost, "/api/verifications/password", quote(map[string]string{"password": Password}))
	if b.stepUp = a.String("verificationRecordId"); b.stepUp == "" {
		b.t.Fatalf("step-up: %d %s", a.StatusCode, a.Text)
	}
}

// StepUpID returns the id of the proof of StepUp.
func (b *Browser) StepUpID() string { return b.stepUp }

// AddPasskey registers a key with the person of AccountToken and returns the id
// under which the Account API lists it. It needs StepUp.
func (b *Browser) AddPasskey(key *softkey.Key) string {
	b.t.Helper()
	var started struct {
		Options json.RawMessage `json:"registrationOptions"`
		Record  string          `json:"verificationRecordId"`
	}
	b.Account(http.MethodPost, "/api/verifications/web-authn/registration", "").JSON(b.t, &started)
	finish := quote(map[string]any{"verificationRecordId": started.Record, "payload": key.Create(b.Origin(), started.Options)})
	if a := b.Account(http.MethodPost, "/api/verifications/web-authn/registration/verify", finish); a.StatusCode != http.StatusOK {
		b.t.Fatalf("verify registration: %d %s", a.StatusCode, a.Text)
	}
	bind := quote(map[string]any{"type": "WebAuthn", "newIdentifierVerificationRecordId": started.Record})
	if a := b.Account(http.MethodPost, "/api/my-account/mfa-verifications", bind); a.StatusCode != http.StatusNoContent {
		b.t.Fatalf("bind: %d %s", a.StatusCode, a.Text)
	}
	var listed []struct{ ID string }
	b.Account(http.MethodGet, "/api/my-account/mfa-verifications", "").JSON(b.t, &listed)
	return listed[len(listed)-1].ID
}

// VerifyPasskey proves a key in the interaction that the browser has open, and
// returns the answer.
func (b *Browser) VerifyPasskey(key *softkey.Key) *Answer {
	b.t.Helper()
	var started struct {
		Options json.RawMessage `json:"authenticationOptions"`
		Record  string          `json:"verificationId"`
	}
	b.Step(http.MethodPost, "/verification/web-authn/authentication", "").JSON(b.t, &started)
	return b.Experience(http.MethodPost, "/verification/web-authn/authentication/verify",
		quote(map[string]any{"verificationId": started.Record, "payload": key.Sign(b.Origin(), started.Options)}))
}

// Origin returns scheme and host of the endpoint.
func (b *Browser) Origin() string {
	b.t.Helper()
	u, err := url.Parse(b.Endpoint)
	if err != nil {
		b.t.Fatal(err)
	}
	return u.Scheme + "://" + u.Host
}
