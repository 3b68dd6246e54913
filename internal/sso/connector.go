// Package sso knows enterprise connectors, the identity providers of companies
// whose people sign in there.
package sso

import (
	"encoding/json"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
)

// Connector is an enterprise identity provider without its configuration.
type Connector struct {
	ID                    string                     `db:"id"`
	ProviderName          string                     `db:"provider_name"` // the kind of provider
	Name                  string                     `db:"connector_name"`
	ConfigSealed          []byte                     `db:"config_sealed"`
	Branding              db.JSON[PublishedBranding] `db:"branding"`
	IsProfileSynced       bool                       `db:"is_sync_profile"`
	IsTokenStorageEnabled bool                       `db:"is_token_storage_enabled"`
	CreatedAt             int64                      `db:"created_at"` // epoch milliseconds
	Domains               []string                   // email domains whose people sign in there
}

// PublishedBranding is how a connector appears on the sign-in page.
type PublishedBranding struct {
	DisplayName *string `json:"displayName,omitempty"`
	Logo        *string `json:"logo,omitempty"` // URL
	DarkLogo    *string `json:"darkLogo,omitempty"`
}

// Published is a connector as the API shows it to operators.
type Published struct {
	TenantID           string            `json:"tenantId" check:"max=21"`
	ID                 string            `json:"id" check:"max=128"`
	ProviderName       string            `json:"providerName" check:"max=128" example:"OIDC"`
	ConnectorName      string            `json:"connectorName" check:"max=128" example:"Tidewater Inc."`
	Config             map[string]any    `json:"config"`
	Domains            []string          `json:"domains"`
	Branding           PublishedBranding `json:"branding"`
	SyncProfile        bool              `json:"syncProfile"`
	EnableTokenStorage bool              `json:"enableTokenStorage"`
	CreatedAt          int64             `json:"createdAt"`
}

// Published returns what the API shows of the connector, whose configuration it
// opens.
func (c *Connector) Published(ring *crypt.Keyring, tenantID string) (Published, error) {
	plain, err := ring.Open(c.ConfigSealed, "sso_connectors", "config_sealed", tenantID, c.ID)
	if err != nil {
		return Published{}, err
	}
	p := Published{
		TenantID: tenantID, ID: c.ID, ProviderName: c.ProviderName, ConnectorName: c.Name, Domains: c.Domains,
		Branding: c.Branding.V, SyncProfile: c.IsProfileSynced, EnableTokenStorage: c.IsTokenStorageEnabled, CreatedAt: c.CreatedAt,
	}
	return p, json.Unmarshal(plain, &p.Config)
}
