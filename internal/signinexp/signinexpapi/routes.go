// Package signinexpapi serves what everybody may know of a tenant's sign-in
// experience: the settings that pages need, and the phrases.
package signinexpapi

import "signet/internal/platform/web"

// Routes is the table of this API.
func Routes(h *Handlers) web.Table {
	return web.Table{Document: "management", Tag: "Well-known", Routes: []web.Route{
		web.Get("/api/.well-known/sign-in-exp", h.Settings,
			web.Doc("GetSignInExperienceConfig", "Get the sign-in experience that pages need"), web.Fails(400)),
		web.Get("/api/.well-known/experience", h.Settings,
			web.Doc("GetWellKnownExperience", "Get the sign-in experience that pages need"), web.Fails(400)),
		web.Get("/api/.well-known/phrases", h.Phrases,
			web.Doc("GetSignInExperiencePhrases", "Get the phrases of the pages in the best language"), web.Fails(400)),
	}}
}
