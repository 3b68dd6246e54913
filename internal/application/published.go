package application

// Published is an application as the API shows it.
type Published struct {
	TenantID string `json:"tenantId" check:"max=21"`
	ID       string `json:"id" check:"max=21"`
	Name     string `json:"name" check:"max=256" example:"Web shop"`
	// Secret is the one secret of applications from before secrets had names;
	// others have none here.
	Secret          string             `json:"secret,omitempty"`
	Description     *string            `json:"description" check:"nullable"`
	Type            Type               `json:"type" check:"enum=Native|SPA|Traditional|MachineToMachine|Protected|SAML"`
	OIDC            ClientMetadata     `json:"oidcClientMetadata"`
	Custom          CustomMetadata     `json:"customClientMetadata"`
	Protected       *ProtectedMetadata `json:"protectedAppMetadata" check:"nullable"`
	CustomData      map[string]any     `json:"customData"`
	IsThirdParty    bool               `json:"isThirdParty"`
	IsAccessLimited bool               `json:"appLevelAccessControlEnabled"`
	Registration    *Registration      `json:"registration,omitempty"`
	CreatedAt       int64              `json:"createdAt"`
}

// Published returns what the API shows of the application, but for a legacy
// secret. The metadata of SAML applications belong to operations of their own.
func (a *Application) Published(tenantID string) Published {
	p := Published{
		TenantID: tenantID, ID: a.ID, Name: a.Name, Description: a.Description, Type: a.Type, OIDC: a.OIDC, Custom: a.Custom,
		Protected: a.Protected, CustomData: a.CustomData, IsThirdParty: a.IsThirdParty, IsAccessLimited: a.IsAccessLimited,
		Registration: a.Registration, CreatedAt: a.CreatedAt,
	}
	if a.Type == SAML {
		p.OIDC = ClientMetadata{}
	}
	if p.OIDC.RedirectURIs == nil {
		p.OIDC.RedirectURIs = []string{}
	}
	if p.OIDC.PostLogoutRedirectURIs == nil {
		p.OIDC.PostLogoutRedirectURIs = []string{}
	}
	if p.CustomData == nil {
		p.CustomData = map[string]any{}
	}
	return p
}
