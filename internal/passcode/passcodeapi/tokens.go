package passcodeapi

import (
	"context"

	"signet/internal/passcode"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

type listIn struct {
	Email  *string                `query:"email" check:"max=128,pattern=email"`
	Status passcode.OneTimeStatus `query:"status" check:"enum=active|consumed|revoked|expired"`
}

func (a *API) list(ctx context.Context, in *listIn) (*[]passcode.PublishedOneTime, error) {
	t := tenant.From(ctx)
	filter := passcode.OneTimeFilter{Status: in.Status}
	if in.Email != nil {
		filter.Email = *in.Email
	}
	now := a.Clock.Millis()
	tokens, total, err := passcode.OneTimes(ctx, t.DB, now, filter, web.Range(ctx))
	if err != nil {
		return nil, err
	}
	out := make([]passcode.PublishedOneTime, len(tokens))
	for i := range tokens {
		published, err := tokens[i].Published(a.Keyring, t.ID, now)
		if err != nil {
			return nil, err
		}
		out[i] = *published
	}
	web.SetTotal(ctx, total)
	return &out, nil
}

type createIn struct {
	Email     string                   `json:"email" check:"min=1,max=128"`
	Context   *passcode.OneTimeContext `json:"context"`
	ExpiresIn *int64                   `json:"expiresIn" check:"min=1,max=2147483647" example:"600"` // seconds
}

func (a *API) create(ctx context.Context, in *createIn) (*passcode.PublishedOneTime, error) {
	ttl, use := int64(passcode.DefaultOneTimeTTL), passcode.OneTimeContext{}
	if in.ExpiresIn != nil {
		ttl = *in.ExpiresIn
	}
	if in.Context != nil {
		use = *in.Context
	}
	now := a.Clock.Millis()
	return a.answer(ctx, now, func(tx *db.Tx) (*passcode.OneTime, error) {
		return passcode.IssueOneTime(ctx, tx, now, a.Keyring, in.Email, ttl, use)
	})
}

type verifyIn struct {
	Token string `json:"token" check:"min=1,max=256"`
	Email string `json:"email" check:"min=1,max=128"`
}

func (a *API) verify(ctx context.Context, in *verifyIn) (*passcode.PublishedOneTime, error) {
	now := a.Clock.Millis()
	return a.answer(ctx, now, func(tx *db.Tx) (*passcode.OneTime, error) {
		return passcode.ConsumeOneTime(ctx, tx, now, in.Token, in.Email)
	})
}

type idIn struct {
	ID string `path:"id" check:"max=128"`
}

func (a *API) get(ctx context.Context, in *idIn) (*passcode.PublishedOneTime, error) {
	t := tenant.From(ctx)
	token, err := passcode.OneTimeByID(ctx, t.DB, in.ID)
	if err != nil {
		return nil, err
	}
	return token.Published(a.Keyring, t.ID, a.Clock.Millis())
}

func (a *API) remove(ctx context.Context, in *idIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error { return passcode.DeleteOneTime(ctx, tx, in.ID) })
}

type statusIn struct {
	idIn

	Status passcode.OneTimeStatus `json:"status" check:"enum=active|consumed|revoked|expired" example:"revoked"`
}

func (a *API) setStatus(ctx context.Context, in *statusIn) (*passcode.PublishedOneTime, error) {
	now := a.Clock.Millis()
	return a.answer(ctx, now, func(tx *db.Tx) (*passcode.OneTime, error) {
		return passcode.EndOneTime(ctx, tx, now, in.ID, in.Status)
	})
}

// answer runs a change and shows the token that it leaves.
func (a *API) answer(ctx context.Context, now int64, change func(tx *db.Tx) (*passcode.OneTime, error)) (*passcode.PublishedOneTime, error) {
	t := tenant.From(ctx)
	token, err := db.Do(ctx, t.DB, change)
	if err != nil {
		return nil, err
	}
	return token.Published(a.Keyring, t.ID, now)
}
