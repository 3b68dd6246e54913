package accountcenter

import (
	"context"
	"slices"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
)

// ErrTwice: a row of the profile page is named twice.
var ErrTwice = errs.New(400, "request.invalid_input")

// Change applies a change to the settings and stores them. Changes of one tenant
// wait for each other, so that none is lost; change returns why it may not be.
func Change(ctx context.Context, tx *db.Tx, now int64, change func(*Settings) error) (*Settings, error) {
	// The lock comes before the read.
	if _, err := tx.Exec(ctx, `UPDATE account_centers SET updated_at = $2 WHERE tenant_id = $1`, now); err != nil {
		return nil, err
	}
	s, err := Get(ctx, tx)
	if err != nil {
		return nil, err
	}
	if err := change(s); err != nil {
		return nil, err
	}
	s.WebAuthnRelatedOrigins = distinct(s.WebAuthnRelatedOrigins)
	if len(distinct(s.ProfileFields)) < len(s.ProfileFields) {
		return nil, ErrTwice.WithArgs(map[string]any{"reason": "A profile field is named twice."})
	}
	s.ProfileFields = slices.DeleteFunc(s.ProfileFields, func(f ProfileField) bool { return !f.isKnown() })
	return s, Save(ctx, tx, now, s)
}

// distinct returns a list without repetitions, in its order; nil stays nil.
func distinct[T comparable](list []T) []T {
	seen := make(map[T]bool, len(list))
	return slices.DeleteFunc(slices.Clone(list), func(v T) bool {
		was := seen[v]
		seen[v] = true
		return was
	})
}
