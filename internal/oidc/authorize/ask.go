package authorize

import (
	"context"
	"errors"
	"slices"

	"signet/internal/access"
	"signet/internal/application"
	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/resource"
	"signet/internal/user"
)

// Asked is what a person is asked to let an application have.
type Asked struct {
	Application   AskingApplication   `json:"application"`
	User          AskedUser           `json:"user"`
	Organizations []AskedOrganization `json:"organizations,omitempty"`
	// MissingScope are scopes of the provider that the application does not have
	// yet, without those that say nothing to people.
	MissingScope          []string        `json:"missingOIDCScope"`
	MissingResourceScopes []AskedResource `json:"missingResourceScopes"`
	// RedirectURI is where the answer goes; a device has none.
	RedirectURI string `json:"redirectUri,omitempty"`

	// IsOffline says that the application wants access while the person is away.
	IsOffline bool `json:"-"`
}

// AskingApplication tells who asks.
type AskingApplication struct {
	ID               string                `json:"id"`
	Name             string                `json:"name"`
	Branding         *application.Branding `json:"branding,omitempty"`
	DisplayName      *string               `json:"displayName,omitempty"`
	PrivacyPolicyURL *string               `json:"privacyPolicyUrl,omitempty"`
	TermsOfUseURL    *string               `json:"termsOfUseUrl,omitempty"`

	// IsSelfRegistered says that nobody has checked who asks.
	IsSelfRegistered bool `json:"-"`
}

// Title is the name that people know the application by.
func (a *AskingApplication) Title() string {
	if a.DisplayName != nil && *a.DisplayName != "" {
		return *a.DisplayName
	}
	return a.Name
}

// AskedUser tells whose account it is.
type AskedUser struct {
	ID           string  `json:"id"`
	Name         *string `json:"name"`
	Avatar       *string `json:"avatar"`
	Username     *string `json:"username"`
	PrimaryEmail *string `json:"primaryEmail"`
	PrimaryPhone *string `json:"primaryPhone"`
}

// AskedOrganization is an organization that the person may open to the
// application.
type AskedOrganization struct {
	ID                    string          `json:"id"`
	Name                  string          `json:"name"`
	MissingResourceScopes []AskedResource `json:"missingResourceScopes"`
}

// AskedResource is an API with the permissions that are asked for.
type AskedResource struct {
	Resource application.ConsentAPI     `json:"resource"`
	Scopes   []application.ConsentScope `json:"scopes"`
}

// asking is the work of finding out what to ask, or what was agreed to.
type asking struct {
	client  *client.Client
	ceiling *client.Ceiling
	params  *Params
	userID  string
	grant   *token.Grant // of the session, nil if it has none
	// organizationID is what a client is opened to that nobody has registered.
	organizationID string
}

// Ask returns what the person of a consent interaction is asked for. Its errors
// are those of Consent, which looks at everything again.
func (e *Engine) Ask(ctx context.Context, d *db.DB, in *Interaction) (*Asked, error) {
	a, rq, err := e.begun(ctx, d, in)
	if err != nil {
		return nil, err
	}
	if !a.client.IsDocument() {
		if a.grant, err = token.SeeGrantOfSession(ctx, d, rq.now, in.browser.UID, a.client.ID); err != nil {
			return nil, err
		}
	}
	return a.ask(ctx, d)
}

// asking loads what deciding needs, and refuses whoever cannot consent.
func (e *Engine) asking(ctx context.Context, tx *db.Tx, in *Interaction) (*asking, error) {
	a, rq, err := e.begun(ctx, tx, in)
	if err != nil {
		return nil, err
	}
	a.grant, err = rq.grant(ctx, tx, in.browser)
	return a, err
}

// begun is what showing and deciding share.
func (e *Engine) begun(ctx context.Context, q db.Q, in *Interaction) (*asking, *Request, error) {
	if err := in.checkConsent(); err != nil {
		return nil, nil, err
	}
	session := in.browser
	if session == nil || session.UserID == nil {
		return nil, nil, ErrNotFound.Describe("session not found")
	}
	// The client may have changed since the interaction began.
	rq, err := e.again(ctx, q, e.Clock.Millis(), in)
	if err != nil {
		return nil, nil, err
	}
	if err := rq.Client.CheckAccess(ctx, q, *session.UserID); err != nil {
		return nil, nil, err
	}
	return &asking{client: rq.Client, ceiling: rq.ceiling, params: &in.Params, userID: *session.UserID}, rq, nil
}

func (a *asking) ask(ctx context.Context, q db.Q) (*Asked, error) {
	asked := &Asked{
		RedirectURI:  a.params.RedirectURI,
		MissingScope: []string{}, IsOffline: proto.HasScope(a.params.Scope, proto.ScopeOfflineAccess),
	}
	var err error
	if asked.Application, err = applicationOf(ctx, q, a.client); err != nil {
		return nil, err
	}
	u, err := user.ByID(ctx, q, a.userID)
	if errors.Is(err, user.ErrNotFound) {
		return nil, ErrNotFound.Describe("session account not found")
	}
	if err != nil {
		return nil, err
	}
	asked.User = AskedUser{u.ID, u.Name, u.Avatar, u.Username, u.PrimaryEmail, u.PrimaryPhone}
	for _, scope := range proto.SplitScope(a.ceiling.Provider(a.params.providerScope())) {
		if scope != proto.ScopeOpenID && scope != proto.ScopeOfflineAccess && (a.grant == nil || !proto.HasScope(a.grant.OIDCScope, scope)) {
			asked.MissingScope = append(asked.MissingScope, scope)
		}
	}
	inOrganizations := map[string][]AskedResource{}
	if asked.MissingResourceScopes, err = a.resources(ctx, q, inOrganizations); err != nil {
		return nil, err
	}
	asked.Organizations, err = a.organizations(ctx, q, asked.MissingScope, inOrganizations)
	return asked, err
}

func applicationOf(ctx context.Context, q db.Q, c *client.Client) (AskingApplication, error) {
	shown := AskingApplication{ID: c.ID, Name: c.Name, IsSelfRegistered: c.IsSelfRegistered}
	if c.IsDocument() {
		// Anybody may call themselves anything; the address is what is certain.
		title := c.Title()
		shown.DisplayName = &title
		return shown, nil
	}
	look, err := application.ExperienceOf(ctx, q, c.ID)
	if errors.Is(err, application.ErrNotFound) {
		return shown, nil
	}
	if err != nil {
		return shown, err
	}
	shown.Branding, shown.DisplayName = &look.Branding, look.DisplayName
	shown.PrivacyPolicyURL, shown.TermsOfUseURL = look.PrivacyPolicyURL, look.TermsOfUseURL
	return shown, nil
}

// organizations are the user's, where the application asks for them, with what it
// asks for in each.
func (a *asking) organizations(ctx context.Context, q db.Q, missing []string, scopes map[string][]AskedResource) ([]AskedOrganization, error) {
	if !slices.Contains(missing, proto.ScopeOrganizations) {
		return nil, nil
	}
	memberships, err := organization.OfUser(ctx, q, a.userID)
	if err != nil {
		return nil, err
	}
	list := make([]AskedOrganization, len(memberships))
	for i, m := range memberships {
		list[i] = AskedOrganization{m.ID, m.Name, append([]AskedResource{}, scopes[m.ID]...)}
	}
	return list, nil
}

// resources are the APIs with those scopes that are asked for, that the user may
// give and that the application has not been granted: the user's own and, in
// byOrganization, those in each organization.
func (a *asking) resources(ctx context.Context, q db.Q, byOrganization map[string][]AskedResource) ([]AskedResource, error) {
	list := []AskedResource{}
	for _, indicator := range a.params.Resources {
		if indicator == proto.OrganizationsResource {
			scopes, err := a.organizationScopes(ctx, q)
			if err != nil {
				return nil, err
			}
			list = a.addMissing(list, application.ConsentAPI{ID: indicator, Name: indicator, Indicator: indicator}, scopes...)
			continue
		}
		r, err := resource.ByIndicator(ctx, q, indicator)
		if errors.Is(err, resource.ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		api := application.ConsentAPI{ID: r.ID, Name: r.Name, Indicator: r.Indicator}
		own, err := a.ceiling.Own(ctx, q, a.userID, r)
		if err != nil {
			return nil, err
		}
		list = a.addMissing(list, api, own...)
		inOrganizations, err := a.ceiling.ByOrganization(ctx, q, a.userID, r)
		if err != nil {
			return nil, err
		}
		for _, s := range inOrganizations {
			byOrganization[s.OrganizationID] = a.addMissing(byOrganization[s.OrganizationID], api, s.Scope)
		}
	}
	return list, nil
}

// addMissing adds those scopes of an API to a list that are asked for and that the
// application has not been granted.
func (a *asking) addMissing(list []AskedResource, api application.ConsentAPI, scopes ...access.Scope) []AskedResource {
	for _, s := range scopes {
		isGranted := a.grant != nil && proto.HasScope(a.grant.ResourceScopes[api.Indicator], s.Name)
		if isGranted || !proto.HasScope(a.params.ResourceScopes[api.Indicator], s.Name) {
			continue
		}
		if len(list) == 0 || list[len(list)-1].Resource != api {
			list = append(list, AskedResource{Resource: api})
		}
		last := &list[len(list)-1]
		last.Scopes = append(last.Scopes, application.ConsentScope(s))
	}
	return list
}

// organizationScopes are what the template has and the application may ask for.
func (a *asking) organizationScopes(ctx context.Context, q db.Q) ([]access.Scope, error) {
	all, _, err := organization.ScopeList(ctx, q, "", db.Range{})
	var scopes []access.Scope
	for _, s := range all {
		if a.ceiling.Organizations(s.Name) != "" {
			scopes = append(scopes, access.Scope(s))
		}
	}
	return scopes, err
}
