package settingsapi

import (
	"context"

	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// additionalKeyOut is a key that signs beside the primary one, without its
// material.
type additionalKeyOut struct {
	ID        string `json:"id"`
	Algorithm string `json:"algorithm" check:"enum=ES256|ES384|ES512|RS256|PS256|EdDSA"`
	Status    string `json:"status" check:"enum=Current|Previous"`
	CreatedAt int64  `json:"createdAt" example:"1790000000"` // epoch seconds
}

func (a *API) additionalKeys(ctx context.Context, _ *struct{}) (*[]additionalKeyOut, error) {
	return listAdditional(ctx, tenant.From(ctx).DB)
}

func listAdditional(ctx context.Context, q db.Q) (*[]additionalKeyOut, error) {
	keys, err := token.AdditionalKeys(ctx, q)
	out := make([]additionalKeyOut, len(keys))
	for i, k := range keys {
		out[i] = additionalKeyOut{k.ID, k.Algorithm, k.Status, k.CreatedAt / 1000}
	}
	return &out, err
}

type addKeyIn struct {
	Algorithm string `json:"algorithm" check:"enum=ES256|ES384|ES512|RS256|PS256|EdDSA" example:"RS256"`
}

func (a *API) addKey(ctx context.Context, in *addKeyIn) (*[]additionalKeyOut, error) {
	key, err := token.GenerateKey(in.Algorithm)
	if err != nil {
		return nil, err
	}
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*[]additionalKeyOut, error) {
		if err := token.AddSigningKey(ctx, tx, a.Clock.Millis(), a.Keyring, key); err != nil {
			return nil, err
		}
		return listAdditional(ctx, tx)
	})
}

type additionalKeyIn struct {
	KeyID string `path:"keyId" check:"max=128"`
}

func (a *API) deleteAdditionalKey(ctx context.Context, in *additionalKeyIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return token.DeleteAdditionalKey(ctx, tx, a.Clock.Millis(), in.KeyID)
	})
}
