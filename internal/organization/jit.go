package organization

import (
	"context"
	"slices"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/user"
)

// JITDomain is an email domain whose people join the organization by
// themselves when they first sign in.
type JITDomain struct {
	OrganizationID string `db:"organization_id"`
	// EmailDomain is what an operator typed. It is compared as email addresses
	// are, in any case.
	EmailDomain string `db:"email_domain"`
}

// PublishedJITDomain is a domain as the API shows it.
type PublishedJITDomain struct {
	TenantID       string `json:"tenantId" check:"max=21"`
	OrganizationID string `json:"organizationId" check:"max=21"`
	EmailDomain    string `json:"emailDomain" check:"max=128"`
}

// Published returns what the API shows of the domain.
func (d *JITDomain) Published(tenantID string) PublishedJITDomain {
	return PublishedJITDomain{tenantID, d.OrganizationID, d.EmailDomain}
}

// JITRole is an organization role that who joins by themselves begins with.
type JITRole struct {
	TenantID    string  `db:"tenant_id" json:"tenantId" check:"max=21"`
	ID          string  `db:"id" json:"id" check:"max=21"`
	Name        string  `db:"name" json:"name" check:"max=128" example:"member"`
	Description *string `db:"description" json:"description" check:"nullable"`
	Type        string  `db:"type" json:"type" check:"enum=User|MachineToMachine"`
}

// JITDomains returns the domains of an organization in order, and how many
// there are; none if there is no such organization.
func JITDomains(ctx context.Context, q db.Q, organizationID string, r db.Range) ([]JITDomain, int64, error) {
	return db.List[JITDomain](ctx, q, db.Listing{
		Columns: "organization_id, email_domain", From: "organization_jit_email_domains",
		Where: "tenant_id = $1 AND organization_id = $2", Order: "email_domain", Args: []any{organizationID},
	}, r)
}

// AddJITDomain adds a domain, which must not be there yet in any spelling.
func AddJITDomain(ctx context.Context, tx *db.Tx, organizationID, domain string) (*JITDomain, error) {
	key, err := jitDomainKey("emailDomain", domain)
	if err != nil {
		return nil, err
	}
	if err := jitLock(ctx, tx, organizationID); err != nil {
		return nil, err
	}
	n, err := db.One[int64](ctx, tx, `SELECT count(*) FROM organization_jit_email_domains
		WHERE tenant_id = $1 AND organization_id = $2 AND domain_key = $3`, organizationID, key)
	if err != nil {
		return nil, err
	}
	if n > 0 {
		return nil, errs.ErrNotUnique
	}
	return &JITDomain{organizationID, domain}, jitInsertDomain(ctx, tx, organizationID, domain, key)
}

// ReplaceJITDomains makes domains those of the organization. What is named
// twice, in whatever spelling, is there once.
func ReplaceJITDomains(ctx context.Context, tx *db.Tx, organizationID string, domains []string) error {
	if err := jitLock(ctx, tx, organizationID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM organization_jit_email_domains WHERE tenant_id = $1 AND organization_id = $2`, organizationID)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, domain := range domains {
		key, err := jitDomainKey("emailDomains", domain)
		if err != nil {
			return err
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		if err := jitInsertDomain(ctx, tx, organizationID, domain, key); err != nil {
			return err
		}
	}
	return nil
}

// DeleteJITDomain removes a domain in whatever spelling it is there; ErrNotFound
// if it is not.
func DeleteJITDomain(ctx context.Context, tx *db.Tx, organizationID, domain string) error {
	n, err := tx.Exec(ctx, `DELETE FROM organization_jit_email_domains
		WHERE tenant_id = $1 AND organization_id = $2 AND domain_key = $3`, organizationID, user.EmailKey(domain))
	if err == nil && n == 0 {
		return errs.ErrNotFound
	}
	return err
}

func jitInsertDomain(ctx context.Context, tx *db.Tx, organizationID, domain, key string) error {
	_, err := tx.Exec(ctx, `INSERT INTO organization_jit_email_domains (tenant_id, organization_id, email_domain, domain_key)
		VALUES ($1, $2, $3, $4)`, organizationID, domain, key)
	return err
}

// jitDomainKey returns the form in which domains are compared, that of email
// addresses. A domain of spaces is none.
func jitDomainKey(property, domain string) (string, error) {
	key := user.EmailKey(domain)
	if key == "" {
		return "", web.Invalid(property, "is not a domain")
	}
	return key, nil
}

// jitLock keeps others from changing the organization's rules meanwhile.
func jitLock(ctx context.Context, tx *db.Tx, organizationID string) error {
	found, err := db.All[string](ctx, tx, `SELECT id FROM organizations
		WHERE tenant_id = $1 AND id = $2`+tx.Dialect().ForUpdate(), organizationID)
	if err == nil && len(found) == 0 {
		return errs.ErrReferenceInOrganization
	}
	return err
}

var (
	jitRoles      = db.Link{Table: "organization_jit_roles", Owner: []string{"organization_id"}, Member: "organization_role_id"}
	jitConnectors = db.Link{Table: "organization_jit_sso_connectors", Owner: []string{"organization_id"}, Member: "sso_connector_id"}
)

// JITRoles returns the roles of who joins an organization by themselves, by
// name, and how many there are; errs.ErrNotExistsWithID if there is no such
// organization.
func JITRoles(ctx context.Context, q db.Q, organizationID string, r db.Range) ([]JITRole, int64, error) {
	if err := jitExists(ctx, q, organizationID); err != nil {
		return nil, 0, err
	}
	return db.List[JITRole](ctx, q, db.Listing{
		Columns: "r.tenant_id, r.id, r.name, r.description, r.type",
		From:    "organization_jit_roles j JOIN organization_roles r ON r.tenant_id = j.tenant_id AND r.id = j.organization_role_id",
		Where:   "j.tenant_id = $1 AND j.organization_id = $2", Order: "r.name, r.id", Args: []any{organizationID},
	}, r)
}

// AddJITRoles adds roles, of which some may be there.
func AddJITRoles(ctx context.Context, tx *db.Tx, organizationID string, roleIDs []string) error {
	return jitAdd(ctx, tx, jitRoles, organizationID, roleIDs)
}

// ReplaceJITRoles makes roles those of the organization; no id may be named
// twice.
func ReplaceJITRoles(ctx context.Context, tx *db.Tx, organizationID string, roleIDs []string) error {
	return jitReplace(ctx, tx, jitRoles, organizationID, roleIDs)
}

// DeleteJITRole removes a role; errs.ErrNotFound if it is not there.
func DeleteJITRole(ctx context.Context, tx *db.Tx, organizationID, roleID string) error {
	return jitRemove(ctx, tx, jitRoles, organizationID, roleID)
}

// JITConnectors returns the ids of the enterprise connectors whose people join
// an organization by themselves, and how many there are;
// errs.ErrNotExistsWithID if there is no such organization.
func JITConnectors(ctx context.Context, q db.Q, organizationID string, r db.Range) ([]string, int64, error) {
	if err := jitExists(ctx, q, organizationID); err != nil {
		return nil, 0, err
	}
	return db.List[string](ctx, q, db.Listing{
		Columns: "sso_connector_id", From: jitConnectors.Table,
		Where: "tenant_id = $1 AND organization_id = $2", Order: "sso_connector_id", Args: []any{organizationID},
	}, r)
}

// AddJITConnectors adds connectors, of which some may be there.
func AddJITConnectors(ctx context.Context, tx *db.Tx, organizationID string, connectorIDs []string) error {
	return jitAdd(ctx, tx, jitConnectors, organizationID, connectorIDs)
}

// ReplaceJITConnectors makes connectors those of the organization; no id may be
// named twice.
func ReplaceJITConnectors(ctx context.Context, tx *db.Tx, organizationID string, connectorIDs []string) error {
	return jitReplace(ctx, tx, jitConnectors, organizationID, connectorIDs)
}

// DeleteJITConnector removes a connector; errs.ErrNotFound if it is not there.
func DeleteJITConnector(ctx context.Context, tx *db.Tx, organizationID, connectorID string) error {
	return jitRemove(ctx, tx, jitConnectors, organizationID, connectorID)
}

func jitExists(ctx context.Context, q db.Q, organizationID string) error {
	n, err := db.One[int64](ctx, q, `SELECT count(*) FROM organizations WHERE tenant_id = $1 AND id = $2`, organizationID)
	if err == nil && n == 0 {
		return errs.ErrNotExistsWithID
	}
	return err
}

func jitAdd(ctx context.Context, tx *db.Tx, link db.Link, organizationID string, members []string) error {
	_, err := link.Add(ctx, tx, 0, members, organizationID)
	return jitReference(err)
}

func jitReplace(ctx context.Context, tx *db.Tx, link db.Link, organizationID string, members []string) error {
	if len(slices.Compact(slices.Sorted(slices.Values(members)))) < len(members) {
		return errs.ErrNotUnique
	}
	// Without it, an empty list would replace that of an organization which is
	// not there.
	if err := jitLock(ctx, tx, organizationID); err != nil {
		return err
	}
	_, _, err := link.Replace(ctx, tx, 0, members, organizationID)
	return jitReference(err)
}

func jitRemove(ctx context.Context, tx *db.Tx, link db.Link, organizationID, member string) error {
	removed, err := link.Remove(ctx, tx, member, organizationID)
	if err == nil && !removed {
		return errs.ErrNotFound
	}
	return err
}

func jitReference(err error) error {
	if db.IsReference(err) {
		return errs.ErrReferenceInOrganization
	}
	return err
}
