package hosted

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"signet/internal/platform/i18n"
)

var testSite = Site{
	Name: "Northlight", Lang: "en", Here: "/here?app_id=x",
	TermsURL: "https://northlight.example/terms", PrivacyURL: "https://northlight.example/privacy",
	Brand: Brand{Color: "#2f4fd0", Dark: true},
}

var renderer = sync.OnceValue(func() *Renderer { return NewRenderer(nil) })

func rendered(t *testing.T, site Site, page Page) (string, *httptest.ResponseRecorder) {
	t.Helper()
	w := httptest.NewRecorder()
	if err := renderer().render(w, site, 200, page); err != nil {
		t.Fatalf("%s: %v", page.template(), err)
	}
	return w.Body.String(), w
}

var (
	inlineHandler = regexp.MustCompile(`(?i)<[^>]+\son[a-z]+\s*=`)
	inlineScript  = regexp.MustCompile(`(?i)<script(\s[^>]*)?>[^<]+`)
	styleAttr     = regexp.MustCompile(`(?i)<[^>]+\sstyle\s*=`)
	phraseKey     = regexp.MustCompile(`>\s*[a-z_]+(\.[a-z_]+)+\s*<`)
	labelled      = regexp.MustCompile(`<input[^>]* id="([^"]+)"`)
	quoted        = regexp.MustCompile(`"[^"]*"`)
	idAttr        = regexp.MustCompile(`\sid="([^"]*)"`)
	idReference   = regexp.MustCompile(`\s(?:aria-describedby|aria-labelledby|aria-controls|popovertarget|for)="([^"]*)"`)
)

func TestRender_EveryPageInEveryLanguage(t *testing.T) {
	t.Parallel()
	r := renderer()
	for _, lang := range i18n.Tags() {
		for _, s := range samples() {
			site := testSite
			site.Lang = lang
			w := httptest.NewRecorder()
			if err := r.render(w, site, 200, s.page); err != nil {
				t.Errorf("%s: %v", s.name, err)
				continue
			}
			checkMarkup(t, lang+" "+s.name, w.Body.String())
		}
	}
}

func checkMarkup(t *testing.T, name, body string) {
	t.Helper()
	if !strings.HasPrefix(body, "<!doctype html>") {
		t.Errorf("%s: does not begin with a doctype", name)
	}
	for what, pattern := range map[string]*regexp.Regexp{
		"inline handler": inlineHandler, "inline script": inlineScript, "style attribute": styleAttr,
	} {
		if found := pattern.FindString(body); found != "" {
			t.Errorf("%s: %s: %s", name, what, found)
		}
	}
	for _, found := range phraseKey.FindAllString(body, -1) {
		if !strings.Contains(found, "oidc.server_error") {
			t.Errorf("%s: phrase without a text: %s", name, found)
		}
	}
	if strings.Contains(body, "{{") || strings.Contains(body, "ZgotmplZ") {
		t.Errorf("%s: unfilled placeholder or refused URL", name)
	}
	if n := strings.Count(body, "<h1"); n != 1 {
		t.Errorf("%s: %d h1", name, n)
	}
	if n := strings.Count(body, "btn-main"); n > 1 {
		t.Errorf("%s: %d main buttons", name, n)
	}
	for _, m := range labelled.FindAllStringSubmatch(body, -1) {
		if !strings.Contains(body, `<label for="`+m[1]+`">`) {
			t.Errorf("%s: input %q has no label", name, m[1])
		}
	}
	checkIDs(t, name, body)
}

// checkIDs makes sure that ids are unique and that what refers to one finds it.
func checkIDs(t *testing.T, name, body string) {
	t.Helper()
	ids := map[string]bool{}
	for _, m := range idAttr.FindAllStringSubmatch(body, -1) {
		if ids[m[1]] {
			t.Errorf("%s: id %q twice", name, m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range idReference.FindAllStringSubmatch(body, -1) {
		for _, id := range strings.Fields(m[1]) {
			if !ids[id] {
				t.Errorf("%s: reference to missing id %q", name, id)
			}
		}
	}
}

// The labels that people, guides and tests know the pages by.
func TestRender_FixedLabels(t *testing.T) {
	t.Parallel()
	wanted := map[string][]string{
		"sign-in":        {">Username</label>", ">Password</label>", ">Sign in</button>", ">Create account</a>", "to continue to Tidewater", `aria-label="Show password"`},
		"create-account": {">Create account</button>", ">Sign in</a>", `autocomplete="new-password"`},
		"verify-passkey": {">Verify via passkey</button>", ">Try another way</a>", ">Use a different account</a>"},
		"create-passkey": {"<h1 class=\"logto_ac-secondary-page-title\">Create a passkey</h1>", ">Security key</button>", ">This device</button>"},
		"settings": {`aria-label="Account menu"`, "Profile</a>", "Sign out</button>", ">Account settings</h1>", "Two-factor authentication <",
			">Passkeys</h3>", ">Add</a>", ">Rename</a>", ">Remove</a>", ">Sessions</h2>", ">Username</h2>", ">Password</h2>", ">Name</h2>"},
		"demo-signed-in": {`aria-label="Account menu"`, "Sign out</button>", "Hello, Robin Example"},
		"sign-out":       {`<form id="op.logoutForm"`, `name="xsrf" value="xsrf-value"`, `name="logout" value="yes"`, ">Sign out</button>"},
	}
	for _, s := range samples() {
		body, _ := rendered(t, testSite, s.page)
		for _, want := range wanted[s.name] {
			if !strings.Contains(body, want) {
				t.Errorf("%s lacks %s", s.name, want)
			}
		}
	}
	for _, s := range samples() {
		body, _ := rendered(t, testSite, s.page)
		page, ok := s.page.(interface{ accountMenu() *Menu })
		if signedIn := ok && page.accountMenu() != nil; signedIn != strings.Contains(body, "Account menu") {
			t.Errorf("%s: account menu is %v, want %v", s.name, !signedIn, signedIn)
		}
	}
}

// A name may be taken away again: every other field of the pages is needed.
func TestRender_OnlyTheNameMayBeEmpty(t *testing.T) {
	t.Parallel()
	for _, s := range samples() {
		body, _ := rendered(t, testSite, s.page)
		for _, input := range regexp.MustCompile(`<input class="input"[^>]*>`).FindAllString(body, -1) {
			if strings.Contains(input, " required") == (s.name == "edit-name") {
				t.Errorf("%s: %s", s.name, input)
			}
		}
	}
}

// What a button shows must be in its name (WCAG 2.5.3), and initials are no
// words: the account menu draws them.
func TestRender_InitialsAreNoWords(t *testing.T) {
	t.Parallel()
	body, _ := rendered(t, testSite, EditName{Menu: sampleMenu()})
	if strings.Contains(body, ">RE<") || !strings.Contains(body, `data-initials="RE"`) {
		t.Error("the account menu has other words than its name")
	}
}

// "English" alone does not say what the menu is for.
func TestRender_LanguageMenuSaysWhatItIs(t *testing.T) {
	t.Parallel()
	if body, _ := rendered(t, testSite, SignedOut{}); !strings.Contains(body, `aria-label="Language: English"`) {
		t.Error("the language menu has no name of its own")
	}
}

// Two links beside each other are told apart by more than a space.
func TestRender_ConsentSeparatesItsLinks(t *testing.T) {
	t.Parallel()
	page := Consent{App: "Tidewater", TermsURL: "https://t.example/terms", PrivacyURL: "https://t.example/privacy"}
	both, _ := rendered(t, testSite, page)
	page.TermsURL = ""
	one, _ := rendered(t, testSite, page)
	if !strings.Contains(both, "Terms of Tidewater</a>, <a") || strings.Contains(one, ", <a") {
		t.Error("the links are not separated, or something that is none is")
	}
}

// Security keys come first: people who bought one look for it.
func TestCreatePasskey_SecurityKeyComesFirst(t *testing.T) {
	t.Parallel()
	body, _ := rendered(t, testSite, CreatePasskey{Ceremony: Ceremony{Options: createOptions}})
	key, device := strings.Index(body, "data-start=\"security-key\""), strings.Index(body, "data-start=\"this-device\"")
	if key < 0 || device < key {
		t.Errorf("security key at %d, this device at %d", key, device)
	}
}

func TestControl_ErrorsAreTiedToTheirFieldAndTheFirstTakesTheFocus(t *testing.T) {
	t.Parallel()
	body, _ := rendered(t, testSite, CreateAccount{
		Username: Invalid("robin", Say("field.too_long")), Password: &Field{Errors: []Phrase{Say("field.required")}}, MinLength: 8,
	})
	for _, want := range []string{
		`value="robin" aria-invalid="true" aria-describedby="username-error username-hint" autofocus required`,
		`aria-invalid="true" aria-describedby="password-error password-hint" required`,
		`<div class="stack-xs" id="username-error">`, "This is too long.", "At least 8 characters.",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("page lacks %s", want)
		}
	}
	if n := strings.Count(body, "autofocus"); n != 1 {
		t.Errorf("%d fields take the focus", n)
	}
}

// What has happened is read first: the focus goes to the notice, unless it is wanted
// in a field to which the notice is tied.
func TestNotice_TakesTheFocus(t *testing.T) {
	t.Parallel()
	said := &Notice{Tone: ToneWarn, Title: Say("settings.passkeys.gone")}
	const notice = `tabindex="-1" aria-labelledby="outcome" autofocus>`
	for _, page := range []Page{
		Settings{Menu: sampleMenu(), TwoFactor: &TwoFactor{}, Notice: said, NoticeIn: "two-factor"},
		SignIn{Notice: said, Password: &Field{}},
		ChangePassword{Menu: sampleMenu(), Notice: said},
		VerifyPasskey{Ceremony: Ceremony{Options: getOptions, Failure: FailExpired}},
		CreatePasskey{Ceremony: Ceremony{Options: createOptions, Failure: FailExpired}},
	} {
		body, _ := rendered(t, testSite, page)
		if !strings.Contains(body, notice) || strings.Count(body, "autofocus") != 1 || strings.Count(body, `id="outcome"`) != 1 {
			t.Errorf("%s: the notice does not take the focus", page.template())
		}
	}
	body, _ := rendered(t, testSite, SignIn{Notice: said, Password: &Field{Focus: true}})
	if strings.Contains(body, notice) || !strings.Contains(body, `aria-describedby="trouble" autofocus required`) {
		t.Error("the notice takes the focus from the field that it speaks of")
	}
	body, _ = rendered(t, testSite, Settings{Menu: sampleMenu(), TwoFactor: &TwoFactor{Unavailable: FailIPAddress}})
	if strings.Contains(body, "autofocus") {
		t.Error("a notice that always stands there takes the focus")
	}
}

// What stands in the section "Two-factor authentication" is not a part of what was
// said there.
func TestNotice_IsNoHeadingOfWhatFollows(t *testing.T) {
	t.Parallel()
	body, _ := rendered(t, testSite, Settings{
		Menu: sampleMenu(), TwoFactor: &TwoFactor{AdviseSpare: true, Unavailable: FailIPAddress},
		Notice: &Notice{Title: Say("settings.passkeys.removed")}, NoticeIn: "two-factor",
	})
	if n := strings.Count(body, "<h2 "); n != 1 {
		t.Errorf("%d headings of the second level for one section", n)
	}
}

// The browser scrolls to the section that changed, so that is where it is said.
func TestSettings_TheNoticeStandsInItsSection(t *testing.T) {
	t.Parallel()
	for _, section := range []string{"name", "username", "password", "two-factor", "sessions"} {
		body, _ := rendered(t, testSite, Settings{
			Menu: sampleMenu(), Name: &NameRow{}, Username: &UsernameRow{}, Password: &PasswordRow{}, TwoFactor: &TwoFactor{}, ShowSessions: true,
			Notice: &Notice{Tone: ToneGood, Title: Say("settings.name.saved")}, NoticeIn: section,
		})
		before, after, found := strings.Cut(body, "Your name is saved")
		if !found || strings.Contains(after, "Your name is saved") {
			t.Errorf("%s: not said once", section)
		}
		if i := strings.LastIndex(before, "<section class=\"section"); i < 0 || !strings.Contains(before[i:], ` id="`+section+`"`) {
			t.Errorf("%s: said elsewhere", section)
		}
	}
}

// Who has one way only is told what to do without it.
func TestVerifyPasskey_SaysWhatToDoWithoutTheKey(t *testing.T) {
	t.Parallel()
	for other, want := range map[string]bool{"": true, "/mfa-verification": false} {
		body, _ := rendered(t, testSite, VerifyPasskey{Ceremony: Ceremony{Options: getOptions, OtherURL: other}})
		if got := strings.Contains(body, "I do not have my key"); got != want {
			t.Errorf("with the other way %q: %v", other, got)
		}
	}
}

// Attack 8: markup in anything that a stranger may have chosen is text.
func TestRender_EscapesEveryValue(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>'`
	const link = `javascript:alert(1)`
	menu := &Menu{Person: Person{Name: evil, Detail: evil, Avatar: link}, ProfileURL: link, SignOut: Form{Action: link, Token: evil}}
	form := Form{Action: link, Token: evil, LeadsTo: []string{evil, link, "https://app.example/;script-src *"}}
	notice := &Notice{Tone: ToneError, Title: Say("settings.passkeys.saved", "name", evil), Way: &Link{URL: link, Label: Say(evil)}}
	field := Invalid(evil, Say("password.for", "identifier", evil))
	site := Site{Name: evil, Lang: "en", Here: "/x?" + evil, TermsURL: link, PrivacyURL: link,
		Brand: Brand{Color: evil, Logo: link, DarkLogo: link, Favicon: link, Dark: true, CustomCSS: "</style><script>alert(1)</script>"}}
	for _, page := range []Page{
		SignIn{Form: form, App: evil, Identifier: field, Password: &field, RegisterURL: link, Notice: notice, Terms: TermsNotice},
		Password{Form: form, Identifier: evil, BackURL: link},
		ChoosePassword{Form: form, Username: evil, Password: field},
		VerifyPasskey{Form: form, Ceremony: Ceremony{Options: `{"a":"` + evil + `"}`, OtherURL: link}, Person: menu.Person, SwitchURL: link},
		OtherWays{Ways: []Way{{Kind: "EmailVerificationCode", URL: link, Target: evil}}},
		CreatePasskey{Form: form, Menu: menu, Ceremony: Ceremony{Options: evil, Failure: evil}, CancelURL: link},
		SignOut{Form: form, XSRF: evil},
		Failed{Message: Say("password.for", "identifier", evil), ID: evil, Code: evil, Time: march, RetryURL: link, AppURL: link, App: evil},
		UnknownSession{RestartURL: link, App: evil, AccountURL: link},
		Demo{Menu: menu, Claims: []Claim{{evil, evil}}},
		Settings{Menu: menu, Notice: notice, Name: &NameRow{evil, link}, TwoFactor: &TwoFactor{AddURL: link,
			Passkeys: []PasskeyRow{{ID: "1", Name: evil, Kind: evil, Model: evil, RenameURL: link, RemoveURL: link}}},
			ShowSessions: true, Sessions: []SessionRow{{ID: "2", Device: evil, Place: evil, SignOutURL: link}}},
		RemovePasskey{Menu: menu, Form: form, Name: evil, CancelURL: link},
		RenamePasskey{Menu: menu, Form: form, Current: evil, Name: field, CancelURL: link},
	} {
		body, w := rendered(t, site, page)
		// A style element ends at "</style" alone; what it holds is no markup.
		before, rest, _ := strings.Cut(body, "<style")
		_, after, _ := strings.Cut(rest, "</style>")
		body = before + after
		tags := quoted.ReplaceAllString(body, `""`)
		if strings.Contains(body, "<script>") || strings.Contains(body, "<img src=x") || inlineHandler.MatchString(tags) {
			t.Errorf("%s: markup got through", page.template())
		}
		if strings.Contains(body, `"`+link) {
			t.Errorf("%s: a javascript: link got through", page.template())
		}
		csp := w.Header().Get("Content-Security-Policy")
		if strings.Contains(csp, "script-src *") || strings.Count(csp, "script-src ") != 1 || strings.Contains(csp, "javascript") {
			t.Errorf("%s: policy was changed: %s", page.template(), csp)
		}
	}
}

func TestRender_DirectionAndTheme(t *testing.T) {
	t.Parallel()
	body, w := rendered(t, Site{Name: "S", Lang: "de", Direction: "rtl"}, SignedOut{})
	if !strings.Contains(body, `<html lang="de" dir="rtl" data-theme="light">`) || !strings.Contains(body, `content="light"`) {
		t.Errorf("light page begins %.200s", body)
	}
	if got := w.Header().Get("Content-Language"); got != "de" {
		t.Errorf("Content-Language is %q", got)
	}
	body, _ = rendered(t, Site{Name: "S", Lang: "en", Brand: Brand{Dark: true}}, SignedOut{})
	if !strings.Contains(body, `<html lang="en" dir="ltr" data-theme="auto">`) || !strings.Contains(body, `content="light dark"`) {
		t.Errorf("page that follows the system begins %.200s", body)
	}
}

func TestRender_BrandPictures(t *testing.T) {
	t.Parallel()
	body, _ := rendered(t, Site{Name: "North", Lang: "en", Brand: Brand{
		Dark: true, Logo: "https://a.example/l.png", DarkLogo: "https://a.example/d.png", Favicon: "https://a.example/f.ico",
	}}, SignedOut{})
	for _, want := range []string{
		`<source srcset="https://a.example/d.png" media="(prefers-color-scheme: dark)">`,
		`<img class="brand-logo" src="https://a.example/l.png" alt="North">`,
		`<link rel="icon" href="https://a.example/f.ico">`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("page lacks %s", want)
		}
	}
}

func TestSite_LanguageLinksKeepTheQuery(t *testing.T) {
	t.Parallel()
	for here, want := range map[string]string{
		"/sign-in?app_id=x&ui_locales=en": "?app_id=x&ui_locales=de",
		"/sign-in":                        "?ui_locales=de",
		"/%zz":                            "?ui_locales=de",
	} {
		if got := (Site{Here: here}).languageURL("de"); got != want {
			t.Errorf("%s: %s, want %s", here, got, want)
		}
	}
}

func TestInitials(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Robin Example": "RE", "robin": "R", "": "?", "  ": "?", "Ada B. Lovelace": "AL", "王小明": "王", "@_": "?", "ólafur 9": "Ó9",
	} {
		if got := (Person{Name: name}).Initials(); got != want {
			t.Errorf("initials of %q are %q, want %q", name, got, want)
		}
	}
}

func TestMoment_IsWrittenInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	v := &view{Site: Site{Lang: "de"}}
	want := `<time datetime="2026-03-03T09:12:44Z" data-local="minute">3. März 2026, 09:12 UTC</time>`
	if got := string(v.Moment(march)); got != want {
		t.Errorf("Moment = %s, want %s", got, want)
	}
	v.Lang = "en"
	if got, want := string(v.Day(march)), `<time datetime="2026-03-03T09:12:44Z" data-local="day">3 March 2026</time>`; got != want {
		t.Errorf("Day = %s, want %s", got, want)
	}
}
