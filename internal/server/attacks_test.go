package server_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/sentinel"
	"signet/internal/server"
	"signet/internal/signinexp"
	"signet/internal/tenant"
)

// Attack 11: of fifty parallel redemptions of one code one gets tokens, the
// others end what it got, and none is our failure.
func TestCode_OfParallelRedemptionsAtMostOneIsAnswered(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		c := app.CreateApp(t, application.Application{})
		b := app.Browser(t)
		code := b.SignIn(c, "robin", apptest.Password).Query().Get("code")
		answers := inParallel(50, func() *apptest.Answer {
			return b.Token(c, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {c.Redirect()}, "code_verifier": {apptest.Verifier}})
		})
		var granted []*apptest.Answer
		for _, a := range answers {
			switch {
			case a.StatusCode == http.StatusOK:
				granted = append(granted, a)
			case a.StatusCode != http.StatusBadRequest || a.String("error") != "invalid_grant":
				t.Errorf("%d %s", a.StatusCode, a.Text)
			}
		}
		if len(granted) != 1 {
			t.Fatalf("%d of 50 redemptions got tokens", len(granted))
		}
		if a := b.Do(http.MethodGet, "/oidc/me", "", "Authorization", "Bearer "+granted[0].String("access_token")); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("after the replays the token still works: %d", a.StatusCode)
		}
	})
}

// Attack 12: fifty parallel refreshes leave one live chain.
func TestRefresh_ParallelUseLeavesOneLiveChain(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		c := app.CreateApp(t, application.Application{})
		b := app.Browser(t)
		tokens := b.Redeem(c, b.SignIn(c, "robin", apptest.Password, "prompt", "consent", "scope", "openid offline_access"))
		successors := map[string]bool{}
		for _, a := range inParallel(50, func() *apptest.Answer {
			return b.Token(c, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}})
		}) {
			if a.StatusCode != http.StatusOK {
				t.Errorf("%d %s", a.StatusCode, a.Text)
			}
			successors[a.String("refresh_token")] = true
		}
		if len(successors) != 1 {
			t.Errorf("%d successors", len(successors))
		}
		app.Clock.Advance(4 * time.Second)
		for successor := range successors {
			next := b.Refresh(c, successor)
			// The old one again: now it is theft, and the whole chain ends.
			b.Token(c, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Refresh}})
			if a := b.Token(c, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {next.Refresh}}); a.String("error") != "invalid_grant" {
				t.Errorf("the chain lives after a replay: %d %s", a.StatusCode, a.Text)
			}
		}
	})
}

func inParallel(n int, call func() *apptest.Answer) []*apptest.Answer {
	answers := make([]*apptest.Answer, n)
	var group sync.WaitGroup
	for i := range answers {
		group.Go(func() { answers[i] = call() })
	}
	group.Wait()
	return answers
}

// Attack 27: spellings of one name are one person with one lockout, where case
// does not count.
func TestUsernames_ThatDifferInCaseAreOnePerson(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		limit := 5
		app.ChangeExperience(t, tenant.Default, func(s *signinexp.Settings) { s.SentinelPolicy.MaxAttempts = &limit })
		c := app.CreateApp(t, application.Application{})
		b := app.Browser(t)
		b.Register(c, "Robin", apptest.Password)
		other := app.Browser(t)
		other.Authorize(c)
		other.Step(http.MethodPut, "", `{"interactionEvent":"Register"}`)
		if a := other.Experience(http.MethodPost, "/profile", `{"type":"username","value":"rObIn"}`); a.Code() != "user.username_already_in_use" {
			t.Errorf("a second Robin: %d %s", a.StatusCode, a.Text)
		}
		app.Browser(t).SignIn(c, "ROBIN", apptest.Password)
		guess := app.Browser(t)
		guess.Authorize(c)
		guess.Step(http.MethodPut, "", `{"interactionEvent":"SignIn"}`)
		var last *apptest.Answer
		for _, name := range []string{"robin", "Robin", "ROBIN", "rObin", "roBin"} {
			last = guess.VerifyPassword(name, "Wrong-Harbour-42")
		}
		if last.Code() != sentinel.ErrBlocked.Code {
			t.Errorf("after %d guesses: %d %s", limit, last.StatusCode, last.Text)
		}
	}, apptest.With(func(o *server.Options) { o.IgnoreUsernameCase = true }))
}

// Attack 35: the lockout that guesses at one door earn holds at every door, for
// the right password as well.
func TestLockout_HoldsAtEveryDoor(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		limit := 6
		app.ChangeExperience(t, tenant.Default, func(s *signinexp.Settings) { s.SentinelPolicy.MaxAttempts = &limit })
		app.CreateUser(t, "robin")
		c := app.CreateApp(t, application.Application{})
		inside := app.Browser(t)
		inside.AccountToken(c, "robin")
		step := inside.Visit("/account/passkey/add") // asks for the password first

		api := app.Browser(t)
		api.Authorize(c)
		api.Step(http.MethodPut, "", `{"interactionEvent":"SignIn"}`)
		pages := app.Browser(t)
		pages.Authorize(c)
		form := pages.Visit("/sign-in")
		for range limit / 3 {
			api.VerifyPassword("robin", "Wrong-Harbour-42")
			pages.Send(form, "identifier", "robin", "password", "Wrong-Harbour-42")
			inside.Account(http.MethodPost, "/api/verifications/password", `{"password":"Wrong-Harbour-42"}`)
		}
		before := app.Snapshot(t, "interactions") // a page begins the sign-in anew
		if a := api.VerifyPassword("robin", apptest.Password); a.Code() != sentinel.ErrBlocked.Code {
			t.Errorf("Experience API: %d %s", a.StatusCode, a.Text)
		}
		if a := inside.Account(http.MethodPost, "/api/verifications/password", `{"password":"`+apptest.Password+`"}`); a.Code() != sentinel.ErrBlocked.Code {
			t.Errorf("Account API: %d %s", a.StatusCode, a.Text)
		}
		if a := pages.Send(form, "identifier", "robin", "password", apptest.Password); a.StatusCode == http.StatusSeeOther || !strings.Contains(a.Text, "Too many") {
			t.Errorf("sign-in page: %d to %q", a.StatusCode, a.Header.Get("Location"))
		}
		if a := inside.Send(step, "password", apptest.Password); a.StatusCode == http.StatusSeeOther {
			t.Errorf("step-up page: %d to %q", a.StatusCode, a.Header.Get("Location"))
		}
		before.Same(t, app.Snapshot(t, "interactions"))
		app.Clock.Advance(61 * time.Minute)
		again := app.Browser(t)
		again.Redeem(c, again.SignIn(c, "robin", apptest.Password))
	})
}

// Attack 37: a victim who finishes the sign-in that an attacker began, by its
// address, gets nothing, and the attacker neither.
func TestSignIn_BegunByAnotherBrowserIsNotOpenHere(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "robin")
		c := app.CreateApp(t, application.Application{})
		attacker, victim := app.Browser(t), app.Browser(t)
		page := attacker.Authorize(c).Header.Get("Location")
		if a := victim.Visit(page); strings.Contains(a.Text, `name="password"`) || strings.Contains(a.Text, `name="identifier"`) {
			t.Errorf("the victim is shown the attacker's sign-in: %s", a.Request.URL)
		}
		if a := victim.Experience(http.MethodPut, "", `{"interactionEvent":"SignIn"}`); a.Code() != "session.not_found" {
			t.Errorf("the victim joins: %d %s", a.StatusCode, a.Text)
		}
		// The session that a sign-in leaves is none that was there before.
		planted := attacker.Cookie("/", "_session")
		attacker.Step(http.MethodPut, "", `{"interactionEvent":"SignIn"}`)
		attacker.SignIn(c, "robin", apptest.Password)
		if now := attacker.Cookie("/", "_session"); now == "" || now == planted {
			t.Errorf("session before %q, after %q", planted, now)
		}
	})
}

// Attack 38: A signs out, B signs in, in the same browser: pages, tokens and
// consents of B show nothing of A.
func TestBrowser_OfTwoPeopleShowsNothingOfTheFirst(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		ann, ben := app.CreateUser(t, "ann_the_first"), app.CreateUser(t, "ben_the_second")
		c := app.CreateApp(t, application.Application{OIDC: application.ClientMetadata{
			RedirectURIs: []string{apptest.CallbackURI}, PostLogoutRedirectURIs: []string{"https://app.example.com/bye"}}})
		b := app.Browser(t)
		first := b.Redeem(c, b.SignIn(c, "ann_the_first", apptest.Password))
		b.Visit("/account")
		b.Visit("/demo-app/sign-in")
		end := b.Visit("/oidc/session/end?" + url.Values{"id_token_hint": {first.ID}, "post_logout_redirect_uri": {"https://app.example.com/bye"}}.Encode())
		b.Send(end, "logout", "yes")
		if a := b.Authorize(c, "prompt", "none"); !strings.Contains(a.Header.Get("Location"), "login_required") {
			t.Fatalf("A is still signed in: %s", a.Header.Get("Location"))
		}
		second := b.Redeem(c, b.SignIn(c, "ben_the_second", apptest.Password))
		me := b.Do(http.MethodGet, "/oidc/me", "", "Authorization", "Bearer "+second.Access)
		if me.String("sub") != ben.ID {
			t.Errorf("userinfo: %s", me.Text)
		}
		for _, path := range []string{"/account", "/account/sessions", "/demo-app", "/account/name"} {
			if a := b.Visit(path); strings.Contains(a.Text, "ann_the_first") || strings.Contains(a.Text, ann.ID) {
				t.Errorf("%s shows A to B", path)
			}
		}
		if a := b.Do(http.MethodGet, "/oidc/me", "", "Authorization", "Bearer "+first.Access); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("A's token after A's sign-out: %d", a.StatusCode)
		}
	})
}

// Attack 38, without a sign-out between: B's sign-in ends A's session.
func TestBrowser_SecondPersonEndsTheSessionOfTheFirst(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		app.CreateUser(t, "ann")
		ben := app.CreateUser(t, "ben")
		c := app.CreateApp(t, application.Application{})
		b := app.Browser(t)
		b.SignIn(c, "ann", apptest.Password)
		b.Visit("/account")
		b.Identify(c, "ben", apptest.Password, "prompt", "login")
		tokens := b.Redeem(c, b.Submit())
		if a := b.Do(http.MethodGet, "/oidc/me", "", "Authorization", "Bearer "+tokens.Access); a.String("sub") != ben.ID {
			t.Errorf("userinfo: %s", a.Text)
		}
		if a := b.Visit("/account"); strings.Contains(a.Text, ">ann<") {
			t.Error("the account page still shows A")
		}
		if n := app.Count(t, tenant.Default, "sessions", "user_id = $2", ben.ID); n != 1 {
			t.Errorf("%d sessions of B", n)
		}
		if n := app.Count(t, tenant.Default, "sessions", "user_id <> $2", ben.ID); n != 0 {
			t.Errorf("%d sessions of A", n)
		}
	})
}

// Attack 41: a password of a megabyte is refused at every door, without a hash.
func TestPassword_OfAMegabyteIsRefusedUnhashed(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	c := app.CreateApp(t, application.Application{})
	inside := app.Browser(t)
	inside.AccountToken(c, "robin")
	b := app.Browser(t)
	b.Authorize(c)
	form := b.Visit("/sign-in")
	b.Step(http.MethodPut, "", `{"interactionEvent":"SignIn"}`)
	before, computed := app.Snapshot(t), app.Hasher.Computed()
	for _, size := range []int{1 << 20, 200 << 10, 5000} {
		long := strings.Repeat("Aa1-", size/4)
		for door, a := range map[string]*apptest.Answer{
			"Experience API": b.VerifyPassword("robin", long),
			"Account API":    inside.Account(http.MethodPost, "/api/verifications/password", `{"password":"`+long+`"}`),
			"sign-in page":   b.Send(form, "identifier", "robin", "password", long),
		} {
			if a.StatusCode < 400 || a.StatusCode >= 500 {
				t.Errorf("%s with %d bytes: %d %.200s", door, size, a.StatusCode, a.Text)
			}
		}
	}
	if n := app.Hasher.Computed() - computed; n != 0 {
		t.Errorf("%d hashes", n)
	}
	before.Same(t, app.Snapshot(t))
}

// Attack 41: a flood of passwords leaves everything else alive.
func TestPassword_FloodLeavesTheServerAlive(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	app.CreateUser(t, "robin")
	c := app.CreateApp(t, application.Application{})
	browsers := make(chan *apptest.Browser, 20)
	for range cap(browsers) {
		b := app.Browser(t)
		b.Authorize(c)
		b.Step(http.MethodPut, "", `{"interactionEvent":"SignIn"}`)
		browsers <- b
	}
	stop := make(chan struct{})
	alive := make(chan int, 1)
	go func() {
		n := 0
		for {
			select {
			case <-stop:
				alive <- n
				return
			default:
				if get(t, app.URL+"/oidc/jwks").StatusCode == http.StatusOK {
					n++
				}
			}
		}
	}()
	statuses := map[int]int{}
	for _, a := range inParallel(200, func() *apptest.Answer {
		b := <-browsers
		defer func() { browsers <- b }()
		return b.VerifyPassword("robin", apptest.Password)
	}) {
		statuses[a.StatusCode]++
	}
	close(stop)
	for status := range statuses {
		if !slices.Contains([]int{200, 409, 503}, status) {
			t.Errorf("answers %v", statuses)
		}
	}
	if n := <-alive; n == 0 {
		t.Error("keys were not served meanwhile")
	}
}

// through sends a request as the trusted proxy in front of the server does for
// a client.
func through(b *apptest.Browser, app *apptest.App, client string) *apptest.Browser {
	b.Endpoint = "http://" + app.Address
	b.Header.Set("X-Forwarded-Host", "id.example.com")
	b.Header.Set("X-Forwarded-For", client)
	return b
}

// Attack 43: passwords are limited per address; what a client claims in front of
// the proxy's entry changes nothing, and others are not touched.
func TestSignIn_IsLimitedByAddress(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		c := app.CreateApp(t, application.Application{})
		begin := func(client string) *apptest.Browser {
			b := through(app.Browser(t), app, client)
			b.Authorize(c)
			b.Step(http.MethodPut, "", `{"interactionEvent":"SignIn"}`)
			return b
		}
		b := begin("198.51.100.7")
		got := map[int]int{}
		for i := range sentinel.SignIn.Burst + 5 {
			b.Header.Set("X-Forwarded-For", "203.0.113."+string(rune('0'+i%10))+", 198.51.100.7")
			got[b.VerifyPassword("nobody"+string(rune('a'+i%26))+string(rune('a'+i/26)), "Wrong-Harbour-42").StatusCode]++
		}
		if got[http.StatusUnprocessableEntity] != sentinel.SignIn.Burst || got[http.StatusTooManyRequests] != 5 {
			t.Errorf("answers %v", got)
		}
		if a := b.VerifyPassword("nobody", "Wrong-Harbour-42"); a.Header.Get("Retry-After") != "2" {
			t.Errorf("told to wait %q seconds", a.Header.Get("Retry-After"))
		}
		if a := begin("198.51.100.8").VerifyPassword("nobody", "Wrong-Harbour-42"); a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("another address: %d %s", a.StatusCode, a.Text)
		}
		app.Clock.Advance(sentinel.SignIn.Every)
		if a := b.VerifyPassword("nobody", "Wrong-Harbour-42"); a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("after a while: %d %s", a.StatusCode, a.Text)
		}
	}, apptest.Behind("http://id.example.com"))
}

// Attack 43: accounts are limited per address, and what is refused makes none.
func TestRegistration_IsLimitedByAddress(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		c := app.CreateApp(t, application.Application{})
		register := func(client, username string) *apptest.Answer {
			b := through(app.Browser(t), app, client)
			b.Authorize(c)
			b.Step(http.MethodPut, "", `{"interactionEvent":"Register"}`)
			b.Step(http.MethodPost, "/profile", `{"type":"username","value":"`+username+`"}`)
			b.Step(http.MethodPost, "/profile", `{"type":"password","value":"`+apptest.Password+`"}`)
			return b.Experience(http.MethodPost, "/identification", "{}")
		}
		for i := range sentinel.Registration.Burst + 3 {
			want := http.StatusCreated
			if i >= sentinel.Registration.Burst {
				want = http.StatusTooManyRequests
			}
			if a := register("198.51.100.7", "person_"+string(rune('a'+i))); a.StatusCode != want {
				t.Errorf("registration %d: %d %s", i, a.StatusCode, a.Text)
			}
		}
		if n := app.Count(t, tenant.Default, "users", "TRUE"); n != sentinel.Registration.Burst {
			t.Errorf("%d users, want %d", n, sentinel.Registration.Burst)
		}
		if a := register("198.51.100.8", "somebody"); a.StatusCode != http.StatusCreated {
			t.Errorf("another address: %d %s", a.StatusCode, a.Text)
		}
	}, apptest.Behind("http://id.example.com"))
}
