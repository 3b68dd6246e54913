package settings

import (
	"context"

	"signet/internal/platform/db"
)

const keyCIMD = "cimd"

// CIMD configures clients that nobody has registered: whose id is the address of a
// document in which they describe themselves.
type CIMD struct {
	Enabled bool `json:"enabled"`
}

// GetCIMD returns whether such clients are served; at first they are not.
func GetCIMD(ctx context.Context, q db.Q) (*CIMD, error) {
	c, err := get[CIMD](ctx, q, keyCIMD)
	if err == nil && c == nil {
		c = &CIMD{}
	}
	return c, err
}

// PutCIMD stores whether such clients are served.
func PutCIMD(ctx context.Context, tx *db.Tx, now int64, c CIMD) error {
	return put(ctx, tx, now, keyCIMD, c)
}
