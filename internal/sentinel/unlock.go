package sentinel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/user"
)

// Unlock forgets the failed attempts at targets and ends their lockouts. A
// target is an identifier, which stands for the user who has it too, the id of a
// user, or the SHA-256 of one of them in hex.
func Unlock(ctx context.Context, d *db.DB, targets []string) error {
	// It may look at everybody, and nobody must wait for that to write.
	hashes, err := behindHashes(ctx, d, targets)
	if err != nil {
		return err
	}
	return d.Tx(ctx, func(tx *db.Tx) error {
		hashes := slices.Clone(hashes)
		for _, target := range targets {
			named, err := hashesOf(ctx, tx, target)
			if err != nil {
				return err
			}
			hashes = append(hashes, named...)
		}
		for _, hash := range hashes {
			if err := forget(ctx, tx, hash); err != nil {
				return err
			}
		}
		return nil
	})
}

func forget(ctx context.Context, tx *db.Tx, hash []byte) error {
	if _, err := tx.Exec(ctx, `DELETE FROM sentinel_activities WHERE tenant_id = $1 AND target_hash = $2`, hash); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE sentinel_targets SET blocked_until = 0 WHERE tenant_id = $1 AND target_hash = $2`, hash)
	return err
}

// hashesOf returns the hashes under which attempts at an identifier, or a user by
// id, may be counted.
func hashesOf(ctx context.Context, q db.Q, target string) ([][]byte, error) {
	folded := foldIdentifier(target)
	hashes := [][]byte{crypt.Hash(folded), crypt.Hash("nobody\x00" + folded)}
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

// behindHashes returns those of targets that are hashes, and the hashes under which
// attempts at the identifiers behind them, and at the users who have these, are
// counted. Hashes are of an identifier as it is stored or as it is counted.
func behindHashes(ctx context.Context, q db.Q, targets []string) ([][]byte, error) {
	var hashes [][]byte
	asked := map[string]bool{}
	for _, target := range targets {
		raw, err := hex.DecodeString(target)
		if err == nil && len(raw) == sha256.Size {
			hashes, asked[string(raw)] = append(hashes, raw), true
		}
	}
	if len(asked) == 0 {
		return nil, nil
	}
	err := user.EachIdentified(ctx, q, func(u user.Identified) {
		for _, identifier := range []*string{u.Username, u.PrimaryEmail, u.PrimaryPhone} {
			if identifier == nil {
				continue
			}
			folded := crypt.Hash(foldIdentifier(*identifier))
			if asked[string(crypt.Hash(*identifier))] || asked[string(folded)] {
				hashes = append(hashes, folded, crypt.Hash(u.ID))
			}
		}
	})
	return hashes, err
}
