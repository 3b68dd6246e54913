package server_test

import (
	"testing"

	"signet/internal/apptest"
)

// What a program reads it may write back, whole and unchanged: that is how many
// of them change one property.
func TestPatch_TakesWhatGetAnswers(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		paths := []string{"/api/sign-in-exp", "/api/account-center", "/api/configs/admin-console", "/api/configs/cimd"}
		for _, e := range []struct {
			path, body string
			status     int
		}{
			{"/api/users", `{"username":"robin","primaryEmail":"robin@example.com","customData":{"a":1},"profile":{"nickname":"R"}}`, 200},
			{"/api/users", `{}`, 200},
			{"/api/applications", `{"name":"S","type":"SPA","oidcClientMetadata":{"redirectUris":["https://a.example"],"postLogoutRedirectUris":[]}}`, 200},
			{"/api/applications", `{"name":"M","type":"MachineToMachine","description":"Works"}`, 200},
			{"/api/applications", `{"name":"D","type":"Native","customClientMetadata":{"isDeviceFlow":true}}`, 200},
			{"/api/applications", `{"name":"T","type":"Traditional","isThirdParty":true}`, 200},
			{"/api/resources", `{"name":"A","indicator":"https://a.example"}`, 201},
			{"/api/roles", `{"name":"R","description":"Reads"}`, 200},
			{"/api/organizations", `{"name":"O","customData":{"a":1},"branding":{"logoUrl":"https://a.example/logo.svg"}}`, 201},
			{"/api/organizations", `{"name":"P"}`, 201},
			{"/api/organization-roles", `{"name":"R"}`, 201},
			{"/api/organization-scopes", `{"name":"S"}`, 201},
		} {
			paths = append(paths, e.path+"/"+o.Want(e.status, "POST", e.path, e.body).String("id"))
		}
		for _, path := range paths {
			read := o.Want(200, "GET", path, "")
			o.Want(200, "PATCH", path, read.Text)
			// The clock of the test stands, so not even the time of the change differs.
			if again := o.Want(200, "GET", path, ""); again.Text != read.Text {
				t.Errorf("%s: %s, then %s", path, read.Text, again.Text)
			}
		}
	})
}
