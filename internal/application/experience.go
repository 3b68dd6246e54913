package application

import (
	"context"
	"errors"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
)

// The patterns of what is shown on pages: links lead to the web, pictures may be
// carried within the address.
var (
	_ = web.Pattern("applicationColor", `^#[0-9A-Fa-f]{3}([0-9A-Fa-f]{3})?$`)
	_ = web.Pattern("applicationLink", `^(https?://\S+)?$`)
	_ = web.Pattern("applicationPicture", `^(https?://|data:image/)\S+$`)
)

// Color is a palette for pages, #rgb or #rrggbb. What is absent is the tenant's.
type Color struct {
	PrimaryColor      *string `json:"primaryColor,omitempty" check:"pattern=applicationColor" example:"#2563eb"`
	IsDarkModeEnabled *bool   `json:"isDarkModeEnabled,omitempty"`
	DarkPrimaryColor  *string `json:"darkPrimaryColor,omitempty" check:"pattern=applicationColor" example:"#60a5fa"`
}

// Branding are the pictures of pages. What is absent is the tenant's.
type Branding struct {
	LogoURL     *string `json:"logoUrl,omitempty" check:"pattern=applicationPicture" example:"https://example.com/logo.svg"`
	DarkLogoURL *string `json:"darkLogoUrl,omitempty" check:"pattern=applicationPicture" example:"https://example.com/logo-dark.svg"`
	Favicon     *string `json:"favicon,omitempty" check:"pattern=applicationPicture" example:"https://example.com/favicon.ico"`
	DarkFavicon *string `json:"darkFavicon,omitempty" check:"pattern=applicationPicture" example:"https://example.com/favicon-dark.ico"`
}

// Experience is how the pages look when people sign in to an application. What
// is null or absent is the tenant's.
type Experience struct {
	TenantID         string   `json:"tenantId" check:"max=21"`
	ApplicationID    string   `json:"applicationId" check:"max=21"`
	Color            Color    `json:"color"`
	Branding         Branding `json:"branding"`
	CustomCSS        *string  `json:"customCss" check:"nullable"`
	TermsOfUseURL    *string  `json:"termsOfUseUrl" check:"nullable"`
	PrivacyPolicyURL *string  `json:"privacyPolicyUrl" check:"nullable"`
	DisplayName      *string  `json:"displayName" check:"nullable" example:"Web shop"`
}

// ExperiencePatch is what changes of an Experience; each JSON property is
// replaced as a whole.
type ExperiencePatch struct {
	Color            web.Opt[Color]    `json:"color"`
	Branding         web.Opt[Branding] `json:"branding"`
	CustomCSS        web.Opt[string]   `json:"customCss" check:"nullable,max=65536"`
	DisplayName      web.Opt[string]   `json:"displayName" check:"nullable,max=256" example:"Web shop"`
	TermsOfUseURL    web.Opt[string]   `json:"termsOfUseUrl" check:"nullable,max=2048,pattern=applicationLink"`
	PrivacyPolicyURL web.Opt[string]   `json:"privacyPolicyUrl" check:"nullable,max=2048,pattern=applicationLink"`
}

type experienceRow struct {
	Color            db.JSON[Color]    `db:"color"`
	Branding         db.JSON[Branding] `db:"branding"`
	CustomCSS        *string           `db:"custom_css"`
	TermsOfUseURL    *string           `db:"terms_of_use_url"`
	PrivacyPolicyURL *string           `db:"privacy_policy_url"`
	DisplayName      *string           `db:"display_name"`
}

// ExperienceOf returns how the pages look for an application, or ErrNotFound
// where nothing was set.
func ExperienceOf(ctx context.Context, q db.Q, id string) (*Experience, error) {
	r, err := db.One[experienceRow](ctx, q, `SELECT color, branding, custom_css, terms_of_use_url, privacy_policy_url, display_name
		FROM application_sign_in_experiences WHERE tenant_id = $1 AND application_id = $2`, id)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrNotFound
	}
	return &Experience{
		TenantID: q.TenantID(), ApplicationID: id, Color: r.Color.V, Branding: r.Branding.V, CustomCSS: r.CustomCSS,
		TermsOfUseURL: r.TermsOfUseURL, PrivacyPolicyURL: r.PrivacyPolicyURL, DisplayName: r.DisplayName,
	}, err
}

// SetExperience changes how the pages look for an application, and reports
// whether nothing was set before. A patch that sets nothing is refused unless it
// is the first one.
func SetExperience(ctx context.Context, tx *db.Tx, id string, p ExperiencePatch) (set *Experience, created bool, err error) {
	if _, err := lock(ctx, tx, id); err != nil {
		return nil, false, err
	}
	n, err := tx.Exec(ctx, `INSERT INTO application_sign_in_experiences (tenant_id, application_id) VALUES ($1, $2)
		ON CONFLICT (tenant_id, application_id) DO NOTHING`, id)
	if err != nil {
		return nil, false, err
	}
	changes := p.changes()
	if !changes.Empty() {
		_, err = changes.UpdateWhere(ctx, tx, "application_sign_in_experiences", []string{"application_id"}, id)
	} else if n == 0 {
		err = errs.ErrNothingToChange
	}
	if err != nil {
		return nil, false, err
	}
	if err := tx.Touch(ctx, Family); err != nil {
		return nil, false, err
	}
	set, err = ExperienceOf(ctx, tx, id)
	return set, n > 0, err
}

func (p *ExperiencePatch) changes() db.Changes {
	var changes db.Changes
	if p.Color.Set {
		changes.Set("color", db.JSON[Color]{V: p.Color.Value})
	}
	if p.Branding.Set {
		changes.Set("branding", db.JSON[Branding]{V: p.Branding.Value})
	}
	web.Column(&changes, "custom_css", p.CustomCSS)
	web.Column(&changes, "display_name", p.DisplayName)
	web.Column(&changes, "terms_of_use_url", p.TermsOfUseURL)
	web.Column(&changes, "privacy_policy_url", p.PrivacyPolicyURL)
	return changes
}
