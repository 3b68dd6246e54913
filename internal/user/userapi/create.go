package userapi

import (
	"context"

	"signet/internal/platform/crypt/digest"
	"signet/internal/platform/db"
	"signet/internal/platform/event"
	"signet/internal/platform/web"
	"signet/internal/role"
	"signet/internal/tenant"
	"signet/internal/user"
)

// What a change may clear may be empty.
var (
	_ = web.Pattern("username-or-empty", `^([A-Z_a-z]\w*)?$`)
	_ = web.Pattern("email-or-empty", `^(\S+@\S+\.\S+)?$`)
	_ = web.Pattern("phone-or-empty", `^\d*$`)
	_ = web.Pattern("url-or-empty", `^(https?://\S+)?$`)
)

type createIn struct {
	Username          *string         `json:"username" check:"pattern=username" example:"ada"`
	PrimaryEmail      *string         `json:"primaryEmail" check:"pattern=email" example:"ada@example.com"`
	PrimaryPhone      *string         `json:"primaryPhone" check:"pattern=phone" example:"441632960961"` // with the country code, no plus sign
	Password          *string         `json:"password" check:"min=1"`
	PasswordDigest    *string         `json:"passwordDigest" check:"max=256" example:"$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"`
	PasswordAlgorithm *string         `json:"passwordAlgorithm" check:"enum=Argon2i|Argon2id|Argon2d|SHA1|SHA256|MD5|Bcrypt|Legacy" example:"Bcrypt"`
	Name              *string         `json:"name" example:"Ada King"`
	Avatar            *string         `json:"avatar" check:"pattern=url-or-empty,nullable" example:"https://example.com/ada.png"`
	CustomData        *map[string]any `json:"customData"`
	Profile           *user.Profile   `json:"profile"`
}

func (a *API) create(ctx context.Context, in *createIn) (*userOut, error) {
	t := tenant.From(ctx)
	fresh, err := a.newUser(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := unclaimed(ctx, t.DB, "", byUsername(fresh.Username, fresh.CaseSensitive), byEmail(fresh.PrimaryEmail), byPhone(fresh.PrimaryPhone)); err != nil {
		return nil, err
	}
	if err := a.setHash(ctx, in, fresh); err != nil {
		return nil, err
	}
	now := a.Clock.Millis()
	return db.Do(ctx, t.DB, func(tx *db.Tx) (*userOut, error) {
		u, err := user.Create(ctx, tx, now, *fresh)
		if err != nil {
			return nil, err
		}
		if err := role.AssignDefaults(ctx, tx, now, u.ID, a.DefaultRoles); err != nil {
			return nil, err
		}
		return recorded(ctx, tx, now, "User.Created", u)
	})
}

// newUser reads the body but for the password.
func (a *API) newUser(ctx context.Context, in *createIn) (*user.New, error) {
	switch {
	case in.Password != nil && in.PasswordDigest != nil:
		return nil, user.ErrPasswordAndDigest
	case in.PasswordDigest != nil && in.PasswordAlgorithm == nil:
		return nil, user.ErrAlgorithmRequired
	}
	caseSensitive, err := a.caseSensitive(ctx)
	if err != nil {
		return nil, err
	}
	fresh := &user.New{
		Username: text(in.Username), PrimaryEmail: text(in.PrimaryEmail), Name: text(in.Name), Avatar: text(in.Avatar),
		CaseSensitive: caseSensitive,
	}
	if in.PrimaryPhone != nil {
		if fresh.PrimaryPhone, err = user.NormalPhone(*in.PrimaryPhone); err != nil {
			return nil, err
		}
	}
	if in.CustomData != nil {
		fresh.CustomData = *in.CustomData
	}
	if in.Profile != nil {
		fresh.Profile = *in.Profile
	}
	return fresh, nil
}

// setHash hashes the password, or takes the hash that was made elsewhere.
func (a *API) setHash(ctx context.Context, in *createIn, fresh *user.New) (err error) {
	if in.Password != nil {
		fresh.PasswordHash, err = a.Hasher.Hash(ctx, *in.Password)
		return err
	}
	if in.PasswordAlgorithm == nil {
		return nil
	}
	fresh.PasswordHash, fresh.PasswordAlgorithm = text(in.PasswordDigest), *in.PasswordAlgorithm
	return digest.Check(fresh.PasswordAlgorithm, fresh.PasswordHash)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// recorded tells of a user that was written, in the transaction that wrote it.
func recorded(ctx context.Context, tx *db.Tx, now int64, name string, u *user.User) (*userOut, error) {
	out, err := view(ctx, tx, u)
	if err != nil {
		return nil, err
	}
	return out, event.Record(ctx, tx, now, name, out)
}
