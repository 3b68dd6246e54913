package userapi

import (
	"context"

	"signet/internal/oidc/token"
	"signet/internal/operator"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/event"
	"signet/internal/platform/web"
	"signet/internal/tenant"
	"signet/internal/user"
)

var errDeleteSelf = errs.New(400, "user.cannot_delete_self")

type getIn struct {
	userPath

	IncludeSSOIdentities web.Flag `query:"includeSsoIdentities" check:"max=16"`
	IncludePasswordHash  web.Flag `query:"includePasswordHash" check:"max=16"`
}

func (a *API) get(ctx context.Context, in *getIn) (*userOut, error) {
	t := tenant.From(ctx)
	u, err := user.ByID(ctx, t.DB, in.UserID)
	if err != nil {
		return nil, err
	}
	out, err := view(ctx, t.DB, u)
	if err != nil {
		return nil, err
	}
	if in.IncludePasswordHash.On() {
		out.showHash(u)
	}
	if in.IncludeSSOIdentities.On() {
		identities, err := ssoIdentities(ctx, t, u.ID)
		if err != nil {
			return nil, err
		}
		out.SSOIdentities = &identities
	}
	return out, nil
}

type patchIn struct {
	userPath

	Username     web.Opt[string] `json:"username" check:"pattern=username-or-empty,nullable" example:"ada"`
	PrimaryEmail web.Opt[string] `json:"primaryEmail" check:"pattern=email-or-empty,nullable" example:"ada@example.com"`
	PrimaryPhone web.Opt[string] `json:"primaryPhone" check:"pattern=phone-or-empty,nullable" example:"441632960961"`
	Name         web.Opt[string] `json:"name" check:"nullable" example:"Ada King"`
	Avatar       web.Opt[string] `json:"avatar" check:"pattern=url-or-empty,nullable" example:"https://example.com/ada.png"`
	CustomData   *map[string]any `json:"customData"`
	Profile      *user.Profile   `json:"profile"`
}

// change is what the body asks for. Nothing at all is refused.
func (in *patchIn) change() (user.Patch, error) {
	if !in.Username.Set && !in.PrimaryEmail.Set && !in.PrimaryPhone.Set && !in.Name.Set && !in.Avatar.Set &&
		in.CustomData == nil && in.Profile == nil {
		return user.Patch{}, errs.ErrNothingToChange
	}
	p := user.Patch{
		Username: given(in.Username), PrimaryEmail: given(in.PrimaryEmail), PrimaryPhone: given(in.PrimaryPhone),
		Name: given(in.Name), Avatar: given(in.Avatar), CustomData: in.CustomData, WholeProfile: in.Profile,
	}
	if text(p.PrimaryPhone) == "" {
		return p, nil
	}
	normal, err := user.NormalPhone(*p.PrimaryPhone)
	p.PrimaryPhone = &normal
	return p, err
}

// given turns null into the empty text that clears a property.
func given(o web.Opt[string]) *string {
	if !o.Set {
		return nil
	}
	return &o.Value
}

func (a *API) patch(ctx context.Context, in *patchIn) (*userOut, error) {
	t, now := tenant.From(ctx), a.Clock.Millis()
	caseSensitive, err := a.caseSensitive(ctx)
	if err != nil {
		return nil, err
	}
	return db.Do(ctx, t.DB, func(tx *db.Tx) (*userOut, error) {
		if _, err := user.ByID(ctx, tx, in.UserID); err != nil {
			return nil, err
		}
		p, err := in.change()
		if err != nil {
			return nil, err
		}
		p.CaseSensitive = caseSensitive
		if err := unclaimed(ctx, tx, in.UserID, byEmail(text(p.PrimaryEmail)), byPhone(text(p.PrimaryPhone)), byUsername(text(p.Username), caseSensitive)); err != nil {
			return nil, err
		}
		return a.update(ctx, tx, now, in.UserID, p, "User.Data.Updated")
	})
}

// update changes a user and records an event that shows the new state.
func (a *API) update(ctx context.Context, tx *db.Tx, now int64, id string, p user.Patch, name string) (*userOut, error) {
	u, err := user.Update(ctx, tx, now, id, p)
	if err != nil {
		return nil, err
	}
	return recorded(ctx, tx, now, name, u)
}

type suspendIn struct {
	userPath

	IsSuspended bool `json:"isSuspended"`
}

func (a *API) suspend(ctx context.Context, in *suspendIn) (*userOut, error) {
	now := a.Clock.Millis()
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*userOut, error) {
		out, err := a.update(ctx, tx, now, in.UserID, user.Patch{IsSuspended: &in.IsSuspended}, "User.SuspensionStatus.Updated")
		if err != nil || !in.IsSuspended {
			return out, err
		}
		return out, token.RevokeUser(ctx, tx, now, in.UserID)
	})
}

func (a *API) remove(ctx context.Context, in *userPath) (*web.Nothing, error) {
	if operator.From(ctx).Subject == in.UserID {
		return nil, errDeleteSelf
	}
	now := a.Clock.Millis()
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		u, err := user.ByID(ctx, tx, in.UserID)
		if err != nil {
			return err
		}
		last, err := u.Published(ctx, tx)
		if err != nil {
			return err
		}
		if err := token.RevokeUser(ctx, tx, now, u.ID); err != nil {
			return err
		}
		if err := user.Delete(ctx, tx, u.ID); err != nil {
			return err
		}
		return event.Record(ctx, tx, now, "User.Deleted", last)
	})
}
