package accountpages_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"signet/internal/accountcenter"
	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/tenant"
)

// allow makes a grant of a user for an application.
func allow(t *testing.T, app *apptest.App, userID, clientID string) (id string) {
	t.Helper()
	app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
		g, err := token.SaveGrant(ctx, tx, app.Clock.Now().UnixMilli(), token.Grant{
			UserID: userID, ClientID: clientID, ClientKind: "application", SessionUID: new("elsewhere"), OIDCScope: "openid", IsOffline: true})
		if err == nil {
			id = g.ID
		}
		return err
	})
	return id
}

var removal = regexp.MustCompile(`href="([^"]*/account/apps/[^"]*/remove)"`)

func TestAccount_AppsAreSeenAndTakenBack(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		robin, wren := app.CreateUser(t, "robin").ID, app.CreateUser(t, "wren").ID
		theirs := app.CreateApp(t, application.Application{Name: "Tidewater Reports", Type: application.SPA, IsThirdParty: true})
		ours := app.CreateApp(t, application.Application{Name: "Own shop", Type: application.SPA})
		first, second := allow(t, app, robin, theirs.ID), allow(t, app, robin, theirs.ID)
		own, foreign := allow(t, app, robin, ours.ID), allow(t, app, wren, theirs.ID)
		live := func(id string) bool {
			t.Helper()
			g, err := token.GrantByID(t.Context(), app.DB(), id)
			if err != nil || g == nil {
				t.Fatal(g, err)
			}
			return g.RevokedAt == nil
		}
		p := signedIn(t, app, "robin")
		p.sees("Apps with access", "The apps are hidden")
		p.doesNotSee("Tidewater Reports")
		p.open("/account/apps/" + first + "/remove")
		p.sees("Check that it is you")
		p.open("/account/verified-action?next=%2Faccount%23apps")
		p.send("password", apptest.Password)
		p.sees("Tidewater Reports", "allowed")
		p.doesNotSee("Own shop")
		links := removal.FindAllStringSubmatch(p.page, -1)
		if len(links) != 1 {
			t.Fatalf("%d apps can be removed", len(links))
		}
		// What is not there, or not theirs, changes nothing.
		for _, id := range []string{foreign, own, "none"} {
			p.open("/account/apps/" + id + "/remove")
			p.doesNotSee("Take back the access of")
		}
		p.open(links[0][1])
		p.sees("Take back the access of Tidewater Reports?")
		_, form := p.form()
		form.Set("token", "made-up")
		if a := p.browser.Do(http.MethodPost, links[0][1], form.Encode()); a.StatusCode == http.StatusSeeOther || !live(first) {
			t.Errorf("a form without the session's token: %d", a.StatusCode)
		}
		p.send()
		p.sees("The app no longer has access", "No app of others has access")
		if live(first) || live(second) || !live(own) || !live(foreign) {
			t.Errorf("live: %v %v, own %v, of somebody else %v", live(first), live(second), live(own), live(foreign))
		}
	})
}

// Where people may only look, nothing can be taken back.
func TestAccount_AppsFollowTheTenant(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	robin := app.CreateUser(t, "robin").ID
	theirs := app.CreateApp(t, application.Application{Name: "Tidewater Reports", Type: application.SPA, IsThirdParty: true})
	id := allow(t, app, robin, theirs.ID)
	p := signedIn(t, app, "robin")
	p.open("/account/verified-action?next=%2Faccount%23apps")
	p.send("password", apptest.Password)
	set := func(value string) {
		app.Operator(t).Want(http.StatusOK, "PATCH", "/api/account-center", `{"enabled":true,"fields":{"`+string(accountcenter.Session)+`":"`+value+`"}}`)
	}
	set("ReadOnly")
	p.open("/account")
	p.sees("Tidewater Reports")
	if removal.MatchString(p.page) {
		t.Error("it can be taken back")
	}
	csrf := regexp.MustCompile(`name="token" value="([^"]*)"`).FindStringSubmatch(p.page)
	a := p.browser.Do(http.MethodPost, "/account/apps/"+id+"/remove", "token="+csrf[1])
	if g := app.Operator(t).Want(200, "GET", "/api/users/"+robin+"/grants", "").Text; a.StatusCode < 400 || !strings.Contains(g, id) {
		t.Errorf("taken back all the same: %d, %s", a.StatusCode, g)
	}
	set("Off")
	p.open("/account")
	p.doesNotSee("Apps with access")
}

// The browser in which somebody takes an application's access back stays signed
// in. Who holds no more than the cookie of the account pages gains nothing by it.
func TestAccount_TakingAnAppBackEndsNoSignIn(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		robin := app.CreateUser(t, "robin").ID
		theirs := app.CreateApp(t, application.Application{Name: "Tidewater Reports", Type: application.SPA, IsThirdParty: true})
		p, thief := signedIn(t, app, "robin"), visitor(t, app)
		thief.browser.Header.Set("Cookie", "_account_session="+p.browser.Cookie("/account", "_account_session"))
		sessions, err := token.SessionsOf(t.Context(), app.DB(), app.Clock.Now().UnixMilli(), robin)
		if err != nil || len(sessions) != 1 {
			t.Fatal(sessions, err)
		}
		takeBack := func(p *person) {
			t.Helper()
			id := allow(t, app, robin, theirs.ID)
			app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
				_, err := token.AuthorizeClient(ctx, tx, sessions[0].UID, theirs.ID, id, true)
				return err
			})
			p.open("/account/verified-action")
			p.send("password", apptest.Password)
			p.open("/account/apps/" + id + "/remove")
			p.send()
			p.sees("The app no longer has access")
		}
		before := p.browser.Cookie("/", "_session")
		takeBack(p)
		if after := p.browser.Cookie("/", "_session"); after == before || after == "" {
			t.Errorf("the cookie was %q and is %q", before, after)
		}
		p.open("/demo-app/sign-in")
		p.sees("Hello, robin")

		takeBack(thief)
		if got := thief.browser.Cookie("/", "_session"); got != "" {
			t.Errorf("the account pages' cookie was exchanged for %q", got)
		}
	})
}
