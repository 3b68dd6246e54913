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

// Table returns the routes.
func (j *JIT) Table() web.Table {
	operator := web.Guarded(j.Operator)
	return web.Table{Document: "management", Tag: "Organizations", Routes: []web.Route{
		web.Get("/api/organizations/{id}/jit/email-domains", j.domains, operator, web.PagedIfAsked(),
			web.Doc("ListOrganizationJitEmailDomains", "List the email domains of an organization"), web.Fails(400, 401, 403),
			web.About("Who registers with a verified address in one of them becomes a member. An organization that does not exist has none.")),
		web.Post("/api/organizations/{id}/jit/email-domains", j.addDomain, operator, web.Status(201),
			web.Doc("CreateOrganizationJitEmailDomain", "Add an email domain"), web.Fails(400, 401, 403, 422),
			web.About("People who are users already do not join by it. Upper and lower case are the same domain.")),
		web.Put("/api/organizations/{id}/jit/email-domains", j.replaceDomains, operator,
			web.Doc("ReplaceOrganizationJitEmailDomains", "Replace the email domains"), web.Fails(400, 401, 403, 422),
			web.About("An empty list removes them all. A domain that is named twice is stored once.")),
		web.Delete("/api/organizations/{id}/jit/email-domains/{emailDomain}", j.removeDomain, operator,
			web.Doc("DeleteOrganizationJitEmailDomain", "Remove an email domain"), web.Fails(400, 401, 403, 404),
			web.About("Members who joined by it stay members. Upper and lower case are the same domain.")),

		web.Get("/api/organizations/{id}/jit/roles", j.roles, operator, web.PagedIfAsked(),
			web.Doc("ListOrganizationJitRoles", "List the roles of who joins"), web.Fails(400, 401, 403, 404),
			web.About("Who becomes a member by an email domain or an enterprise connector begins with these roles.")),
		web.Post("/api/organizations/{id}/jit/roles", j.addRoles, operator, web.Status(201),
			web.Doc("CreateOrganizationJitRole", "Add roles for who joins"), web.Fails(400, 401, 403, 422),
			web.About("Roles that are there already stay; members who joined before do not get them.")),
		web.Put("/api/organizations/{id}/jit/roles", j.replaceRoles, operator,
			web.Doc("ReplaceOrganizationJitRoles", "Replace the roles of who joins"), web.Fails(400, 401, 403, 422),
			web.About("An empty list removes them all. No role may be named twice.")),
		web.Delete("/api/organizations/{id}/jit/roles/{organizationRoleId}", j.removeRole, operator,
			web.Doc("DeleteOrganizationJitRole", "Remove a role of who joins"), web.Fails(400, 401, 403, 404, 422),
			web.About("Members who have the role keep it.")),

		web.Get("/api/organizations/{id}/jit/sso-connectors", j.connectors, operator, web.PagedIfAsked(),
			web.Doc("ListOrganizationJitSsoConnectors", "List the enterprise connectors of an organization"), web.Fails(400, 401, 403, 404),
			web.About("Who signs in through one of them for the first time becomes a member.")),
		web.Post("/api/organizations/{id}/jit/sso-connectors", j.addConnectors, operator, web.Status(201),
			web.Doc("CreateOrganizationJitSsoConnector", "Add enterprise connectors"), web.Fails(400, 401, 403, 422),
			web.About("Connectors that are there already stay.")),
		web.Put("/api/organizations/{id}/jit/sso-connectors", j.replaceConnectors, operator,
			web.Doc("ReplaceOrganizationJitSsoConnectors", "Replace the enterprise connectors"), web.Fails(400, 401, 403, 422),
			web.About("An empty list removes them all. No connector may be named twice.")),
		web.Delete("/api/organizations/{id}/jit/sso-connectors/{ssoConnectorId}", j.removeConnector, operator,
			web.Doc("DeleteOrganizationJitSsoConnector", "Remove an enterprise connector"), web.Fails(400, 401, 403, 404, 422),
			web.About("Members who joined by it stay members.")),
	}}
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
