package accountpages_test

import (
	"html"
	"regexp"
	"testing"

	"signet/internal/accountcenter"
	"signet/internal/apptest"
	"signet/internal/tenant"
)

const gif = "GIF89a;"

var picture = regexp.MustCompile(`<img class="avatar" src="([^"]+)"`)

// choose sends the form with a picture, as a browser does: the hidden fields
// stand before it.
func (p *person) choose(token, content string) {
	p.t.Helper()
	p.show(p.browser.Do("POST", "/account/avatar", apptest.Upload(p.t, "image/gif", content, "token", token), "Sec-Fetch-Site", "same-origin"))
}

// formToken returns the token of the page's forms.
func (p *person) formToken() string {
	p.t.Helper()
	_, form := p.form()
	return form.Get("token")
}

func TestAvatar_IsUploadedShownAndRemoved(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		u := app.CreateUser(t, "robin")
		p := signedIn(t, app, "robin")
		p.sees("No picture yet", `href="`+tenantPath(app, "/account/avatar")+`"`)
		p.open("/account/avatar")
		p.sees("Change your picture", `enctype="multipart/form-data"`, `type="file"`)
		p.doesNotSee("Remove picture")
		p.choose(p.formToken(), gif)
		p.sees("Your picture is saved", "You have a picture")
		shown := picture.FindStringSubmatch(p.page)
		if shown == nil {
			t.Fatalf("no picture in %s", p.page)
		}
		src := html.UnescapeString(shown[1])
		if a := p.browser.Do("GET", src, ""); a.StatusCode != 200 || a.Text != gif {
			t.Errorf("%s: %d %s", src, a.StatusCode, a.Text)
		}
		if n := app.Count(t, tenant.Default, "users", "id = $2 AND avatar = $3", u.ID, src); n != 1 {
			t.Error("it is not the user's avatar")
		}
		p.open("/account/avatar")
		p.sees("Remove picture")
		p.send()
		p.sees("Your picture is removed", "No picture yet")
		if a := p.browser.Do("GET", src, ""); a.StatusCode != 404 {
			t.Errorf("the picture is still served: %d", a.StatusCode)
		}
	})
}

func tenantPath(app *apptest.App, path string) string { return app.Tenant(tenant.Default).Path(path) }

func TestAvatar_SaysWhatIsWrongAndChangesNothing(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		p := signedIn(t, app, "robin")
		p.open("/account/avatar")
		token := p.formToken()
		p.choose(token, "<svg/>")
		p.sees("Files of this type cannot be uploaded", "Change your picture")
		p.choose(token, "")
		p.sees("Files of this type cannot be uploaded")
		p.choose("", gif)
		p.sees("This form is out of date")
		p.choose("another", gif)
		p.sees("This form is out of date")
		p.show(p.browser.Do("POST", "/account/avatar", apptest.Upload(t, "image/gif", gif), "Sec-Fetch-Site", "same-origin"))
		p.sees("This form is out of date")
		p.show(p.browser.Do("POST", "/account/avatar", "token="+token, "Sec-Fetch-Site", "same-origin"))
		if p.code != 400 {
			t.Errorf("a form without a file: %d %s", p.code, p.text())
		}
		p.show(p.browser.Do("POST", "/account/avatar", apptest.Upload(t, "image/gif", gif, "token", token), "Sec-Fetch-Site", "cross-site"))
		if p.code != 403 {
			t.Errorf("from another site: %d", p.code)
		}
		stranger := visitor(t, app)
		stranger.choose(token, gif)
		stranger.sees("Sign in")
		app.ChangeAccountCenter(t, tenant.Default, func(s *accountcenter.Settings) { s.Fields[accountcenter.Avatar] = accountcenter.ReadOnly })
		p.choose(token, gif)
		p.doesNotSee("saved")
		p.open("/account")
		p.sees("No picture yet")
		p.doesNotSee(tenantPath(app, "/account/avatar"))
		if n := app.Count(t, tenant.Default, "assets", "TRUE"); n != 0 || len(app.Files(t)) > 0 {
			t.Errorf("%d rows, files %v", n, app.Files(t))
		}
	})
}

// Without a place for files nobody is led to where they would be asked for one.
func TestAvatar_IsNotOfferedWithoutAPlace(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t, apptest.WithoutAssets())
	app.CreateUser(t, "robin")
	p := signedIn(t, app, "robin")
	p.sees("No picture yet")
	p.doesNotSee("/account/avatar")
	p.open("/account/avatar")
	p.sees("This server has no place for uploaded files")
}
