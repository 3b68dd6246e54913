package user

import (
	"context"

	"signet/internal/platform/db"
)

// Hold returns the user, whom nobody else changes until the transaction ends,
// or ErrNotFound: for rules over several things that a user has.
func Hold(ctx context.Context, tx *db.Tx, id string) (*User, error) {
	return one(ctx, tx, `id = $2`+tx.Dialect().ForUpdate(), id)
}

// Share returns the user as Hold does, beside others who share it: for what is
// stored for a user, so that whoever locks them out meanwhile waits and finds it.
func Share(ctx context.Context, tx *db.Tx, id string) (*User, error) {
	return one(ctx, tx, `id = $2`+tx.Dialect().ForShare(), id)
}
