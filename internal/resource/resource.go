// Package resource holds API resources, the audiences of access tokens (RFC
// 8707), and the scopes that each of them offers.
package resource

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
	"signet/internal/platform/web"
)

// Errors of this package.
var (
	ErrNotFound       = errs.ErrNotExistsWithID
	ErrIndicatorTaken = errs.New(422, "resource.resource_identifier_in_use")
	ErrScopeTaken     = errs.New(422, "scope.name_exists")
	ErrScopeSpace     = errs.New(400, "scope.name_with_space")
	// ErrReserved and ErrReservedDelete protect the resource of the Management
	// API, without which nobody could administer the tenant.
	ErrReserved       = errs.New(400, "resource.cannot_modify_management_api")
	ErrReservedDelete = errs.New(400, "resource.cannot_delete_management_api")
)

// reserved matches the indicators of Management APIs.
var reserved = regexp.MustCompile(`^https://[^.]+\.logto\.app/api$`)

// OrganizationPrefix begins the audiences of organizations; their ids follow. No
// resource has such an indicator: its tokens would pass for those of members.
const OrganizationPrefix = "urn:logto:organization:"

// IsReserved reports whether the resource is a Management API.
func (r *Resource) IsReserved() bool { return reserved.MatchString(r.Indicator) }

// DefaultAccessTokenTTL is the life of a resource's access tokens in seconds
// where nothing else is set.
const DefaultAccessTokenTTL = 3600

// Resource is an API that accepts access tokens.
type Resource struct {
	ID   string `db:"id"`
	Name string `db:"name"`
	// Indicator is the resource's URI, the audience of its tokens; it never
	// changes.
	Indicator      string `db:"indicator"`
	IsDefault      bool   `db:"is_default"`
	AccessTokenTTL int64  `db:"access_token_ttl"` // seconds
	CreatedAt      int64  `db:"created_at"`
}

// Scope is a permission that a resource knows.
type Scope struct {
	ID          string  `db:"id"`
	ResourceID  string  `db:"resource_id"`
	Name        string  `db:"name"`
	Description *string `db:"description"`
	CreatedAt   int64   `db:"created_at"`
}

// Published is a resource as the API shows it.
type Published struct {
	TenantID       string `json:"tenantId" check:"max=21"`
	ID             string `json:"id" check:"max=21"`
	Name           string `json:"name" example:"Orders"`
	Indicator      string `json:"indicator"`
	IsDefault      bool   `json:"isDefault"`
	AccessTokenTTL int64  `json:"accessTokenTtl" example:"3600"` // seconds
}

// Published returns what the API shows of the resource.
func (r *Resource) Published(tenantID string) Published {
	return Published{tenantID, r.ID, r.Name, r.Indicator, r.IsDefault, r.AccessTokenTTL}
}

// PublishedScope is a scope as the API and events show it.
type PublishedScope struct {
	TenantID    string  `json:"tenantId" check:"max=21"`
	ID          string  `json:"id" check:"max=21"`
	ResourceID  string  `json:"resourceId" check:"max=21"`
	Name        string  `json:"name" check:"max=256" example:"read:orders"`
	Description *string `json:"description" check:"nullable"`
	CreatedAt   int64   `json:"createdAt"`
}

// Published returns what the API and events show of the scope.
func (s *Scope) Published(tenantID string) PublishedScope {
	return PublishedScope{tenantID, s.ID, s.ResourceID, s.Name, s.Description, s.CreatedAt}
}

const family = "resource"

const resourceColumns = `id, name, indicator, is_default, access_token_ttl, created_at`

const selectResource = `SELECT ` + resourceColumns + ` FROM resources WHERE tenant_id = $1 AND `

// ByID returns a resource, or ErrNotFound.
func ByID(ctx context.Context, q db.Q, id string) (*Resource, error) {
	return one(ctx, q, `id = $2`, id)
}

// ByIndicator returns the resource of an indicator, or ErrNotFound.
func ByIndicator(ctx context.Context, q db.Q, indicator string) (*Resource, error) {
	return one(ctx, q, `indicator = $2`, indicator)
}

// Default returns the resource for requests that name none; nil if there is
// none.
func Default(ctx context.Context, q db.Q) (*Resource, error) {
	r, err := one(ctx, q, `is_default`)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return r, err
}

func one(ctx context.Context, q db.Q, where string, args ...any) (*Resource, error) {
	r, err := db.One[Resource](ctx, q, selectResource+where, args...)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// Create stores a resource. An empty id is drawn; a zero life of tokens is the
// default. An indicator with OrganizationPrefix is web.ErrInvalidInput.
func Create(ctx context.Context, tx *db.Tx, now int64, r Resource) (*Resource, error) {
	if strings.HasPrefix(r.Indicator, OrganizationPrefix) {
		return nil, web.Invalid("indicator", "This is the audience of an organization")
	}
	if r.ID == "" {
		r.ID = ids.Long()
	}
	if r.AccessTokenTTL == 0 {
		r.AccessTokenTTL = DefaultAccessTokenTTL
	}
	r.CreatedAt = now
	_, err := tx.Exec(ctx, `INSERT INTO resources (tenant_id, id, name, indicator, is_default, access_token_ttl, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, r.ID, r.Name, r.Indicator, r.IsDefault, r.AccessTokenTTL, r.CreatedAt)
	if db.IsUnique(err, "resources", "indicator") {
		return nil, ErrIndicatorTaken
	}
	if err != nil {
		return nil, err
	}
	return &r, tx.Touch(ctx, family)
}

// CreateScope stores a scope of a resource. An empty id is drawn. A resource that
// does not exist is errs.ErrReference.
func CreateScope(ctx context.Context, tx *db.Tx, now int64, s Scope) (*Scope, error) {
	if s.ID == "" {
		s.ID = ids.Long()
	}
	s.CreatedAt = now
	_, err := tx.Exec(ctx, `INSERT INTO scopes (tenant_id, id, resource_id, name, description, created_at)
		VALUES ($1, $2, $3, $4, $5, $6)`, s.ID, s.ResourceID, s.Name, s.Description, s.CreatedAt)
	if db.IsUnique(err, "scopes", "name") {
		return nil, ErrScopeTaken
	}
	if db.IsReference(err) {
		return nil, errs.ErrReference.Wrap(err)
	}
	if err != nil {
		return nil, err
	}
	return &s, tx.Touch(ctx, family)
}

// Scopes returns the scopes of a resource, ordered by name.
func Scopes(ctx context.Context, q db.Q, resourceID string) ([]Scope, error) {
	return db.All[Scope](ctx, q, `SELECT `+scopeColumns+`
		FROM scopes WHERE tenant_id = $1 AND resource_id = $2 ORDER BY name`, resourceID)
}
