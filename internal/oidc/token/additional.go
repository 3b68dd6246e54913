package token

import (
	"context"
	"slices"
	"strings"

	"signet/internal/application"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
)

// AdditionalKeys returns the keys beside the primary one: those that sign, then
// those that are only published so that what they signed verifies.
func AdditionalKeys(ctx context.Context, q db.Q) ([]Key, error) {
	return keysOf(ctx, q, purposeSigning, roleAdditional)
}

// AddSigningKey lets applications choose the algorithm of key. An additional key
// that has it already is replaced, but stays published; one before that is
// dropped.
func AddSigningKey(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring, key *NewKey) error {
	if _, err := lockKeys(ctx, tx, now); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM signing_keys
		WHERE tenant_id = $1 AND purpose = 'oidc' AND role = 'additional' AND algorithm = $2 AND status = 'Previous'`, key.algorithm)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE signing_keys SET status = 'Previous'
		WHERE tenant_id = $1 AND purpose = 'oidc' AND role = 'additional' AND algorithm = $2`, key.algorithm)
	if err != nil {
		return err
	}
	return insertSigningKey(ctx, tx, now, ring, key, roleAdditional, StatusCurrent, nil)
}

// DeleteAdditionalKey stops publishing an additional key: what it signed no longer
// verifies. It fails with ErrKeyNotFound, and with ErrKeyInUse while applications
// have chosen its algorithm and no other key would sign with it.
func DeleteAdditionalKey(ctx context.Context, tx *db.Tx, now int64, id string) error {
	if _, err := lockKeys(ctx, tx, now); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `DELETE FROM signing_keys
		WHERE tenant_id = $1 AND purpose = 'oidc' AND role = 'additional' AND id = $2`, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrKeyNotFound
	}
	return checkChosen(ctx, tx, now)
}

// CheckAlgorithm refuses, with ErrNoSuchAlgorithm, the choice of an algorithm with
// which no key signs, or none will once a next key has taken over. The keys cannot
// change before tx ends.
func CheckAlgorithm(ctx context.Context, tx *db.Tx, now int64, algorithm string) error {
	if _, err := lockKeys(ctx, tx, now); err != nil {
		return err
	}
	lasting, err := lastingAlgorithms(ctx, tx, now)
	if err == nil && !slices.Contains(lasting, algorithm) {
		err = ErrNoSuchAlgorithm.WithArgs(map[string]any{"algorithm": algorithm})
	}
	return err
}

// checkChosen fails with ErrKeyInUse if a change of the keys leaves applications
// without one for the algorithm that they have chosen.
func checkChosen(ctx context.Context, tx *db.Tx, now int64) error {
	lasting, err := lastingAlgorithms(ctx, tx, now)
	if err != nil {
		return err
	}
	chosen, err := application.ChosenAlgorithms(ctx, tx)
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(chosen, func(a string) bool { return slices.Contains(lasting, a) })
	if len(missing) > 0 {
		return ErrKeyInUse.WithArgs(map[string]any{"algorithms": strings.Join(missing, ", ")})
	}
	return nil
}

// lastingAlgorithms are those with which a key signs now and, if a next primary
// key waits, once it has taken over.
func lastingAlgorithms(ctx context.Context, q db.Q, now int64) ([]string, error) {
	additional, err := AdditionalKeys(ctx, q)
	if err != nil {
		return nil, err
	}
	var lasting []string
	for _, k := range additional {
		if k.Status == StatusCurrent {
			lasting = append(lasting, k.Algorithm)
		}
	}
	primary, err := SigningKeys(ctx, q, now)
	if err != nil {
		return nil, err
	}
	current := primary[0].Algorithm // by status, and there always is one
	for _, k := range primary {
		if k.Status == StatusNext && k.Algorithm != current {
			return lasting, nil
		}
	}
	return append(lasting, current), nil
}
