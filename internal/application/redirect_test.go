package application_test

import (
	"strings"
	"testing"

	"signet/internal/application"
)

func TestCheckRedirectURI(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{
		"https://app.example/cb", "http://localhost:3000/cb", "http://127.0.0.1", "http://[::1]:8080/cb", "https://app.example",
		"https://app.example/cb?x=1&y=.", "https://*.app.example/cb", "https://pr-*.app.example:8443/*", "https://*.com/cb",
		"com.example.app:/oauth", "com.example.app://oauth/cb", "myapp://cb", "my-app+x_1.y:/cb", "https://app.example/a.b/...",
	} {
		if err := application.CheckRedirectURI(uri); err != nil {
			t.Errorf("%q: %v", uri, err)
		}
	}
	for _, uri := range []string{
		"", "/cb", "app.example/cb", "https:", "https://", "https:///cb", "https:app.example/cb", "//app.example/cb",
		"https://app.example/../cb", "https://app.example/./cb", "https://app.example/%2e%2E/cb", "https://app.example/x/..",
		"https://app.example/cb#x", "myapp://cb#x", "https://user:pass@app.example/cb", "https://app.example/c b", "https://app.example/\tcb",
		`https:\\app.example\cb`, "https://app.example/\x00", "https://app.example/\xff", "https://app.example:x/cb",
		"ht*p://app.example/cb", "https://*/cb", "https://*:443/cb", "https://app.example:*/cb", "https://app.example/cb?x=*",
		`https://app.example/a\b`, "https://[::1]/*", "https://*@app.example/cb", "myapp://*", "MyApp://cb", "1app://cb", "my app://cb",
		"https://" + strings.Repeat("x", 2048) + ".example",
	} {
		if application.CheckRedirectURI(uri) == nil {
			t.Errorf("%q was accepted", uri)
		}
	}
}

// Attack 4: schemes that run script or read files are never stored.
func TestCheckRedirectURI_ScriptSchemes(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{
		"javascript:alert(1)", "javascript://app.example/%0aalert(1)", "data:text/html,<script>", "vbscript:x", "file:///etc/passwd",
		"blob:https://app.example/x", "about:blank", "view-source:https://app.example", "JavaScript:alert(1)", "java\tscript:alert(1)",
		" javascript:alert(1)",
	} {
		if application.CheckRedirectURI(uri) == nil {
			t.Errorf("%q was accepted", uri)
		}
	}
}
