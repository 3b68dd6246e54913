// Package passcode holds what is sent to a mailbox to prove who reads it:
// one-time tokens, which travel in links.
package passcode

import (
	"context"
	"errors"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
)

// Errors of one-time tokens.
var (
	ErrTokenNotFound = errs.New(404, "one_time_token.token_not_found")
	ErrTokenEmail    = errs.New(400, "one_time_token.email_mismatch")
	ErrTokenExpired  = errs.New(400, "one_time_token.token_expired")
	ErrTokenConsumed = errs.New(400, "one_time_token.token_consumed")
	ErrTokenRevoked  = errs.New(400, "one_time_token.token_revoked")
	// ErrTokenReactivated: a token that has ended stays ended.
	ErrTokenReactivated = errs.New(400, "one_time_token.cannot_reactivate_token")
)

// DefaultOneTimeTTL is the life of a one-time token in seconds where the
// operator says nothing.
const DefaultOneTimeTTL = 600

// OneTimeStatus is what has become of a one-time token.
type OneTimeStatus string

// The states of a one-time token.
const (
	OneTimeActive   OneTimeStatus = "active"
	OneTimeConsumed OneTimeStatus = "consumed"
	OneTimeRevoked  OneTimeStatus = "revoked"
	OneTimeExpired  OneTimeStatus = "expired"
)

// OneTimeContext is what the token's use is meant for.
type OneTimeContext struct {
	// JITOrganizationIDs are organizations that the user joins by the token.
	JITOrganizationIDs []string `json:"jitOrganizationIds,omitempty" check:"max=128"`
	InteractionEvent   *string  `json:"interactionEvent,omitempty" check:"enum=SignIn|Register|ForgotPassword"`
}

// OneTime is a one-time token: whoever presents it along with the email address
// reads that mailbox. Times are epoch milliseconds; of the last three at most
// one is set.
type OneTime struct {
	ID         string                  `db:"id"`
	Email      string                  `db:"email"`
	Sealed     []byte                  `db:"token_sealed"`
	Context    db.JSON[OneTimeContext] `db:"context"`
	CreatedAt  int64                   `db:"created_at"`
	ExpiresAt  int64                   `db:"expires_at"`
	ConsumedAt *int64                  `db:"consumed_at"`
	RevokedAt  *int64                  `db:"revoked_at"`
	ExpiredAt  *int64                  `db:"expired_at"`
}

// StatusAt returns the status. A token whose time is over has expired, whether
// or not that was written down.
func (o *OneTime) StatusAt(now int64) OneTimeStatus {
	switch {
	case o.ConsumedAt != nil:
		return OneTimeConsumed
	case o.RevokedAt != nil:
		return OneTimeRevoked
	case o.ExpiredAt != nil || o.ExpiresAt <= now:
		return OneTimeExpired
	}
	return OneTimeActive
}

// refusal returns why the token proves nothing for the address.
func (o *OneTime) refusal(now int64, email string) error {
	switch {
	case o.Email != email:
		return ErrTokenEmail
	case o.ExpiredAt != nil || o.ExpiresAt <= now:
		return ErrTokenExpired
	case o.RevokedAt != nil:
		return ErrTokenRevoked
	}
	return ErrTokenConsumed
}

// PublishedOneTime is a one-time token as the API shows it.
type PublishedOneTime struct {
	TenantID  string         `json:"tenantId" check:"max=21"`
	ID        string         `json:"id" check:"max=21"`
	Email     string         `json:"email" check:"max=128"`
	Token     string         `json:"token" check:"max=256" example:"q0Vg7XQm2rT9bJw4ZfN1sL8kPdY3hCxA"`
	Context   OneTimeContext `json:"context"`
	Status    OneTimeStatus  `json:"status" check:"enum=active|consumed|revoked|expired"`
	CreatedAt int64          `json:"createdAt"`
	ExpiresAt int64          `json:"expiresAt"`
}

// Published returns what the API shows of the token at the time now.
func (o *OneTime) Published(ring *crypt.Keyring, tenantID string, now int64) (*PublishedOneTime, error) {
	token, err := ring.Open(o.Sealed, oneTimeTable, "token_sealed", tenantID, o.ID)
	if err != nil {
		return nil, err
	}
	return &PublishedOneTime{
		TenantID: tenantID, ID: o.ID, Email: o.Email, Token: string(token), Context: o.Context.V,
		Status: o.StatusAt(now), CreatedAt: o.CreatedAt, ExpiresAt: o.ExpiresAt,
	}, nil
}

// IssueOneTime draws a token for an email address that lives for ttl seconds.
// Overdue tokens of the address are marked as expired.
func IssueOneTime(ctx context.Context, tx *db.Tx, now int64, ring *crypt.Keyring, email string, ttl int64, c OneTimeContext) (*OneTime, error) {
	if err := markOverdue(ctx, tx, now, email); err != nil {
		return nil, err
	}
	token := ids.Secret()
	o := &OneTime{
		ID: ids.Long(), Email: email, Context: db.JSON[OneTimeContext]{V: c},
		CreatedAt: now, ExpiresAt: now + ttl*1000,
	}
	o.Sealed = ring.Seal([]byte(token), oneTimeTable, "token_sealed", tx.TenantID(), o.ID)
	return o, insertOneTime(ctx, tx, o, crypt.Hash(token))
}

// ConsumeOneTime spends a token, once, for exactly that spelling of the email
// address. It fails, in this order, with ErrTokenNotFound, ErrTokenEmail,
// ErrTokenExpired, ErrTokenConsumed, ErrTokenRevoked.
func ConsumeOneTime(ctx context.Context, tx *db.Tx, now int64, token, email string) (*OneTime, error) {
	hash := crypt.Hash(token)
	o, err := spendOneTime(ctx, tx, now, hash, email)
	if !errors.Is(err, db.ErrNoRows) {
		return o, err
	}
	o, err = oneOneTime(ctx, tx, `token_hash = $2`, hash)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrTokenNotFound
	}
	if err != nil {
		return nil, err
	}
	return nil, o.refusal(now, email)
}

// EndOneTime gives a token another status than active, whatever it had.
func EndOneTime(ctx context.Context, tx *db.Tx, now int64, id string, status OneTimeStatus) (*OneTime, error) {
	if status == OneTimeActive {
		return nil, ErrTokenReactivated
	}
	o, err := endOneTime(ctx, tx, now, id, status)
	if errors.Is(err, db.ErrNoRows) {
		return nil, errs.ErrNotExists
	}
	return o, err
}
