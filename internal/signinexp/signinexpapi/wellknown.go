package signinexpapi

import (
	"context"

	"signet/internal/platform/i18n"
	"signet/internal/platform/web"
	"signet/internal/signinexp"
	"signet/internal/tenant"
)

// Handlers serve the API.
type Handlers struct {
	// Experience holds the settings of all tenants.
	Experience *signinexp.Cache
}

type settingsIn struct {
	// OrganizationID and AppID name whose branding overrides the tenant's.
	OrganizationID *string `query:"organizationId" check:"max=21"`
	AppID          *string `query:"appId" check:"max=2048"`
}

// settingsOut is the published part of the settings and what pages must know
// besides: who else can vouch for a person, and how a password is reset.
type settingsOut struct {
	signinexp.Published
	SocialConnectors          []socialConnector `json:"socialConnectors"`
	SSOConnectors             []ssoConnector    `json:"ssoConnectors"`
	ForgotPassword            forgotPassword    `json:"forgotPassword"`
	IsDevelopmentTenant       bool              `json:"isDevelopmentTenant"`
	CustomProfileFields       []profileField    `json:"customProfileFields"`
	CustomProfileFieldCatalog []profileField    `json:"customProfileFieldCatalog"`
}

type socialConnector struct {
	ID       string            `json:"id"`
	Target   string            `json:"target"`
	Name     map[string]string `json:"name"`
	Logo     string            `json:"logo"`
	LogoDark *string           `json:"logoDark"`
	Platform *string           `json:"platform"`
}

type ssoConnector struct {
	ID            string  `json:"id"`
	ConnectorName string  `json:"connectorName"`
	Logo          string  `json:"logo"`
	DarkLogo      *string `json:"darkLogo,omitempty"`
}

type forgotPassword struct {
	Phone bool `json:"phone"`
	Email bool `json:"email"`
}

type profileField struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Settings answers with the published part of the sign-in experience. Without
// connectors nobody else vouches for a person and no code can be sent.
func (h *Handlers) Settings(ctx context.Context, _ *settingsIn) (*settingsOut, error) {
	s, err := h.Experience.Get(ctx, tenant.From(ctx).DB)
	if err != nil {
		return nil, err
	}
	return &settingsOut{
		Published:                 s.Published,
		SocialConnectors:          []socialConnector{},
		SSOConnectors:             []ssoConnector{},
		CustomProfileFields:       []profileField{},
		CustomProfileFieldCatalog: []profileField{},
	}, nil
}

type phrasesIn struct {
	// Lng is a list of language tags separated by spaces or commas.
	Lng string `query:"lng" check:"max=256"`
}

// Phrases answers with every phrase of the best language: the one asked for by
// name, then what the browser prefers where the tenant allows it, then the
// tenant's fallback.
func (h *Handlers) Phrases(ctx context.Context, in *phrasesIn) (*map[string]any, error) {
	s, err := h.Experience.Get(ctx, tenant.From(ctx).DB)
	if err != nil {
		return nil, err
	}
	lang := s.Language(in.Lng, web.Info(ctx).Locales())
	web.Header(ctx).Set("Content-Language", lang)
	tree := i18n.Tree(lang)
	return &tree, nil
}
