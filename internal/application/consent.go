package application

import (
	"context"
	"slices"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
	"signet/internal/resource"
)

// ConsentScopes are the scopes that a third-party application may ask its users
// for: standard ones by name, others by id.
type ConsentScopes struct {
	OrganizationScopes         []string `json:"organizationScopes,omitempty" check:"max=128"`
	ResourceScopes             []string `json:"resourceScopes,omitempty" check:"max=128"`
	OrganizationResourceScopes []string `json:"organizationResourceScopes,omitempty" check:"max=128"`
	UserScopes                 []string `json:"userScopes,omitempty" check:"enum=profile|email|phone|address|custom_data|identities|roles|urn:logto:scope:organizations|urn:logto:scope:organization_roles|urn:logto:scope:sessions|urn:logto:scope:trusted_devices"`
}

// UnknownScopes is the data of ErrConsentScopesNotFound.
type UnknownScopes struct {
	OrganizationScopes         []string `json:"invalidOrganizationScopes"`
	ResourceScopes             []string `json:"invalidResourceScopes"`
	OrganizationResourceScopes []string `json:"invalidOrganizationResourceScopes"`
}

// ConsentKind is a kind of scope as consent_scopes stores it.
type ConsentKind string

// The kinds.
const (
	consentUser                 ConsentKind = "user"
	consentOrganization         ConsentKind = "organization"
	consentResource             ConsentKind = "resource"
	consentOrganizationResource ConsentKind = "organization-resource"
)

// ConsentKinds are the kinds by the names that the API gives them.
var ConsentKinds = map[string]ConsentKind{
	"user-scopes": consentUser, "organization-scopes": consentOrganization,
	"resource-scopes": consentResource, "organization-resource-scopes": consentOrganizationResource,
}

// column is where consent_scopes holds what a scope of the kind is named by.
func (k ConsentKind) column() string {
	switch k {
	case consentUser:
		return "user_scope"
	case consentOrganization:
		return "organization_scope_id"
	default:
		return "scope_id"
	}
}

// ThirdParty returns a third-party application; ErrThirdPartyOnly if it is none.
func ThirdParty(ctx context.Context, q db.Q, id string) (*Application, error) {
	a, err := ByID(ctx, q, id)
	if err == nil && !a.IsThirdParty {
		return nil, ErrThirdPartyOnly
	}
	return a, err
}

// AddConsentScopes lets a third-party application, or all that are Unregistered,
// ask for more scopes; those that it may ask for already do no harm. Scopes of a
// Management API are never given away.
func AddConsentScopes(ctx context.Context, tx *db.Tx, id string, s ConsentScopes) error {
	if err := lockThirdParty(ctx, tx, id); err != nil {
		return err
	}
	if err := checkConsent(ctx, tx, s); err != nil {
		return err
	}
	// Kinds and names are in order, so that two of these cannot wait for each
	// other; unregistered clients have no row that could be locked.
	for _, list := range []struct {
		kind  ConsentKind
		names []string
	}{
		{consentUser, s.UserScopes}, {consentOrganization, s.OrganizationScopes},
		{consentResource, s.ResourceScopes}, {consentOrganizationResource, s.OrganizationResourceScopes},
	} {
		for _, name := range db.Distinct(list.names) {
			if err := insertConsent(ctx, tx, id, list.kind, name); err != nil {
				return err
			}
		}
	}
	return tx.Touch(ctx, Family)
}

func lockThirdParty(ctx context.Context, tx *db.Tx, id string) error {
	if id == Unregistered {
		return nil
	}
	a, err := lock(ctx, tx, id)
	if err == nil && !a.IsThirdParty {
		return ErrThirdPartyOnly
	}
	return err
}

// insertConsent fails with errs.ErrReference if the scope is deleted meanwhile.
func insertConsent(ctx context.Context, tx *db.Tx, id string, kind ConsentKind, name string) error {
	_, err := tx.Exec(ctx, `INSERT INTO consent_scopes (tenant_id, id, application_id, kind, `+kind.column()+`)
		VALUES ($1, $2, nullif($3, ''), $4, $5) ON CONFLICT DO NOTHING`, ids.Long(), id, kind, name)
	if db.IsReference(err) {
		return errs.ErrReference.Wrap(err)
	}
	return err
}

func checkConsent(ctx context.Context, q db.Q, s ConsentScopes) error {
	found, err := resource.ScopesByID(ctx, q, db.Distinct(slices.Concat(s.ResourceScopes, s.OrganizationResourceScopes)))
	if err != nil {
		return err
	}
	known, resources := []string{}, []string{}
	for _, scope := range found {
		known, resources = append(known, scope.ID), append(resources, scope.ResourceID)
	}
	organizationScopes, err := knownOrganizationScopes(ctx, q, db.Distinct(s.OrganizationScopes))
	if err != nil {
		return err
	}
	unknown := UnknownScopes{
		OrganizationScopes: without(s.OrganizationScopes, organizationScopes), ResourceScopes: without(s.ResourceScopes, known),
		OrganizationResourceScopes: without(s.OrganizationResourceScopes, known),
	}
	if len(unknown.OrganizationScopes)+len(unknown.ResourceScopes)+len(unknown.OrganizationResourceScopes) > 0 {
		return ErrConsentScopesNotFound.With(unknown)
	}
	for _, id := range db.Distinct(resources) {
		r, err := resource.ByID(ctx, q, id)
		if err != nil {
			return err
		}
		if r.IsReserved() {
			return ErrConsentReserved
		}
	}
	return nil
}

func knownOrganizationScopes(ctx context.Context, q db.Q, ids []string) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	l := db.Listing{Columns: "id", From: "organization_scopes", Where: "tenant_id = $1", Order: "id"}
	l.AndIn("id", ids)
	return db.Rows[string](ctx, q, l, db.Range{})
}

func without(values, known []string) []string {
	left := slices.DeleteFunc(slices.Clone(values), func(v string) bool { return slices.Contains(known, v) })
	return db.Distinct(left)
}

// RemoveConsentScope stops an application from asking for a scope;
// errs.ErrNotFound if it may not ask for it anyway.
func RemoveConsentScope(ctx context.Context, tx *db.Tx, id string, kind ConsentKind, scope string) error {
	if id != Unregistered {
		if _, err := ByID(ctx, tx, id); err != nil {
			return err
		}
	}
	n, err := tx.Exec(ctx, `DELETE FROM consent_scopes
		WHERE tenant_id = $1 AND coalesce(application_id, '') = $2 AND kind = $3 AND `+kind.column()+` = $4`, id, kind, scope)
	switch {
	case err != nil:
		return err
	case n == 0:
		return errs.ErrNotFound
	}
	return tx.Touch(ctx, Family)
}
