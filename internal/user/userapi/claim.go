package userapi

import (
	"context"
	"errors"

	"signet/internal/platform/db"
	"signet/internal/user"
)

// claim is an identifier that a user is to get.
type claim struct {
	value string
	owner func(ctx context.Context, q db.Q, value string) (*user.User, error)
	taken error
}

func byUsername(value string, caseSensitive bool) claim {
	return claim{value, func(ctx context.Context, q db.Q, value string) (*user.User, error) {
		return user.ByUsername(ctx, q, value, caseSensitive)
	}, user.ErrUsernameTaken}
}

func byEmail(value string) claim { return claim{value, user.ByEmail, user.ErrEmailTaken} }
func byPhone(value string) claim { return claim{value, user.ByPhone, user.ErrPhoneTaken} }

// unclaimed returns the refusal of the first identifier that belongs to another
// user than self. It decides which one is told; that nobody shares an identifier
// is up to the database.
func unclaimed(ctx context.Context, q db.Q, self string, claims ...claim) error {
	for _, c := range claims {
		if c.value == "" {
			continue
		}
		owner, err := c.owner(ctx, q, c.value)
		if errors.Is(err, user.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if owner.ID != self {
			return c.taken
		}
	}
	return nil
}
