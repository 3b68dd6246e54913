package settings

import (
	"context"

	"signet/internal/platform/db"
)

const keyConsole = "adminConsole"

// Console is what the console remembers of a tenant: which steps its operators
// have taken, and which notes they have read.
type Console struct {
	SignInExperienceCustomized bool `json:"signInExperienceCustomized"`
	OrganizationCreated        bool `json:"organizationCreated"`

	DevelopmentTenantMigrationNotification *MigrationNotification `json:"developmentTenantMigrationNotification,omitempty"`
	CheckedChargeNotification              *ChargeNotification    `json:"checkedChargeNotification,omitempty"`
}

// MigrationNotification is a note about the move of a tenant.
type MigrationNotification struct {
	IsPaidTenant bool   `json:"isPaidTenant"`
	Tag          string `json:"tag" check:"max=128"`
	ReadAt       *int64 `json:"readAt,omitempty"` // epoch milliseconds
}

// ChargeNotification says which notes about prices were read.
type ChargeNotification struct {
	Token               *bool `json:"token,omitempty"`
	APIResource         *bool `json:"apiResource,omitempty"`
	MachineToMachineApp *bool `json:"machineToMachineApp,omitempty"`
	TenantMember        *bool `json:"tenantMember,omitempty"`
}

// GetConsole returns what the console remembers; nothing at first.
func GetConsole(ctx context.Context, q db.Q) (*Console, error) {
	c, err := get[Console](ctx, q, keyConsole)
	if err == nil && c == nil {
		c = &Console{}
	}
	return c, err
}

// ChangeConsole applies a change to what the console remembers. Changes wait for
// each other.
func ChangeConsole(ctx context.Context, tx *db.Tx, now int64, change func(*Console) error) (*Console, error) {
	// The lock comes before the read.
	if err := tx.Touch(ctx, Family); err != nil {
		return nil, err
	}
	c, err := GetConsole(ctx, tx)
	if err != nil {
		return nil, err
	}
	if err := change(c); err != nil {
		return nil, err
	}
	return c, put(ctx, tx, now, keyConsole, c)
}
