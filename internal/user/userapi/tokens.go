package userapi

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/tenant"
	"signet/internal/user"
)

func (f *Factors) tokens(ctx context.Context, in *factorsIn) (*[]user.PublishedToken, error) {
	t := tenant.From(ctx)
	if _, err := user.ByID(ctx, t.DB, in.UserID); err != nil {
		return nil, err
	}
	tokens, err := user.Tokens(ctx, t.DB, in.UserID)
	if err != nil {
		return nil, err
	}
	out := make([]user.PublishedToken, len(tokens))
	for i := range tokens {
		published, err := tokens[i].Published(f.Keyring, t.ID)
		if err != nil {
			return nil, err
		}
		out[i] = *published
	}
	return &out, nil
}

type addTokenIn struct {
	factorsIn

	Name      string `json:"name" check:"min=1,max=256" example:"Backup script"`
	ExpiresAt *int64 `json:"expiresAt" check:"nullable"` // epoch milliseconds
}

func (f *Factors) addToken(ctx context.Context, in *addTokenIn) (*user.PublishedToken, error) {
	return f.showToken(ctx, func(tx *db.Tx) (*user.Token, error) {
		return user.AddToken(ctx, tx, f.Clock.Millis(), f.Keyring, in.UserID, in.Name, in.ExpiresAt)
	})
}

type renameTokenIn struct {
	factorsIn

	Name        string  `json:"name" check:"min=1,max=256" example:"Backup script"`
	CurrentName *string `json:"currentName" check:"max=256" example:"Script"`
}

func (f *Factors) renameToken(ctx context.Context, in *renameTokenIn) (*user.PublishedToken, error) {
	current := in.Name
	if in.CurrentName != nil {
		current = *in.CurrentName
	}
	return f.showToken(ctx, func(tx *db.Tx) (*user.Token, error) {
		return user.RenameToken(ctx, tx, in.UserID, current, in.Name)
	})
}

type tokenAtIn struct {
	factorsIn

	Current string `path:"name" check:"max=256"`
}

type renameTokenAtIn struct {
	tokenAtIn

	Name string `json:"name" check:"min=1,max=256" example:"Backup script"`
}

func (f *Factors) renameTokenAt(ctx context.Context, in *renameTokenAtIn) (*user.PublishedToken, error) {
	return f.showToken(ctx, func(tx *db.Tx) (*user.Token, error) {
		return user.RenameToken(ctx, tx, in.UserID, in.Current, in.Name)
	})
}

type deleteTokenIn struct {
	factorsIn

	Name string `json:"name" check:"max=256" example:"Backup script"`
}

func (f *Factors) deleteToken(ctx context.Context, in *deleteTokenIn) (*web.Nothing, error) {
	return removeToken(ctx, in.UserID, in.Name)
}

func (f *Factors) deleteTokenAt(ctx context.Context, in *tokenAtIn) (*web.Nothing, error) {
	return removeToken(ctx, in.UserID, in.Current)
}

func removeToken(ctx context.Context, userID, name string) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error { return user.DeleteToken(ctx, tx, userID, name) })
}

// showToken runs a change and shows the token that it leaves.
func (f *Factors) showToken(ctx context.Context, change func(tx *db.Tx) (*user.Token, error)) (*user.PublishedToken, error) {
	t := tenant.From(ctx)
	token, err := db.Do(ctx, t.DB, change)
	if err != nil {
		return nil, err
	}
	return token.Published(f.Keyring, t.ID)
}
