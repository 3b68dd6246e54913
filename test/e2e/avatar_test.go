package e2e_test

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"signet/internal/apptest"
	"signet/test/e2e/browser"
	"signet/test/fixture"
)

// picture is the path of a small PNG.
func picture(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "robin.png")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(file, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAccount_Picture(t *testing.T) {
	t.Parallel()
	withAndWithoutScript(t, func(t *testing.T, noScript bool) {
		app := apptest.Start(t)
		fixture.User(t, app, username)
		p := settings(t, app, browser.Options{NoScript: noScript})
		p.Sees("No picture yet")
		p.Click("Add", "Picture")
		p.Heading("Change your picture")
		p.Choose("Picture", picture(t))
		p.Click("Save picture")
		p.Sees("Your picture is saved", "You have a picture")

		p.Click("Change", "Picture")
		text := filepath.Join(t.TempDir(), "robin.txt")
		if err := os.WriteFile(text, []byte("Robin"), 0o600); err != nil {
			t.Fatal(err)
		}
		p.Choose("Picture", text)
		p.Click("Save picture")
		p.Heading("Change your picture")
		p.Click("Remove picture")
		p.Sees("Your picture is removed", "No picture yet")
	})
}

func TestPages_OfThePictureLookRight(t *testing.T) {
	t.Parallel()
	eachLanguage(t, func(t *testing.T, language string, say func(key string) string) {
		app := apptest.Start(t, inTheDark())
		fixture.User(t, app, username)
		p := browser.New(t, browser.Options{Language: language})
		p.Open(app.URL + "/account")
		signIn(p, say)
		p.Heading(say("settings.title"))
		p.Click(say("settings.add"), say("field.avatar"))
		p.Heading(say("edit_avatar.title"))
		p.Look("edit-avatar-" + language)
		p.Choose(say("field.avatar"), picture(t))
		p.Click(say("edit_avatar.submit"))
		p.Heading(say("settings.title"))
		p.Look("settings-picture-" + language)
		p.Click(say("settings.change"), say("field.avatar"))
		p.Look("change-avatar-" + language)
	})
}
