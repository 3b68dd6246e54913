package hosted

import (
	"context"
	"net/http"

	"signet/internal/platform/i18n"
	"signet/internal/platform/web"
	"signet/internal/signinexp"
	"signet/internal/tenant"
)

// productName is what pages call a tenant that has no name of its own.
const productName = "Signet"

// languageCookie remembers the language that somebody chose in the page.
const languageCookie = "_language"

// SiteOf returns the function that says what the pages of a request share: the
// tenant's look, and the language, which is the one chosen in the page or asked
// for by ui_locales (OpenID Connect Core section 3.1.2.1), else the browser's.
// frameAncestors are origins that may show the pages in a frame.
func SiteOf(experience *signinexp.Cache, frameAncestors ...string) func(*http.Request) Site {
	return func(r *http.Request) Site {
		t := tenant.From(r.Context())
		site := Site{
			Name: productName, Base: t.Path(""), Here: here(t.Path(""), r), FrameAncestors: frameAncestors,
		}
		settings, err := experience.Get(r.Context(), t.DB)
		if err != nil {
			// The page that tells of a lost database needs none.
			site.Lang = i18n.Match(web.Info(r.Context()).Locales()...)
			return site
		}
		site.Lang = settings.Language(askedLanguage(r), web.Info(r.Context()).Locales())
		site.Brand = brandOf(settings)
		if r.URL.Query().Has("preview") {
			// The editor of the custom CSS puts its own into the page.
			site.Brand.CustomCSS = ""
		}
		site.TermsURL, site.PrivacyURL = text(settings.TermsOfUseURL), text(settings.PrivacyPolicyURL)
		return site
	}
}

func brandOf(s *signinexp.Settings) Brand {
	return Brand{
		Color: s.Color.PrimaryColor, DarkColor: s.Color.DarkPrimaryColor, Dark: s.Color.IsDarkModeEnabled,
		Logo: s.Branding.LogoURL, DarkLogo: s.Branding.DarkLogoURL,
		Favicon: s.Branding.Favicon, DarkFavicon: s.Branding.DarkFavicon, CustomCSS: text(s.CustomCSS),
	}
}

// askedLanguage returns the languages that the URL asks for, else the one that
// was chosen before.
func askedLanguage(r *http.Request) string {
	if asked := r.URL.Query().Get("ui_locales"); asked != "" {
		return asked
	}
	if c, err := r.Cookie(tenant.From(r.Context()).Cookie(languageCookie)); err == nil {
		return c.Value
	}
	return ""
}

// rememberLanguage keeps the language that the URL asks for, so that the next
// page has it too.
func rememberLanguage(ctx context.Context, w http.ResponseWriter, r *http.Request, lang string) {
	t := tenant.From(ctx)
	if r.URL.Query().Get("ui_locales") == "" {
		return
	}
	if c, err := r.Cookie(t.Cookie(languageCookie)); err == nil && c.Value == lang {
		return
	}
	http.SetCookie(w, t.NewCookie(languageCookie, lang, "/"))
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
