package userapi

import (
	"bytes"
	"context"
	"encoding/base64"
	"image/png"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"signet/internal/mfa"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/tenant"
	"signet/internal/user"
)

// Factors serves the second factors and the personal access tokens of users.
type Factors struct {
	Clock   clock.Clock
	Keyring *crypt.Keyring
	// Operator guards every operation.
	Operator web.Guard
}

type factorsIn struct {
	UserID string `path:"userId" check:"max=128"`
}

func (f *Factors) list(ctx context.Context, in *factorsIn) (*[]mfa.Factor, error) {
	t := tenant.From(ctx)
	if _, err := user.ByID(ctx, t.DB, in.UserID); err != nil {
		return nil, err
	}
	factors, err := mfa.FactorsOf(ctx, t.DB, in.UserID)
	return &factors, err
}

// newFactor is one of several bodies, told apart by their type.
type newFactor struct {
	totp   *newTOTP
	backup *newBackupCodes
}

type newTOTP struct {
	Type   string  `json:"type" check:"enum=Totp"`
	Secret *string `json:"secret" check:"max=256" example:"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"`
}

type newBackupCodes struct {
	Type  string    `json:"type" check:"enum=BackupCode"`
	Codes *[]string `json:"codes" check:"max=256" example:"[\"3f9a1c07be\"]"`
}

// SchemaVariants implements web.Variants.
func (*newFactor) SchemaVariants() []any { return []any{newTOTP{}, newBackupCodes{}} }

// UnmarshalJSON implements json.Unmarshaler.
func (n *newFactor) UnmarshalJSON(raw []byte) error {
	var head struct {
		Type string `json:"type" check:"enum=Totp|BackupCode"`
	}
	if err := web.Decode(raw, &head); err != nil {
		return err
	}
	if head.Type == mfa.TypeTOTP {
		n.totp = &newTOTP{}
		return web.Decode(raw, n.totp)
	}
	n.backup = &newBackupCodes{}
	return web.Decode(raw, n.backup)
}

type newFactorIn struct {
	factorsIn

	Body newFactor `body:""`
}

// madeFactor is what was drawn or given: the fields of one of its variants.
type madeFactor struct {
	Type   string   `json:"type"`
	Secret string   `json:"secret,omitempty"`
	QRCode string   `json:"secretQrCode,omitempty"`
	Codes  []string `json:"codes,omitempty"`
}

type madeTOTP struct {
	Type   string `json:"type" check:"enum=Totp"`
	Secret string `json:"secret" example:"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"`
	QRCode string `json:"secretQrCode" example:"data:image/png;base64,iVBORw0KGgo"`
}

type madeBackupCodes struct {
	Type  string   `json:"type" check:"enum=BackupCode"`
	Codes []string `json:"codes" example:"[\"3f9a1c07be\"]"`
}

// SchemaVariants implements web.Variants.
func (*madeFactor) SchemaVariants() []any { return []any{madeTOTP{}, madeBackupCodes{}} }

func (f *Factors) create(ctx context.Context, in *newFactorIn) (*madeFactor, error) {
	if in.Body.totp != nil {
		return f.createTOTP(ctx, in.UserID, in.Body.totp.Secret)
	}
	return f.createBackupCodes(ctx, in.UserID, in.Body.backup.Codes)
}

func (f *Factors) createTOTP(ctx context.Context, userID string, given *string) (*madeFactor, error) {
	t := tenant.From(ctx)
	secret := mfa.NewTOTPSecret()
	if given != nil {
		secret = *given
	}
	owner, err := db.Do(ctx, t.DB, func(tx *db.Tx) (*user.User, error) {
		owner, err := user.Hold(ctx, tx, userID)
		if err != nil {
			return nil, err
		}
		if err := mfa.CheckTOTPSecret(secret); err != nil {
			return nil, err
		}
		return owner, mfa.AddTOTP(ctx, tx, f.Clock.Millis(), f.Keyring, userID, secret)
	})
	if err != nil {
		return nil, err
	}
	image, err := qrCode(mfa.TOTPAddress(t.Endpoint.Hostname(), owner.DisplayName(), secret))
	return &madeFactor{Type: mfa.TypeTOTP, Secret: secret, QRCode: image}, err
}

// pixels is the least width of a module of a QR code.
const pixels = 4

// qrCode returns text as a QR code, in the data URL of a PNG image.
func qrCode(text string) (string, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", err
	}
	size := code.Bounds().Dx() * pixels
	if code, err = barcode.Scale(code, size, size); err != nil {
		return "", err
	}
	var image bytes.Buffer
	if err := png.Encode(&image, code); err != nil {
		return "", err
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(image.Bytes()), nil
}

func (f *Factors) createBackupCodes(ctx context.Context, userID string, given *[]string) (*madeFactor, error) {
	codes := mfa.NewBackupCodes()
	if given != nil {
		codes = *given
	}
	err := tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		if _, err := user.Hold(ctx, tx, userID); err != nil {
			return err
		}
		return mfa.AddBackupCodes(ctx, tx, f.Clock.Millis(), f.Keyring, userID, codes)
	})
	if err != nil {
		return nil, err
	}
	return &madeFactor{Type: mfa.TypeBackupCode, Codes: codes}, nil
}

type factorIn struct {
	factorsIn

	ID string `path:"verificationId" check:"max=128"`
}

func (f *Factors) remove(ctx context.Context, in *factorIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		found, err := mfa.DeleteFactor(ctx, tx, in.UserID, in.ID)
		if err == nil && !found {
			return errs.ErrNotFound
		}
		return err
	})
}
