package grant

import (
	"context"

	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
)

// deviceReady answers a device whose person has not agreed, or not yet (RFC 8628
// section 3.5).
func deviceReady(ctx context.Context, q db.Q, rq *request) error {
	_, err := answeredDevice(ctx, q, rq)
	return err
}

// answeredDevice returns the device of the request, for which a person has
// agreed, spent or not.
func answeredDevice(ctx context.Context, q db.Q, rq *request) (*token.DeviceCode, error) {
	value, err := rq.params.Require("device_code")
	if err != nil {
		return nil, err
	}
	device, err := token.DeviceByCode(ctx, q, value)
	if err != nil {
		return nil, err
	}
	switch {
	case device == nil || device.ClientID != rq.client.ID:
		return nil, proto.ErrInvalidGrant
	case device.ConsumedAt != nil:
		return device, nil
	case device.Status == token.DeviceDenied:
		return nil, proto.ErrAborted
	case device.ExpiresAt <= rq.now:
		return nil, proto.ErrExpiredToken
	case device.Status == token.DevicePending:
		return nil, proto.ErrAuthorizationPending
	}
	return device, nil
}

// redeemDevice is the device code grant (RFC 8628 section 3.4). What the wrong
// client sends consumes nothing; what the right one sends twice revokes the grant.
func redeemDevice(ctx context.Context, tx *db.Tx, rq *request) (*authorization, error) {
	device, err := answeredDevice(ctx, tx, rq)
	if err != nil {
		return nil, err
	}
	g, err := token.LockGrant(ctx, tx, rq.now, device.GrantID)
	if err != nil {
		return nil, err
	}
	a := approved(g, &device.Approval)
	redeemed, err := token.RedeemDevice(ctx, tx, rq.now, device.Hash)
	if err == nil && !redeemed {
		err = rq.revokeReused(ctx, tx, g.ID)
	}
	if err != nil {
		return a, err
	}
	return a, rq.complete(ctx, tx, a, &device.Approval)
}
