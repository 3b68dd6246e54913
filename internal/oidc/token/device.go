package token

import (
	"context"
	"encoding/json"
	"errors"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/ids"
)

// What has become of a device code.
const (
	DevicePending  = "pending"
	DeviceApproved = "approved"
	DeviceDenied   = "denied"
)

// DeviceCode is a device that waits for a person to sign it in (RFC 8628 section
// 3.2). Its Approval has the client alone until somebody has approved it. Times
// are milliseconds.
type DeviceCode struct {
	Approval

	// Hash names the code in the database and opens nothing.
	Hash []byte
	// Status is DevicePending, DeviceApproved or DeviceDenied.
	Status string
	// Params is the device's request as it was checked.
	Params     json.RawMessage
	ExpiresAt  int64
	ConsumedAt *int64
}

// maxDraws bounds the search for a user code that nobody else has. Thousands of
// devices share 25 billion codes, so one draw is nearly always enough.
const maxDraws = 5

// IssueDevice stores the request of a device for DeviceTTL and returns the code
// with which the device asks for its tokens, and the one that a person types.
func IssueDevice(ctx context.Context, q db.Q, now int64, clientID string, params json.RawMessage) (deviceCode, userCode string, err error) {
	deviceCode = ids.Token()
	for range maxDraws {
		userCode = newUserCode()
		n, err := q.Exec(ctx, `INSERT INTO device_codes (tenant_id, code_hash, user_code_hash, client_id, params, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, user_code_hash) DO NOTHING`,
			crypt.Hash(deviceCode), crypt.Hash(userCode), clientID, db.JSON[json.RawMessage]{V: params}, now+millis(DeviceTTL))
		if err != nil {
			return "", "", err
		}
		if n == 1 {
			return deviceCode, userCode, nil
		}
	}
	return "", "", errors.New("token: every user code that was drawn is in use")
}

type deviceRow struct {
	Hash       []byte                   `db:"code_hash"`
	ClientID   string                   `db:"client_id"`
	Params     db.JSON[json.RawMessage] `db:"params"`
	Status     string                   `db:"status"`
	GrantID    *string                  `db:"grant_id"`
	Approval   *db.JSON[Approval]       `db:"approval"`
	ExpiresAt  int64                    `db:"expires_at"`
	ConsumedAt *int64                   `db:"consumed_at"`
}

// DeviceByCode returns the device of a device code, consumed and expired ones
// too; nil if there is none.
func DeviceByCode(ctx context.Context, q db.Q, deviceCode string) (*DeviceCode, error) {
	return DeviceByHash(ctx, q, crypt.Hash(deviceCode))
}

// DeviceByHash is DeviceByCode for what the database knows the code by.
func DeviceByHash(ctx context.Context, q db.Q, hash []byte) (*DeviceCode, error) {
	return oneDevice(ctx, q, `code_hash = $2`, hash)
}

// DeviceByUserCode is DeviceByCode for the code that a person types, in the form
// of UserCode.
func DeviceByUserCode(ctx context.Context, q db.Q, userCode string) (*DeviceCode, error) {
	return oneDevice(ctx, q, `user_code_hash = $2`, crypt.Hash(userCode))
}

func oneDevice(ctx context.Context, q db.Q, where string, hash []byte) (*DeviceCode, error) {
	row, err := db.One[deviceRow](ctx, q, `SELECT code_hash, client_id, params, status, grant_id, approval, expires_at, consumed_at
		FROM device_codes WHERE tenant_id = $1 AND `+where, hash)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d := &DeviceCode{
		Hash: row.Hash, Status: row.Status, Params: row.Params.V, ExpiresAt: row.ExpiresAt, ConsumedAt: row.ConsumedAt,
	}
	if row.Approval != nil && row.GrantID != nil {
		d.Approval, d.GrantID = row.Approval.V, *row.GrantID
	}
	d.ClientID = row.ClientID
	return d, nil
}

// ApproveDevice lets the waiting device of that hash have tokens under the live
// grant g, which becomes the approval's; it reports false if the device no longer
// waits.
func ApproveDevice(ctx context.Context, tx *db.Tx, now int64, hash []byte, g *Grant, a Approval) (bool, error) {
	g, err := g.held(ctx, tx, now)
	if err != nil {
		return false, err
	}
	n, err := tx.Exec(ctx, `UPDATE device_codes SET status = 'approved', grant_id = $4, approval = $5
		WHERE tenant_id = $1 AND code_hash = $2 AND status = 'pending' AND expires_at > $3`,
		hash, now, g.ID, db.JSON[Approval]{V: a})
	return n == 1, err
}

// DenyDevice ends the wait of a device with a no, if it still waits.
func DenyDevice(ctx context.Context, q db.Q, now int64, hash []byte) error {
	_, err := q.Exec(ctx, `UPDATE device_codes SET status = 'denied'
		WHERE tenant_id = $1 AND code_hash = $2 AND status = 'pending' AND expires_at > $3`, hash, now)
	return err
}

// RedeemDevice consumes an approved device code; it reports false if somebody has
// consumed it before, or it has expired.
func RedeemDevice(ctx context.Context, tx *db.Tx, now int64, hash []byte) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE device_codes SET consumed_at = $3
		WHERE tenant_id = $1 AND code_hash = $2 AND status = 'approved' AND consumed_at IS NULL AND expires_at > $3`,
		hash, now)
	return n == 1, err
}
