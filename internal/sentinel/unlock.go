package sentinel

import (
	"context"
	"encoding/hex"
	"errors"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/user"
)

// Unlock forgets the failed attempts at targets and ends their lockouts. A
// target is an identifier, which stands for the user who has it too, the id of a
// user, or the SHA-256 of one of them in hex.
func Unlock(ctx context.Context, tx *db.Tx, targets []string) error {
	for _, target := range targets {
		hashes, err := hashesOf(ctx, tx, target)
		if err != nil {
			return err
		}
		for _, hash := range hashes {
			if _, err := tx.Exec(ctx, `DELETE FROM sentinel_activities WHERE tenant_id = $1 AND target_hash = $2`, hash); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `UPDATE sentinel_targets SET blocked_until = 0 WHERE tenant_id = $1 AND target_hash = $2`, hash); err != nil {
				return err
			}
		}
	}
	return nil
}

// hashesOf returns the hashes under which attempts at a target may be counted.
func hashesOf(ctx context.Context, q db.Q, target string) ([][]byte, error) {
	folded := foldIdentifier(target)
	hashes := [][]byte{crypt.Hash(folded), crypt.Hash("nobody\x00" + folded)}
	if raw, err := hex.DecodeString(target); err == nil && len(raw) == len(hashes[0]) {
		hashes = append(hashes, raw)
	}
	for _, find := range []func() (*user.User, error){
		func() (*user.User, error) { return user.ByUsername(ctx, q, target, true) },
		func() (*user.User, error) { return user.ByUsername(ctx, q, target, false) },
		func() (*user.User, error) { return user.ByEmail(ctx, q, target) },
		func() (*user.User, error) { return user.ByPhone(ctx, q, target) },
	} {
		u, err := find()
		if errors.Is(err, user.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, crypt.Hash(u.ID))
	}
	return hashes, nil
}
