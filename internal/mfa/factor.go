package mfa

import (
	"context"
	"slices"
	"strings"
	"time"

	"signet/internal/platform/db"
)

// Factor is a second factor as its user and operators see it: no keys, secrets,
// codes or counters. Times are ISO 8601.
type Factor struct {
	ID         string  `json:"id"`
	CreatedAt  string  `json:"createdAt" example:"2026-11-26T09:30:00.000Z"`
	LastUsedAt *string `json:"lastUsedAt,omitempty" example:"2026-11-26T09:30:00.000Z"`
	Type       string  `json:"type" check:"enum=Totp|WebAuthn|BackupCode|EmailVerificationCode|PhoneVerificationCode"`
	// Agent is the browser that registered a passkey, as it named itself.
	Agent *string `json:"agent,omitempty"`
	Name  *string `json:"name,omitempty"`
	// RemainCodes is the number of unused backup codes.
	RemainCodes *int `json:"remainCodes,omitempty"`
}

// The types of factors that a user holds.
const (
	TypeTOTP       = "Totp"
	TypeWebAuthn   = "WebAuthn"
	TypeBackupCode = "BackupCode"
)

// Factor returns what the credential's user sees of it.
func (c *Credential) Factor() Factor {
	agent := ""
	if c.UserAgent != nil {
		agent = *c.UserAgent
	}
	f := Factor{ID: c.ID, CreatedAt: iso(c.CreatedAt), Type: TypeWebAuthn, Agent: &agent, Name: c.Name}
	if c.LastUsedAt != nil {
		used := iso(*c.LastUsedAt)
		f.LastUsedAt = &used
	}
	return f
}

// iso formats epoch milliseconds as JavaScript's toISOString does.
func iso(millis int64) string { return time.UnixMilli(millis).UTC().Format("2006-01-02T15:04:05.000Z") }

// FactorsOf returns every factor of a user, the oldest first.
func FactorsOf(ctx context.Context, q db.Q, userID string) ([]Factor, error) {
	credentials, err := CredentialsOf(ctx, q, userID)
	if err != nil {
		return nil, err
	}
	factors := []Factor{}
	for i := range credentials {
		factors = append(factors, credentials[i].Factor())
	}
	for _, more := range []func(context.Context, db.Q, string) ([]Factor, error){totpFactors, backupFactors} {
		list, err := more(ctx, q, userID)
		if err != nil {
			return nil, err
		}
		factors = append(factors, list...)
	}
	slices.SortStableFunc(factors, func(a, b Factor) int { return strings.Compare(a.CreatedAt, b.CreatedAt) })
	return factors, nil
}

// OtherKinds returns of which kinds the factors of a user are that are no
// credentials. Backup codes count while one is unused.
func OtherKinds(ctx context.Context, q db.Q, userID string) ([]string, error) {
	return db.All[string](ctx, q, `SELECT '`+TypeTOTP+`' FROM totp_factors WHERE tenant_id = $1 AND user_id = $2
		UNION SELECT '`+TypeBackupCode+`' FROM backup_codes WHERE tenant_id = $1 AND user_id = $2 AND used_at IS NULL`, userID)
}

// factorTables hold the factors; backup codes go with their sets.
var factorTables = []string{"webauthn_credentials", "totp_factors", "backup_code_sets"}

// DeleteFactor removes a factor of the user whatever its type; false if the
// user has none of that id.
func DeleteFactor(ctx context.Context, tx *db.Tx, userID, id string) (bool, error) {
	for _, table := range factorTables {
		n, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE tenant_id = $1 AND user_id = $2 AND id = $3`, userID, id)
		if err != nil || n > 0 {
			return n > 0, err
		}
	}
	return false, nil
}

// DeleteAll removes every factor of the user and returns how many there were.
func DeleteAll(ctx context.Context, tx *db.Tx, userID string) (int64, error) {
	var removed int64
	for _, table := range factorTables {
		n, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE tenant_id = $1 AND user_id = $2`, userID)
		if err != nil {
			return 0, err
		}
		removed += n
	}
	return removed, nil
}
