package mfa

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
)

// Errors of backup codes.
var (
	ErrBackupCodesTaken  = errs.New(422, "user.backup_code_already_in_use")
	ErrBackupCodesAlone  = errs.New(422, "session.mfa.backup_code_can_not_be_alone")
	ErrBackupCodesFormat = errs.New(422, "user.wrong_backup_code_format")
)

const (
	backupCodes    = 10 // of a set
	backupCodeSize = 5  // bytes
)

var backupCode = regexp.MustCompile(`^[\da-fA-F]{10}$`)

// NewBackupCodes draws a set: ten codes of 40 bits in hexadecimal digits.
func NewBackupCodes() []string {
	codes := make([]string, backupCodes)
	for i := range codes {
		var raw [backupCodeSize]byte
		_, _ = rand.Read(raw[:]) // crypto/rand.Read never returns an error
		codes[i] = hex.EncodeToString(raw[:])
	}
	return codes
}

// checkBackupCodes refuses what is not ten different codes; upper and lower case
// are the same code.
func checkBackupCodes(codes []string) error {
	keys := make([]string, len(codes))
	for i, code := range codes {
		keys[i] = strings.ToLower(code)
	}
	slices.Sort(keys)
	if len(slices.Compact(keys)) != backupCodes || len(codes) != backupCodes || slices.ContainsFunc(codes, func(code string) bool {
		return !backupCode.MatchString(code)
	}) {
		return ErrBackupCodesFormat
	}
	return nil
}

// backupCodeHash stands for a code of a user in the database.
func backupCodeHash(ring *crypt.Keyring, userID, code string) []byte {
	return ring.MAC("backup code", userID, strings.ToLower(code))
}

// AddBackupCodes stores a set of codes of a user. It fails, in this order, with
// ErrBackupCodesTaken while an earlier set has an unused code,
// ErrBackupCodesAlone without another factor, and ErrBackupCodesFormat. The
// caller holds the user's row, so that of two sets one waits for the other.
func AddBackupCodes(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring, userID string, codes []string) error {
	factors, err := FactorsOf(ctx, tx, userID)
	if err != nil {
		return err
	}
	alone := true
	for _, f := range factors {
		if f.RemainCodes != nil && *f.RemainCodes > 0 {
			return ErrBackupCodesTaken
		}
		alone = alone && f.Type == TypeBackupCode
	}
	if alone {
		return ErrBackupCodesAlone
	}
	if err := checkBackupCodes(codes); err != nil {
		return err
	}
	set := ids.Long()
	_, err = tx.Exec(ctx, `INSERT INTO backup_code_sets (tenant_id, id, user_id, created_at) VALUES ($1, $2, $3, $4)`, set, userID, now)
	for i := 0; i < len(codes) && err == nil; i++ {
		hash := backupCodeHash(ring, userID, codes[i])
		sealed := ring.Seal([]byte(codes[i]), "backup_codes", "code_sealed", tx.TenantID(), set+"|"+hex.EncodeToString(hash))
		_, err = tx.Exec(ctx, `INSERT INTO backup_codes (tenant_id, user_id, code_hash, set_id, position, code_sealed)
			VALUES ($1, $2, $3, $4, $5, $6)`, userID, hash, set, i, sealed)
	}
	return err
}

func backupFactors(ctx context.Context, q db.Q, userID string) ([]Factor, error) {
	type row struct {
		ID        string `db:"id"`
		CreatedAt int64  `db:"created_at"`
		Remain    int    `db:"remain"`
	}
	rows, err := db.All[row](ctx, q, `SELECT s.id, s.created_at, count(c.code_hash) AS remain
		FROM backup_code_sets s LEFT JOIN backup_codes c ON c.tenant_id = s.tenant_id AND c.set_id = s.id AND c.used_at IS NULL
		WHERE s.tenant_id = $1 AND s.user_id = $2
		GROUP BY s.id, s.created_at ORDER BY s.created_at, s.id`, userID)
	if err != nil {
		return nil, err
	}
	factors := make([]Factor, len(rows))
	for i, r := range rows {
		remain := r.Remain
		factors[i] = Factor{ID: r.ID, CreatedAt: iso(r.CreatedAt), Type: TypeBackupCode, RemainCodes: &remain}
	}
	return factors, nil
}
