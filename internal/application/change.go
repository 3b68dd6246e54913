package application

import (
	"context"
	"errors"
	"maps"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/role"
)

// Patch is what an operator may change of an application. Each JSON property is
// replaced as a whole.
type Patch struct {
	Name            web.Opt[string]         `json:"name" check:"min=1,max=256" example:"Web shop"`
	Description     web.Opt[string]         `json:"description" check:"nullable"`
	OIDC            web.Opt[ClientMetadata] `json:"oidcClientMetadata"`
	Custom          web.Opt[CustomMetadata] `json:"customClientMetadata"`
	CustomData      web.Opt[map[string]any] `json:"customData"`
	IsAccessLimited web.Opt[bool]           `json:"appLevelAccessControlEnabled"`
	// Protected may be null, which changes nothing: that is what reading an
	// application answers.
	Protected web.Opt[ProtectedPatch] `json:"protectedAppMetadata" check:"nullable"`
	// IsAdmin gives or takes the role of callers of the Management API from before
	// roles could be chosen.
	IsAdmin web.Opt[bool] `json:"isAdmin"`
}

// ProtectedPatch is what an operator may change of an application's protection.
type ProtectedPatch struct {
	Origin           *string     `json:"origin" check:"pattern=url"`
	SessionDuration  *int64      `json:"sessionDuration" check:"min=1"` // seconds
	PageRules        *[]PageRule `json:"pageRules"`
	AdditionalScopes *[]string   `json:"additionalScopes" check:"enum=custom_data|identities|roles|urn:logto:scope:organizations|urn:logto:scope:organization_roles"`
}

func (p *Patch) check() error {
	if err := p.OIDC.Value.check(); err != nil {
		return err
	}
	if err := p.Custom.Value.check(); err != nil {
		return err
	}
	return checkCustomData(p.CustomData.Value)
}

// Update changes an application and returns it; a patch that is empty changes
// nothing. The order of its errors is part of the published API.
func Update(ctx context.Context, tx *db.Tx, id string, p Patch) (*Application, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	a, err := lock(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if err := a.allows(ctx, tx, &p); err != nil {
		return nil, err
	}
	if p.IsAdmin.Set {
		if err := a.setAdmin(ctx, tx, p.IsAdmin.Value); err != nil {
			return nil, err
		}
	}
	if p.Protected.Ptr() != nil {
		if a.Type != Protected {
			return nil, ErrNotProtectedBody
		}
		return nil, ErrProtectedUnavailable
	}
	changes := p.changes()
	if changes.Empty() {
		return a, nil
	}
	if _, err := changes.Update(ctx, tx, "applications", id); err != nil {
		return nil, err
	}
	if err := tx.Touch(ctx, Family); err != nil {
		return nil, err
	}
	return ByID(ctx, tx, id)
}

// allows refuses what the application cannot become.
func (a *Application) allows(ctx context.Context, q db.Q, p *Patch) error {
	if a.Type == SAML {
		return ErrUseSAMLAPI
	}
	if p.IsAccessLimited.Value {
		rules, err := Access(ctx, q, a.ID)
		if err != nil {
			return err
		}
		if rules.isEmpty() {
			return ErrNoRules
		}
	}
	switch {
	case a.IsThirdParty && IsTrue(p.Custom.Value.AllowTokenExchange):
		return ErrThirdPartyExchange
	case p.Custom.Set && IsTrue(p.Custom.Value.IsDeviceFlow) != IsTrue(a.Custom.IsDeviceFlow):
		return ErrDeviceFlowFixed
	}
	return p.Custom.Value.checkAuthentication(a.Type)
}

func (p *Patch) changes() db.Changes {
	var changes db.Changes
	web.Column(&changes, "name", p.Name)
	web.Column(&changes, "description", p.Description)
	web.Column(&changes, "is_access_control_enabled", p.IsAccessLimited)
	if p.OIDC.Set {
		changes.Set("oidc_client_metadata", db.JSON[ClientMetadata]{V: p.OIDC.Value})
	}
	if p.Custom.Set {
		changes.Set("custom_client_metadata", db.JSON[CustomMetadata]{V: p.Custom.Value})
	}
	if p.CustomData.Set {
		changes.Set("custom_data", db.JSON[map[string]any]{V: p.CustomData.Value})
	}
	return changes
}

// Reregister changes what a client that has registered itself was registered for.
func Reregister(ctx context.Context, tx *db.Tx, id string, r Registration) error {
	_, err := tx.Exec(ctx, `UPDATE applications SET registration = $3 WHERE tenant_id = $1 AND id = $2 AND registration IS NOT NULL`,
		id, db.JSON[Registration]{V: r})
	if err != nil {
		return err
	}
	return tx.Touch(ctx, Family)
}

// adminRole is the name of the role that isAdmin stands for.
const adminRole = role.InternalPrefix + "admin"

// IsAdmin reports whether an application holds the role that isAdmin stands for.
func IsAdmin(ctx context.Context, q db.Q, id string) (bool, error) {
	n, err := db.One[int](ctx, q, `SELECT count(*) FROM application_roles a
		JOIN roles r ON r.tenant_id = a.tenant_id AND r.id = a.role_id
		WHERE a.tenant_id = $1 AND a.application_id = $2 AND r.name = $3`, id, adminRole)
	return n > 0, err
}

func (a *Application) setAdmin(ctx context.Context, tx *db.Tx, on bool) error {
	if on && a.Type != MachineToMachine {
		return ErrNoRoles
	}
	r, err := role.ByName(ctx, tx, adminRole)
	switch {
	case errors.Is(err, role.ErrNotFound) && on:
		return errs.ErrReference
	case errors.Is(err, role.ErrNotFound):
		return nil
	case err != nil:
		return err
	case !on:
		_, err = roles.Remove(ctx, tx, r.ID, a.ID)
		return err
	}
	_, err = AddRoles(ctx, tx, a.ID, []string{r.ID})
	return err
}

// MergeCustomData sets properties of an application's custom data, keeps the
// others, and returns all of them; errs.ErrTooLong if they become too large.
func MergeCustomData(ctx context.Context, tx *db.Tx, id string, data map[string]any) (map[string]any, error) {
	a, err := lock(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	merged := maps.Clone(a.CustomData)
	if merged == nil {
		merged = map[string]any{}
	}
	maps.Copy(merged, data)
	if err := checkCustomData(merged); err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, `UPDATE applications SET custom_data = $3 WHERE tenant_id = $1 AND id = $2`,
		id, db.JSON[map[string]any]{V: merged})
	if err != nil {
		return nil, err
	}
	if a, err = ByID(ctx, tx, id); err != nil {
		return nil, err
	}
	return a.CustomData, tx.Touch(ctx, Family)
}

// Delete removes an application with everything that belongs to it here. Its
// grants and tokens are the caller's to end.
func Delete(ctx context.Context, tx *db.Tx, id string) error {
	a, err := lock(ctx, tx, id)
	switch {
	case err != nil:
		return err
	case a.Type == SAML:
		return ErrUseSAMLAPI
	case a.Protected != nil && len(a.Protected.CustomDomains) > 0:
		return ErrDomainsFirst
	}
	if _, err := tx.Exec(ctx, `DELETE FROM applications WHERE tenant_id = $1 AND id = $2`, id); err != nil {
		return err
	}
	return tx.Touch(ctx, Family)
}
