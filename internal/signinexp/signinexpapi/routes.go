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

// Table returns the routes.
func (a *API) Table() web.Table {
	operator := web.Guarded(a.Operator)
	return web.Table{Document: "management", Tag: "Sign-in experience", Routes: []web.Route{
		web.Get("/api/sign-in-exp", a.get, operator,
			web.Doc("GetSignInExp", "Get the sign-in experience"), web.Fails(401, 403, 404),
			web.About("How people sign in and sign up, what is asked of them, and how the pages look.")),
		web.Patch("/api/sign-in-exp", a.patch, operator, web.MaxBody(1<<20),
			web.Doc("UpdateSignInExp", "Change the sign-in experience"), web.Fails(400, 401, 403, 404, 409, 422),
			web.About("Replaces each property that is given as a whole. Settings that do not go together are refused, and so is "+
				"what needs a connector that is not there. Every node follows within a second.")),
		web.Post("/api/sign-in-exp/default/custom-ui-assets", a.uploadUI, operator,
			web.Doc("UploadCustomUiAssets", "Upload a user interface"), web.Fails(400, 401, 403, 500, 503),
			web.About("Takes a zip archive with an index.html at its top and answers with the id under which customUiAssets "+
				"chooses it, within a day; then it is served in place of the pages that sign people in. It acts in the origin of "+
				"the tenant, so it is refused unless operators sign in at another one (ADMIN_ENDPOINT).")),
		web.Post("/api/sign-in-exp/default/check-password", a.checkPassword, operator,
			web.Doc("CheckPasswordWithDefaultSignInExperience", "Check a password against the policy"), web.Fails(400, 401, 403),
			web.About("Tells what speaks against the password, with status 400 if anything does. With a user, their name and "+
				"addresses count as guessable.")),
		web.Get("/api/sign-in-exp/username-policy/case-sensitivity-conflicts", a.caseConflicts, operator,
			web.Doc("GetUsernameCaseSensitivityConflicts", "List usernames that differ only in case"), web.Fails(400, 401, 403),
			web.About("They must be resolved before usernames can stop counting case.")),
	}}
}
