package userapi

import (
	"context"

	"signet/internal/platform/db"
	"signet/internal/user"
)

// userOut is a user as operators see it. What is optional is there where it was
// asked for.
type userOut struct {
	user.Published

	HasPassword       bool                         `json:"hasPassword"`
	SSOIdentities     *[]user.PublishedSSOIdentity `json:"ssoIdentities,omitempty"`
	PasswordDigest    **string                     `json:"passwordDigest,omitempty" check:"max=256,nullable"`
	PasswordAlgorithm **string                     `json:"passwordAlgorithm,omitempty" check:"enum=Argon2i|Argon2id|Argon2d|SHA1|SHA256|MD5|Bcrypt|Legacy,nullable"`
}

// showHash adds the password's hash, null where there is no password.
func (o *userOut) showHash(u *user.User) {
	digest, algorithm := u.PasswordHash, u.PasswordAlgorithm
	o.PasswordDigest, o.PasswordAlgorithm = &digest, &algorithm
}

// view shows a user.
func view(ctx context.Context, q db.Q, u *user.User) (*userOut, error) {
	published, err := u.Published(ctx, q)
	if err != nil {
		return nil, err
	}
	return &userOut{Published: published, HasPassword: u.HasPassword()}, nil
}

// views shows a list of users.
func views(ctx context.Context, q db.Q, users []user.User) ([]userOut, error) {
	published, err := user.PublishAll(ctx, q, users)
	if err != nil {
		return nil, err
	}
	out := make([]userOut, len(users))
	for i := range users {
		out[i] = userOut{Published: published[i], HasPassword: users[i].HasPassword()}
	}
	return out, nil
}
