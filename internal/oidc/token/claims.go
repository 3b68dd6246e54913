package token

import (
	"context"
	"encoding/json"
	"slices"

	"signet/internal/oidc/proto"
	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/role"
	"signet/internal/user"
)

// Claims returns what a scope tells about a user, read from the rows as they are
// now (OpenID Connect Core section 5.4). extended says which of
// settings.ExtendedClaims are included; userinfo includes all of them. opened says
// of which organizations the application may learn.
func Claims(ctx context.Context, q db.Q, u *user.User, scope string, extended func(claim string) bool, opened Opened) (map[string]any, error) {
	claims := map[string]any{}
	if proto.HasScope(scope, proto.ScopeProfile) {
		profileClaims(claims, u)
	}
	if proto.HasScope(scope, proto.ScopeEmail) {
		claims["email"], claims["email_verified"] = u.PrimaryEmail, u.PrimaryEmail != nil
	}
	if proto.HasScope(scope, proto.ScopePhone) {
		claims["phone_number"], claims["phone_number_verified"] = u.PrimaryPhone, u.PrimaryPhone != nil
	}
	if proto.HasScope(scope, proto.ScopeAddress) && u.Profile.Address != nil {
		claims["address"] = u.Profile.Address
	}
	if proto.HasScope(scope, proto.ScopeCustomData) && extended("custom_data") {
		claims["custom_data"] = u.CustomData
	}
	if proto.HasScope(scope, proto.ScopeIdentities) {
		if err := identityClaims(ctx, q, claims, u.ID, extended); err != nil {
			return nil, err
		}
	}
	if proto.HasScope(scope, proto.ScopeRoles) && extended("roles") {
		names, err := roleNames(ctx, q, u.ID)
		if err != nil {
			return nil, err
		}
		claims["roles"] = names
	}
	return claims, organizationClaims(ctx, q, claims, u.ID, scope, extended, opened)
}

// Opened returns the organizations that a user has opened to an application; nil
// stands for all of the user's.
type Opened func(ctx context.Context, q db.Q, userID string) ([]string, error)

// Every is the filter of userinfo, which holds no claim back.
func Every(string) bool { return true }

// Enabled is the filter of ID tokens: the claims that the tenant enabled.
func Enabled(names []string) func(string) bool {
	return func(claim string) bool { return slices.Contains(names, claim) }
}

// profileClaims adds name, picture and username even where they are not set,
// and the rest only where it is.
func profileClaims(claims map[string]any, u *user.User) {
	claims["name"], claims["picture"], claims["username"] = u.Name, u.Avatar, u.Username
	claims["created_at"], claims["updated_at"] = u.CreatedAt, u.UpdatedAt
	preferred := u.Profile.PreferredUsername
	if preferred == nil {
		preferred = u.Username
	}
	for name, value := range map[string]*string{
		"family_name": u.Profile.FamilyName, "given_name": u.Profile.GivenName, "middle_name": u.Profile.MiddleName,
		"nickname": u.Profile.Nickname, "preferred_username": preferred, "profile": u.Profile.Profile,
		"website": u.Profile.Website, "gender": u.Profile.Gender, "birthdate": u.Profile.Birthdate,
		"zoneinfo": u.Profile.Zoneinfo, "locale": u.Profile.Locale,
	} {
		if value != nil {
			claims[name] = *value
		}
	}
}

func roleNames(ctx context.Context, q db.Q, userID string) ([]string, error) {
	roles, err := role.Of(ctx, q, userID)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(roles))
	for _, r := range roles {
		names = append(names, r.Name)
	}
	return names, nil
}

// ssoIdentityClaim is an enterprise identity as applications see it.
type ssoIdentityClaim struct {
	Issuer     string          `json:"issuer"`
	IdentityID string          `json:"identityId"`
	Detail     json.RawMessage `json:"detail"`
}

func identityClaims(ctx context.Context, q db.Q, claims map[string]any, userID string, extended func(string) bool) error {
	if extended("identities") {
		identities, err := user.Identities(ctx, q, userID)
		if err != nil {
			return err
		}
		claims["identities"] = identities
	}
	if extended("sso_identities") {
		identities, err := user.SSOIdentities(ctx, q, userID)
		if err != nil {
			return err
		}
		shown := make([]ssoIdentityClaim, len(identities))
		for i, s := range identities {
			shown[i] = ssoIdentityClaim{s.Issuer, s.IdentityID, s.Detail.V}
		}
		claims["sso_identities"] = shown
	}
	return nil
}

// organizationClaim is an organization as applications see it.
type organizationClaim struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	Description *string `json:"description"`
}

// organizationClaims adds the opened organizations of a user, and the roles there
// as "{organization id}:{role name}".
func organizationClaims(ctx context.Context, q db.Q, claims map[string]any, userID, scope string, extended func(string) bool, opened Opened) error {
	organizations := proto.HasScope(scope, proto.ScopeOrganizations)
	wanted := map[string]bool{
		"organizations":      organizations && extended("organizations"),
		"organization_data":  organizations && extended("organization_data"),
		"organization_roles": proto.HasScope(scope, proto.ScopeOrganizationRoles) && extended("organization_roles"),
	}
	if !wanted["organizations"] && !wanted["organization_data"] && !wanted["organization_roles"] {
		return nil
	}
	memberships, err := organization.OfUser(ctx, q, userID)
	if err != nil {
		return err
	}
	if opened != nil {
		told, err := opened(ctx, q, userID)
		if err != nil {
			return err
		}
		memberships = slices.DeleteFunc(memberships, func(m organization.Membership) bool { return !slices.Contains(told, m.ID) })
	}
	ids, data, roles := []string{}, []organizationClaim{}, []string{}
	for _, m := range memberships {
		ids = append(ids, m.ID)
		data = append(data, organizationClaim{m.ID, m.Name, m.Description})
		for _, r := range m.OrganizationRoles {
			roles = append(roles, m.ID+":"+r.Name)
		}
	}
	for claim, value := range map[string]any{"organizations": ids, "organization_data": data, "organization_roles": roles} {
		if wanted[claim] {
			claims[claim] = value
		}
	}
	return nil
}
