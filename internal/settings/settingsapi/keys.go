package settingsapi

import (
	"context"

	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

const cookieKeys = "cookie-keys"

type keysIn struct {
	KeyType string `path:"keyType" check:"enum=private-keys|cookie-keys"`
}

// keyOut is a key without its material. Of a cookie key only its id and age are
// told.
type keyOut struct {
	ID        string `json:"id"`
	CreatedAt int64  `json:"createdAt" example:"1790000000"` // epoch seconds

	SigningKeyAlgorithm string `json:"signingKeyAlgorithm,omitempty" check:"enum=EC|RSA|Ed25519"`
	Status              string `json:"status,omitempty" check:"enum=Current|Next|Previous"`
	EffectiveAt         *int64 `json:"effectiveAt,omitempty"` // epoch milliseconds
}

func (a *API) keys(ctx context.Context, in *keysIn) (*[]keyOut, error) {
	return a.list(ctx, tenant.From(ctx).DB, in.KeyType)
}

func (a *API) list(ctx context.Context, q db.Q, keyType string) (*[]keyOut, error) {
	var keys []token.Key
	var err error
	if keyType == cookieKeys {
		keys, err = token.CookieKeys(ctx, q)
	} else {
		keys, err = token.SigningKeys(ctx, q, a.Clock.Millis())
	}
	out := make([]keyOut, len(keys))
	for i, k := range keys {
		out[i] = keyOut{ID: k.ID, CreatedAt: k.CreatedAt / 1000}
		if keyType == cookieKeys {
			continue
		}
		out[i].SigningKeyAlgorithm, out[i].Status, out[i].EffectiveAt = family(k.Algorithm), k.Status, k.EffectiveAt
	}
	return &out, err
}

// families are the kinds of key that a rotation may ask for, and what they sign
// with.
var families = map[string]string{"EC": token.ES384, "RSA": token.RS256, "Ed25519": token.EdDSA}

func family(algorithm string) string {
	switch algorithm {
	case token.RS256, token.PS256:
		return "RSA"
	case token.EdDSA:
		return "Ed25519"
	}
	return "EC"
}

type rotateIn struct {
	keysIn

	SigningKeyAlgorithm *string `json:"signingKeyAlgorithm" check:"enum=EC|RSA|Ed25519"`
	// RotationGracePeriod is in seconds.
	RotationGracePeriod *int64 `json:"rotationGracePeriod" check:"min=0,max=31536000" example:"14400"`
}

func (a *API) rotate(ctx context.Context, in *rotateIn) (*[]keyOut, error) {
	if in.KeyType == cookieKeys {
		if in.RotationGracePeriod != nil && *in.RotationGracePeriod > 0 {
			return nil, token.ErrCookieGrace
		}
		return a.rotateCookie(ctx)
	}
	grace := int64(a.KeyGrace.Seconds())
	if in.RotationGracePeriod != nil {
		grace = *in.RotationGracePeriod
	}
	algorithm := token.ES384
	if in.SigningKeyAlgorithm != nil {
		algorithm = families[*in.SigningKeyAlgorithm]
	}
	key, err := token.GenerateKey(algorithm)
	if err != nil {
		return nil, err
	}
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*[]keyOut, error) {
		if err := token.ReplaceSigningKey(ctx, tx, a.Clock.Millis(), grace, a.Keyring, key); err != nil {
			return nil, err
		}
		return a.list(ctx, tx, in.KeyType)
	})
}

func (a *API) rotateCookie(ctx context.Context) (*[]keyOut, error) {
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*[]keyOut, error) {
		if err := token.RotateCookieKey(ctx, tx, a.Clock.Millis(), a.Keyring); err != nil {
			return nil, err
		}
		return a.list(ctx, tx, cookieKeys)
	})
}

type deleteKeyIn struct {
	keysIn

	KeyID string `path:"keyId" check:"max=128"`
}

func (a *API) deleteKey(ctx context.Context, in *deleteKeyIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		if in.KeyType == cookieKeys {
			return token.DeleteCookieKey(ctx, tx, in.KeyID)
		}
		return token.DeleteSigningKey(ctx, tx, a.Clock.Millis(), in.KeyID)
	})
}
