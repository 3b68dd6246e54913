package organizationapi

import (
	"context"

	"signet/internal/organization"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/sso"
	"signet/internal/tenant"
)

// JIT serves what an organization gives to people who join it by themselves,
// "just in time".
type JIT struct {
	Keyring *crypt.Keyring
	// Operator guards every operation.
	Operator web.Guard
}

type jitIn struct {
	ID string `path:"id" check:"max=128"`
}

func (j *JIT) domains(ctx context.Context, in *jitIn) (*[]organization.PublishedJITDomain, error) {
	t := tenant.From(ctx)
	domains, total, err := organization.JITDomains(ctx, t.DB, in.ID, web.Range(ctx))
	if err != nil {
		return nil, err
	}
	out := make([]organization.PublishedJITDomain, len(domains))
	for i := range domains {
		out[i] = domains[i].Published(t.ID)
	}
	web.SetTotal(ctx, total)
	return &out, nil
}

type jitDomainIn struct {
	jitIn

	EmailDomain string `json:"emailDomain" check:"min=1,max=128"`
}

func (j *JIT) addDomain(ctx context.Context, in *jitDomainIn) (*organization.PublishedJITDomain, error) {
	t := tenant.From(ctx)
	domain, err := db.Do(ctx, t.DB, func(tx *db.Tx) (*organization.JITDomain, error) {
		return organization.AddJITDomain(ctx, tx, in.ID, in.EmailDomain)
	})
	if err != nil {
		return nil, err
	}
	out := domain.Published(t.ID)
	return &out, nil
}

type jitDomainsIn struct {
	jitIn

	EmailDomains []string `json:"emailDomains" check:"max=128" example:"[\"example.com\"]"`
}

func (j *JIT) replaceDomains(ctx context.Context, in *jitDomainsIn) (*web.Nothing, error) {
	return jitChange(ctx, func(tx *db.Tx) error { return organization.ReplaceJITDomains(ctx, tx, in.ID, in.EmailDomains) })
}

type jitOfDomain struct {
	jitIn

	EmailDomain string `path:"emailDomain" check:"max=128"`
}

func (j *JIT) removeDomain(ctx context.Context, in *jitOfDomain) (*web.Nothing, error) {
	return jitChange(ctx, func(tx *db.Tx) error { return organization.DeleteJITDomain(ctx, tx, in.ID, in.EmailDomain) })
}

func (j *JIT) roles(ctx context.Context, in *jitIn) (*[]organization.JITRole, error) {
	roles, total, err := organization.JITRoles(ctx, tenant.From(ctx).DB, in.ID, web.Range(ctx))
	if err != nil {
		return nil, err
	}
	web.SetTotal(ctx, total)
	return &roles, nil
}

type jitRolesIn struct {
	jitIn

	RoleIDs []string `json:"organizationRoleIds" check:"min=1,max=128"`
}

func (j *JIT) addRoles(ctx context.Context, in *jitRolesIn) (*web.Nothing, error) {
	if len(in.RoleIDs) == 0 {
		return nil, web.Invalid("organizationRoleIds", "must name at least one")
	}
	return jitChange(ctx, func(tx *db.Tx) error { return organization.AddJITRoles(ctx, tx, in.ID, in.RoleIDs) })
}

func (j *JIT) replaceRoles(ctx context.Context, in *jitRolesIn) (*web.Nothing, error) {
	return jitChange(ctx, func(tx *db.Tx) error { return organization.ReplaceJITRoles(ctx, tx, in.ID, in.RoleIDs) })
}

type jitOfRole struct {
	jitIn

	RoleID string `path:"organizationRoleId" check:"max=128"`
}

func (j *JIT) removeRole(ctx context.Context, in *jitOfRole) (*web.Nothing, error) {
	return jitChange(ctx, func(tx *db.Tx) error { return organization.DeleteJITRole(ctx, tx, in.ID, in.RoleID) })
}

func (j *JIT) connectors(ctx context.Context, in *jitIn) (*[]sso.Published, error) {
	t := tenant.From(ctx)
	ids, total, err := organization.JITConnectors(ctx, t.DB, in.ID, web.Range(ctx))
	if err != nil {
		return nil, err
	}
	connectors, err := sso.ByIDs(ctx, t.DB, ids)
	if err != nil {
		return nil, err
	}
	out := make([]sso.Published, len(connectors))
	for i := range connectors {
		if out[i], err = connectors[i].Published(j.Keyring, t.ID); err != nil {
			return nil, err
		}
	}
	web.SetTotal(ctx, total)
	return &out, nil
}

type jitConnectorsIn struct {
	jitIn

	ConnectorIDs []string `json:"ssoConnectorIds" check:"min=1,max=128"`
}

func (j *JIT) addConnectors(ctx context.Context, in *jitConnectorsIn) (*web.Nothing, error) {
	if len(in.ConnectorIDs) == 0 {
		return nil, web.Invalid("ssoConnectorIds", "must name at least one")
	}
	return jitChange(ctx, func(tx *db.Tx) error { return organization.AddJITConnectors(ctx, tx, in.ID, in.ConnectorIDs) })
}

func (j *JIT) replaceConnectors(ctx context.Context, in *jitConnectorsIn) (*web.Nothing, error) {
	return jitChange(ctx, func(tx *db.Tx) error { return organization.ReplaceJITConnectors(ctx, tx, in.ID, in.ConnectorIDs) })
}

type jitOfConnector struct {
	jitIn

	ConnectorID string `path:"ssoConnectorId" check:"max=128"`
}

func (j *JIT) removeConnector(ctx context.Context, in *jitOfConnector) (*web.Nothing, error) {
	return jitChange(ctx, func(tx *db.Tx) error { return organization.DeleteJITConnector(ctx, tx, in.ID, in.ConnectorID) })
}

func jitChange(ctx context.Context, change func(tx *db.Tx) error) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, change)
}
