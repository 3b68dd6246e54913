package signinapi

import (
	"context"

	"signet/internal/platform/web"
	proof "signet/internal/signin/verification"
	"signet/internal/signinexp"
)

// profileIn is one of several bodies, told apart by their type.
type profileIn struct {
	Body profileBody `body:""`
}

type profileBody struct {
	Type           string
	Value          string
	VerificationID string
	Values         map[string]any
}

type usernameBody struct {
	Type  string `json:"type" check:"enum=username"`
	Value string `json:"value" check:"max=128,pattern=username"`
}

type passwordBody struct {
	Type  string `json:"type" check:"enum=password"`
	Value string `json:"value"`
}

type provenBody struct {
	Type           string `json:"type" check:"enum=email|phone|social"`
	VerificationID string `json:"verificationId" check:"max=128"`
}

type extraBody struct {
	Type   string         `json:"type" check:"enum=extraProfile"`
	Values map[string]any `json:"values"`
}

// SchemaVariants implements web.Variants.
func (*profileBody) SchemaVariants() []any {
	return []any{usernameBody{}, passwordBody{}, provenBody{}, extraBody{}}
}

// UnmarshalJSON implements json.Unmarshaler.
func (b *profileBody) UnmarshalJSON(raw []byte) error {
	var head struct {
		Type string `json:"type" check:"enum=username|password|email|phone|social|extraProfile"`
	}
	if err := web.Decode(raw, &head); err != nil {
		return err
	}
	b.Type = head.Type
	switch b.Type {
	case "username":
		return decodeAs(raw, func(body *usernameBody) { b.Value = body.Value })
	case "password":
		return decodeAs(raw, func(body *passwordBody) { b.Value = body.Value })
	case "extraProfile":
		return decodeAs(raw, func(body *extraBody) { b.Values = body.Values })
	default:
		return decodeAs(raw, func(body *provenBody) { b.VerificationID = body.VerificationID })
	}
}

func decodeAs[T any](raw []byte, use func(*T)) error {
	var body T
	if err := web.Decode(raw, &body); err != nil {
		return err
	}
	use(&body)
	return nil
}

func (h *Handlers) addProfile(ctx context.Context, in *profileIn) (*web.Nothing, error) {
	switch in.Body.Type {
	case "username":
		return nil, h.Engine.SetUsername(ctx, current(ctx), in.Body.Value)
	case "password":
		return nil, h.Engine.SetPassword(ctx, current(ctx), in.Body.Value)
	case "extraProfile":
		return nil, h.Engine.AddExtraProfile(ctx, current(ctx), in.Body.Values)
	default:
		// No proof of an address or of a social identity can exist yet.
		return nil, proof.ErrNotFound
	}
}

type avatarIn struct {
	File *web.File `file:"file"`
}

type avatarOut struct {
	URL string `json:"url" example:"https://auth.example.com/user-assets/k3v9x2m8q1z7r5t0w4y6b.png"`
}

func (h *Handlers) uploadAvatar(ctx context.Context, in *avatarIn) (*avatarOut, error) {
	url, err := h.Engine.UploadAvatar(ctx, current(ctx), in.File)
	if err != nil {
		return nil, err
	}
	return &avatarOut{url}, nil
}

type bindIn struct {
	Type           signinexp.Factor `json:"type" check:"enum=Totp|WebAuthn|BackupCode|EmailVerificationCode|PhoneVerificationCode"`
	VerificationID string           `json:"verificationId" check:"max=128"`
}

func (h *Handlers) bindFactor(ctx context.Context, in *bindIn) (*web.Nothing, error) {
	return nil, h.Engine.BindFactor(ctx, current(ctx), in.Type, in.VerificationID)
}

type bindPasskeyIn struct {
	VerificationID string `json:"verificationId" check:"max=128"`
}

func (h *Handlers) bindPasskey(ctx context.Context, in *bindPasskeyIn) (*web.Nothing, error) {
	return nil, h.Engine.BindPasskey(ctx, current(ctx), in.VerificationID)
}

func (h *Handlers) enableMFA(ctx context.Context, _ *none) (*web.Nothing, error) {
	return nil, h.Engine.EnableMFA(ctx, current(ctx))
}

func (h *Handlers) skipMFA(ctx context.Context, _ *none) (*web.Nothing, error) {
	return nil, h.Engine.SkipMFA(ctx, current(ctx))
}

func (h *Handlers) skipFurtherFactor(ctx context.Context, _ *none) (*web.Nothing, error) {
	return nil, h.Engine.SkipFurtherFactor(ctx, current(ctx))
}

func (h *Handlers) skipPasskey(ctx context.Context, _ *none) (*web.Nothing, error) {
	return nil, h.Engine.SkipPasskey(ctx, current(ctx))
}
