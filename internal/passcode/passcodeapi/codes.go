package passcodeapi

import (
	"context"
	"encoding/json"

	"signet/internal/passcode"
	"signet/internal/platform/web"
)

// Codes serves verification codes for programs of the tenant, which ask for one
// on behalf of somebody and verify what comes back.
type Codes struct {
	// Operator guards every operation.
	Operator web.Guard
}

type byEmail struct {
	Email string `json:"email" check:"max=256,pattern=email" example:"ada@example.com"`
}

type byPhone struct {
	Phone string `json:"phone" check:"max=32,pattern=phone" example:"441632960961"`
}

type recipientIn struct {
	Recipient recipient `body:""`
}

// recipient is where a code goes.
type recipient struct{}

// SchemaVariants implements web.Variants.
func (*recipient) SchemaVariants() []any { return []any{byEmail{}, byPhone{}} }

// UnmarshalJSON reads either of the two.
func (*recipient) UnmarshalJSON(raw []byte) error { return either(raw, &byEmail{}, &byPhone{}) }

// No connector can be set up yet that could send a code.
func (c *Codes) send(context.Context, *recipientIn) (*web.Nothing, error) {
	return nil, passcode.ErrNoConnector
}

type codeByEmail struct {
	byEmail

	Code string `json:"verificationCode" check:"min=1,max=64" example:"123456"`
}

type codeByPhone struct {
	byPhone

	Code string `json:"verificationCode" check:"min=1,max=64" example:"123456"`
}

type codeIn struct {
	Code code `body:""`
}

// code is one that somebody has entered, and where it should have been sent.
type code struct{}

// SchemaVariants implements web.Variants.
func (*code) SchemaVariants() []any { return []any{codeByEmail{}, codeByPhone{}} }

// UnmarshalJSON reads either of the two.
func (*code) UnmarshalJSON(raw []byte) error { return either(raw, &codeByEmail{}, &codeByPhone{}) }

// Where no code was ever sent, every one is unknown.
func (c *Codes) verify(context.Context, *codeIn) (*web.Nothing, error) {
	return nil, passcode.ErrCodeNotFound
}

// either reads a body that names a phone number into phone, any other into email.
func either(raw []byte, email, phone any) error {
	var given struct {
		Email any `json:"email"`
		Phone any `json:"phone"`
	}
	if json.Unmarshal(raw, &given) == nil && given.Email == nil && given.Phone != nil {
		return web.Decode(raw, phone)
	}
	return web.Decode(raw, email)
}
