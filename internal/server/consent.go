package server

import (
	"net/url"
	"strings"

	"signet/internal/hosted"
	"signet/internal/oidc/authorize"
	"signet/internal/oidc/oidcapi"
	"signet/internal/user"
)

// consentPage puts what an application asks for into words.
func consentPage(page oidcapi.ConsentPage) hosted.Consent {
	app, u := page.Application, page.User
	shown := hosted.Consent{
		Form: hosted.Form{Action: page.Action, Token: page.Token, LeadsTo: []string{page.RedirectURI}, Next: placeOf(page.RedirectURI)},
		App:  app.Title(), SwitchURL: page.SwitchURL,
		Person: hosted.PersonOf(&user.User{ID: u.ID, Name: u.Name, Avatar: u.Avatar, Username: u.Username, PrimaryEmail: u.PrimaryEmail, PrimaryPhone: u.PrimaryPhone}),
		Grants: consentGrants(page.Asked),
	}
	if app.Branding != nil && app.Branding.LogoURL != nil {
		shown.AppLogo = *app.Branding.LogoURL
	}
	if app.TermsOfUseURL != nil {
		shown.TermsURL = *app.TermsOfUseURL
	}
	if app.PrivacyPolicyURL != nil {
		shown.PrivacyURL = *app.PrivacyPolicyURL
	}
	for _, o := range page.Organizations {
		var permissions []string
		for _, grant := range resourceGrants(o.MissingResourceScopes) {
			permissions = append(permissions, grant.Verbatim)
		}
		shown.Organizations = append(shown.Organizations, hosted.ConsentOrganization{
			ID: o.ID, Name: o.Name, Permissions: strings.Join(permissions, ", "), Chosen: len(page.Organizations) == 1,
		})
	}
	switch {
	case page.IsForeign:
		shown.Notice = &hosted.Notice{Tone: hosted.ToneError, Text: hosted.Say("consent.foreign")}
	case app.IsSelfRegistered:
		shown.Notice = &hosted.Notice{Tone: hosted.ToneWarn, Text: hosted.Say("consent.unchecked")}
	}
	return shown
}

func consentGrants(asked *authorize.Asked) []hosted.ConsentGrant {
	var grants []hosted.ConsentGrant
	for _, scope := range asked.MissingScope {
		name := scope[strings.LastIndexByte(scope, ':')+1:]
		grants = append(grants, hosted.ConsentGrant{Text: hosted.Say("consent.scope." + name)})
	}
	grants = append(grants, resourceGrants(asked.MissingResourceScopes)...)
	if asked.IsOffline {
		grants = append(grants, hosted.ConsentGrant{Text: hosted.Say("consent.offline")})
	}
	if len(grants) == 0 {
		grants = append(grants, hosted.ConsentGrant{Text: hosted.Say("consent.signed_in")})
	}
	return grants
}

// resourceGrants says permissions as their API describes them.
func resourceGrants(resources []authorize.AskedResource) []hosted.ConsentGrant {
	var grants []hosted.ConsentGrant
	for _, r := range resources {
		of := r.Resource.Name
		if r.Resource.ID == r.Resource.Indicator {
			of = "" // all organizations, which is no name for people
		}
		for _, s := range r.Scopes {
			text := s.Name
			if s.Description != nil && *s.Description != "" {
				text = *s.Description
			}
			grants = append(grants, hosted.ConsentGrant{Verbatim: text, Of: of})
		}
	}
	return grants
}

// placeOf names where a redirect URI leads: a host on the web, else the scheme of
// an installed application.
func placeOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	if u.Scheme == "http" || u.Scheme == "https" {
		return u.Host
	}
	return u.Scheme
}
