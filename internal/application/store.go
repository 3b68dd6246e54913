package application

import (
	"context"
	"errors"
	"strconv"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/ids"
)

// Family is the cache family of applications with their secrets.
const Family = "application"

// defaultSecretName is the name of the secret that an application begins with.
const defaultSecretName = "Default secret"

type row struct {
	ID              string                  `db:"id"`
	Name            string                  `db:"name"`
	Description     *string                 `db:"description"`
	Type            Type                    `db:"type"`
	IsThirdParty    bool                    `db:"is_third_party"`
	IsAccessLimited bool                    `db:"is_access_control_enabled"`
	OIDC            db.JSON[ClientMetadata] `db:"oidc_client_metadata"`
	Custom          db.JSON[CustomMetadata] `db:"custom_client_metadata"`
	CustomData      db.JSON[map[string]any] `db:"custom_data"`
	CreatedAt       int64                   `db:"created_at"`

	Protected    db.JSON[*ProtectedMetadata] `db:"protected_app_metadata"`
	Registration db.JSON[*Registration]      `db:"registration"`
}

const applicationColumns = `id, name, description, type, is_third_party, is_access_control_enabled,
	oidc_client_metadata, custom_client_metadata, protected_app_metadata, registration, custom_data, created_at`

const selectApplication = `SELECT ` + applicationColumns + ` FROM applications WHERE tenant_id = $1 AND id = $2`

func (r row) application() *Application {
	return &Application{
		ID: r.ID, Name: r.Name, Description: r.Description, Type: r.Type, IsThirdParty: r.IsThirdParty,
		IsAccessLimited: r.IsAccessLimited, OIDC: r.OIDC.V, Custom: r.Custom.V, Protected: r.Protected.V,
		CustomData: r.CustomData.V, Registration: r.Registration.V, CreatedAt: r.CreatedAt,
	}
}

// ByID returns an application, or ErrNotFound.
func ByID(ctx context.Context, q db.Q, id string) (*Application, error) {
	return one(ctx, q, selectApplication, id)
}

// lock is ByID for one that is about to change: the row is held until the
// transaction ends.
func lock(ctx context.Context, tx *db.Tx, id string) (*Application, error) {
	return one(ctx, tx, selectApplication+tx.Dialect().ForUpdate(), id)
}

func one(ctx context.Context, q db.Q, query, id string) (*Application, error) {
	r, err := db.One[row](ctx, q, query, id)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return r.application(), nil
}

// Filter narrows a list of applications; its zero value does not.
type Filter struct {
	Types        []Type
	IsThirdParty *bool
	// WithoutRole and OutsideOrganization are ids; applications that hold the
	// role, or belong to the organization, are left out.
	WithoutRole, OutsideOrganization string
	// WithRole is the id of a role that the applications hold.
	WithRole string
	// Where is a search or another condition on the columns of applications.
	Where db.Filter
}

// List returns applications, the newest first, and how many there are.
func List(ctx context.Context, q db.Q, f Filter, r db.Range) ([]Application, int64, error) {
	l := db.Listing{Columns: applicationColumns, From: "applications", Where: "tenant_id = $1", Order: "created_at DESC, id DESC"}
	if len(f.Types) > 0 {
		l.And(func(next int) string { return "type IN (" + db.Placeholders(next, len(f.Types)) + ")" }, db.Args(f.Types)...)
	}
	if f.IsThirdParty != nil {
		l.And(func(next int) string { return "is_third_party = $" + strconv.Itoa(next) }, *f.IsThirdParty)
	}
	if f.WithoutRole != "" {
		l.And(func(next int) string {
			return "id NOT IN (SELECT application_id FROM application_roles WHERE tenant_id = $1 AND role_id = $" + strconv.Itoa(next) + ")"
		}, f.WithoutRole)
	}
	if f.WithRole != "" {
		l.And(func(next int) string {
			return "id IN (SELECT application_id FROM application_roles WHERE tenant_id = $1 AND role_id = $" + strconv.Itoa(next) + ")"
		}, f.WithRole)
	}
	if f.OutsideOrganization != "" {
		l.And(func(next int) string {
			return "id NOT IN (SELECT application_id FROM organization_applications WHERE tenant_id = $1 AND organization_id = $" + strconv.Itoa(next) + ")"
		}, f.OutsideOrganization)
	}
	if err := l.Narrow(q.Dialect(), f.Where); err != nil {
		return nil, 0, err
	}
	rows, total, err := db.List[row](ctx, q, l, r)
	list := make([]Application, 0, len(rows))
	for _, r := range rows {
		list = append(list, *r.application())
	}
	return list, total, err
}

// Create stores a new application, whose id is drawn if it is empty. One of a
// type that authenticates begins with a secret, whose value is returned; else
// that is "".
func Create(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring, a Application) (*Application, string, error) {
	if err := insert(ctx, tx, now, &a); err != nil {
		return nil, "", err
	}
	secret := ""
	if a.Type.HasSecret() {
		var err error
		if secret, err = AddSecret(ctx, tx, now, ring, &a, defaultSecretName, nil); err != nil {
			return nil, "", err
		}
	}
	return &a, secret, tx.Touch(ctx, Family)
}

// insert stores an application without a secret and fills in what is empty.
func insert(ctx context.Context, tx *db.Tx, now int64, a *Application) error {
	if a.ID == "" {
		a.ID = ids.Long()
	}
	a.CreatedAt = now
	if a.OIDC.RedirectURIs == nil {
		a.OIDC.RedirectURIs = []string{}
	}
	if a.OIDC.PostLogoutRedirectURIs == nil {
		a.OIDC.PostLogoutRedirectURIs = []string{}
	}
	if a.CustomData == nil {
		a.CustomData = map[string]any{}
	}
	if err := a.check(); err != nil {
		return err
	}
	var registration any
	if a.Registration != nil {
		registration = db.JSON[Registration]{V: *a.Registration}
	}
	_, err := tx.Exec(ctx, `INSERT INTO applications (tenant_id, id, name, description, type, is_third_party,
			is_access_control_enabled, oidc_client_metadata, custom_client_metadata, custom_data, created_at, registration)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		a.ID, a.Name, a.Description, a.Type, a.IsThirdParty, a.IsAccessLimited, db.JSON[ClientMetadata]{V: a.OIDC},
		db.JSON[CustomMetadata]{V: a.Custom}, db.JSON[map[string]any]{V: a.CustomData}, a.CreatedAt, registration)
	return err
}

// Secret is one of the secrets of an application. Its value is sealed.
type Secret struct {
	Name string `db:"name"`
	// Kind is kindNamed, "legacy" for the one secret of old applications, or
	// KindInternal.
	Kind      string `db:"kind"`
	Hash      []byte `db:"secret_hash"`
	Sealed    []byte `db:"secret_sealed"`
	ExpiresAt *int64 `db:"expires_at"` // epoch milliseconds
}

const kindNamed = "named"

// KindInternal is the kind of a placeholder that authenticates nobody and is
// never shown; InternalSecret begins its value.
const (
	KindInternal   = "internal"
	InternalSecret = "#internal:"
)

// CreateInternal stores an application of our own. Its only secret, if its type
// has any, is a placeholder: until an operator adds a real one, nobody can
// authenticate as the application.
func CreateInternal(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring, a Application) error {
	if err := insert(ctx, tx, now, &a); err != nil {
		return err
	}
	if a.Type.HasSecret() {
		if err := addSecret(ctx, tx, now, ring, &a, Secret{Name: KindInternal, Kind: KindInternal}, InternalSecret+ids.Secret()); err != nil {
			return err
		}
	}
	return tx.Touch(ctx, Family)
}

// Secrets returns the secrets of an application, ordered by name.
func Secrets(ctx context.Context, q db.Q, applicationID string) ([]Secret, error) {
	return db.All[Secret](ctx, q, `SELECT name, kind, secret_hash, secret_sealed, expires_at
		FROM application_secrets WHERE tenant_id = $1 AND application_id = $2 ORDER BY name`, applicationID)
}

// Open returns the value of a secret of an application.
func (s *Secret) Open(ring *crypt.Keyring, tenantID, applicationID string) (string, error) {
	return openSecret(ring, s.Sealed, tenantID, applicationID, s.Name)
}

// AddSecret draws another secret of an application and returns its value. It fails
// with ErrSecretNameTaken, or with ErrNotFound if the application is gone.
func AddSecret(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring, a *Application, name string, expiresAt *int64) (string, error) {
	if !a.Type.HasSecret() {
		return "", ErrNoSecrets
	}
	secret := ids.Secret()
	if err := addSecret(ctx, tx, now, ring, a, Secret{Name: name, Kind: kindNamed, ExpiresAt: expiresAt}, secret); err != nil {
		return "", err
	}
	return secret, nil
}

func addSecret(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring, a *Application, s Secret, value string) error {
	sealed := ring.Seal([]byte(value), "application_secrets", "secret_sealed", tx.TenantID(), a.ID+"|"+s.Name)
	_, err := tx.Exec(ctx, `INSERT INTO application_secrets (tenant_id, application_id, name, kind, secret_hash, secret_sealed, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, a.ID, s.Name, s.Kind, crypt.Hash(value), sealed, now, s.ExpiresAt)
	if db.IsUnique(err, "application_secrets", "name") {
		return ErrSecretNameTaken
	}
	if db.IsReference(err) {
		return ErrNotFound.Wrap(err)
	}
	if err != nil {
		return err
	}
	return tx.Touch(ctx, Family)
}
