package oidcapi

import (
	"net/http"
	"strings"

	"signet/internal/oidc/authorize"
	"signet/internal/oidc/proto"
	"signet/internal/platform/web"
)

// Routes are the endpoints that clients call; those of Browser are visited by
// people.
func (a *API) Routes() web.Table {
	routes := []web.Route{
		a.route(http.MethodGet, proto.PathDiscovery, a.discovery),
		a.route(http.MethodGet, proto.PathAuthorizationMetadata, a.discovery),
		a.route(http.MethodGet, proto.PathInsertedMetadata, a.discovery),
		a.route(http.MethodGet, proto.PathResourceMetadata, a.resourceMetadata),
		a.route(http.MethodGet, proto.PathResourceMetadata+"/{path...}", a.resourceMetadata),
		a.route(http.MethodGet, proto.PathJWKS, a.jwks),
		a.route(http.MethodPost, proto.PathToken, a.token),
		a.route(http.MethodPost, proto.PathRevocation, a.revocation),
		a.route(http.MethodPost, proto.PathPushed, a.push),
		a.route(http.MethodPost, proto.PathDeviceAuthorization, a.deviceAuthorization),
		a.route(http.MethodGet, proto.PathDeviceAuthorization, a.unknown), // or it would be the uid of a device
		a.route(http.MethodPost, proto.PathIntrospection, a.introspection),
		a.route(http.MethodGet, proto.PathUserinfo, a.userinfo),
		a.route(http.MethodPost, proto.PathUserinfo, a.userinfo),
		a.route(http.MethodPost, proto.PathRegistration, a.registering(a.register)),
		a.route(http.MethodGet, registered, a.registering(a.readRegistration)),
		a.route(http.MethodPut, registered, a.registering(a.replaceRegistration)),
		a.route(http.MethodDelete, registered, a.registering(a.removeRegistration)),
	}
	for _, path := range openPaths {
		routes = append(routes, a.route(http.MethodOptions, path, a.preflight))
	}
	// A pattern without a method would contradict those of pages; Unrouted is for
	// the other methods.
	for _, method := range []string{
		http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
	} {
		routes = append(routes, a.route(method, proto.PathIssuer, a.unknown), a.route(method, proto.PathIssuer+"/", a.unknown))
	}
	return web.Table{Routes: routes}
}

// Unrouted answers a request that the router cannot take to a route of the tables,
// for its method or the spelling of its path: below the issuer as the protocol does.
func Unrouted(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, proto.PathIssuer+"/") {
		http.NotFound(w, r)
		return
	}
	proto.WriteError(w, r, proto.UnknownRoute(r))
}

// openPaths are the endpoints that scripts of other origins may call.
var openPaths = []string{
	proto.PathDiscovery, proto.PathAuthorizationMetadata, proto.PathInsertedMetadata, proto.PathJWKS,
	proto.PathToken, proto.PathPushed, proto.PathDeviceAuthorization, proto.PathRevocation, proto.PathIntrospection, proto.PathUserinfo,
	proto.PathRegistration, registered, proto.PathResourceMetadata, proto.PathResourceMetadata + "/{path...}",
}

// route makes errors of h the protocol's.
func (a *API) route(method, pattern string, h func(http.ResponseWriter, *http.Request) error) web.Route {
	return web.Raw(method, pattern, func(w http.ResponseWriter, r *http.Request) error {
		if err := h(w, r); err != nil {
			proto.WriteError(w, r, err)
		}
		return nil
	})
}

// Routes are the endpoints that browsers visit.
func (b *Browser) Routes() web.Table {
	const resume = proto.PathAuthorization + "/{uid}"
	return web.Table{Routes: []web.Route{
		web.Raw(http.MethodGet, proto.PathAuthorization, notForHEAD(b.authorize)),
		web.Raw(http.MethodPost, proto.PathAuthorization, b.authorize),
		b.page(http.MethodGet, resume, notForHEAD(b.resume)),
		b.page(http.MethodGet, proto.PathDevice, b.device),
		b.page(http.MethodPost, proto.PathDevice, b.answerDevice),
		b.page(http.MethodGet, proto.PathDevice+"/{uid}", notForHEAD(b.resume)),
		b.page(http.MethodGet, authorize.PathDevicePage, b.devicePage),
		b.page(http.MethodGet, authorize.PathDeviceDone, b.deviceDone),
		b.page(http.MethodGet, pathConsent, notForHEAD(b.consent)),
		b.page(http.MethodPost, pathConsent, b.decide),
		b.page(http.MethodGet, proto.PathEndSession, b.endSession),
		b.page(http.MethodPost, proto.PathEndSession, b.endSession),
		b.page(http.MethodPost, pathConfirm, b.confirmLogout),
		b.page(http.MethodGet, pathSignedOut, b.signedOut),
	}}
}

// ConsentRoutes are consent for user interfaces that talk JSON.
func (b *Browser) ConsentRoutes() web.Table {
	in := web.Guarded(b.awaitsConsent())
	const path = "/api/interaction/consent"
	return web.Table{Document: "experience", Tag: "Interaction", Routes: []web.Route{
		web.Get(path, b.showConsent, in, web.Doc("GetConsent", "Get what the application asks the user for"), web.Fails(400)),
		web.Post(path, b.giveConsent, in, web.Doc("Consent", "Let the application have what it asks for"), web.Fails(400, 422)),
	}}
}
