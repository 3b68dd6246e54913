package mfa

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"net/url"
	"regexp"
	"strings"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
)

// Errors of time-based one-time passwords.
var (
	ErrTOTPTaken  = errs.New(422, "user.totp_already_in_use")
	ErrTOTPSecret = errs.New(422, "user.totp_secret_invalid")
)

// totpSecretSize is the length of a new secret in bytes, that of a SHA-1 key
// (RFC 4226 section 4, R6).
const totpSecretSize = 20

var (
	totpEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)
	totpSecret   = regexp.MustCompile(`^[A-Z2-7]{16,32}$`)
)

// NewTOTPSecret draws a secret: 160 bits as 32 characters of base32.
func NewTOTPSecret() string {
	var raw [totpSecretSize]byte
	_, _ = rand.Read(raw[:]) // crypto/rand.Read never returns an error
	return totpEncoding.EncodeToString(raw[:])
}

// CheckTOTPSecret refuses with ErrTOTPSecret what is not 16 to 32 characters of
// base32, or is no whole number of bytes.
func CheckTOTPSecret(secret string) error {
	if !totpSecret.MatchString(secret) {
		return ErrTOTPSecret
	}
	raw, err := totpEncoding.DecodeString(secret)
	if err != nil || totpEncoding.EncodedLen(len(raw)) != len(secret) {
		return ErrTOTPSecret
	}
	return nil
}

// TOTPAddress returns the otpauth URI of a secret, which authenticator
// applications read from a QR code. The issuer is the service, the account who
// has the secret there.
func TOTPAddress(issuer, account, secret string) string {
	// A colon parts the two, so none of them may contain it.
	issuer, account = strings.ReplaceAll(issuer, ":", " "), strings.ReplaceAll(account, ":", " ")
	// Some applications take a plus for itself, not for a space.
	query := strings.ReplaceAll(url.Values{"secret": {secret}, "issuer": {issuer}}.Encode(), "+", "%20")
	return "otpauth://totp/" + url.PathEscape(issuer) + ":" + url.PathEscape(account) + "?" + query
}

// AddTOTP stores a secret (RFC 6238) of a user, who can have one: ErrTOTPTaken.
func AddTOTP(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring, userID, secret string) error {
	id := ids.Long()
	sealed := ring.Seal([]byte(secret), "totp_factors", "secret_sealed", tx.TenantID(), id)
	_, err := tx.Exec(ctx, `INSERT INTO totp_factors (tenant_id, user_id, id, secret_sealed, created_at)
		VALUES ($1, $2, $3, $4, $5)`, userID, id, sealed, now)
	if db.IsUnique(err, "totp_factors", "user_id") {
		return ErrTOTPTaken
	}
	return err
}

func totpFactors(ctx context.Context, q db.Q, userID string) ([]Factor, error) {
	type row struct {
		ID        string `db:"id"`
		CreatedAt int64  `db:"created_at"`
	}
	rows, err := db.All[row](ctx, q, `SELECT id, created_at FROM totp_factors WHERE tenant_id = $1 AND user_id = $2`, userID)
	if err != nil {
		return nil, err
	}
	factors := make([]Factor, len(rows))
	for i, r := range rows {
		factors[i] = Factor{ID: r.ID, CreatedAt: iso(r.CreatedAt), Type: TypeTOTP}
	}
	return factors, nil
}
