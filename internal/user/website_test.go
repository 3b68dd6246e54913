package user_test

import (
	"testing"

	"signet/internal/user"
)

// Attack 4: a website leads to the web, or is text that leads nowhere.
func TestIsWebsite(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"", "https://ada.example", "HTTP://ada.example", " https://ada.example", "https://ada.example/?a=b:c", "ada.example",
		"ada.example/a:b", "ada.example:8080", "ada.example:8080/a", "localhost:3000", "none", "/about", "//ada.example", "my page",
	} {
		if !user.IsWebsite(good) {
			t.Errorf("refuses %q", good)
		}
	}
	for _, bad := range []string{
		"javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "\x01javascript:alert(1)", "java\tscript:alert(1)",
		"java\nscript:alert(1)", "javascript\n:alert(1)", "javascript:1/alert(1)", "javascript://x%0aalert(1)", "https\njavascript:alert(1)",
		"data:text/html,x", "vbscript:x", "file:///etc/passwd", "mailto:ada@ada.example", "ftp://ada.example",
		"blob:https://ada.example/x", "view-source:https://ada.example",
	} {
		if user.IsWebsite(bad) {
			t.Errorf("takes %q", bad)
		}
	}
}
