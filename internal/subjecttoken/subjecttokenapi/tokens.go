package subjecttokenapi

import (
	"context"

	"signet/internal/operator"
	"signet/internal/platform/db"
	"signet/internal/subjecttoken"
	"signet/internal/tenant"
)

type createIn struct {
	UserID  string         `json:"userId" check:"max=128"`
	Context map[string]any `json:"context,omitempty"`
}

type createOut struct {
	SubjectToken string `json:"subjectToken" example:"sub_k3v9x2m8q1z7r5t0w4y6b"`
	ExpiresIn    int64  `json:"expiresIn" example:"600"` // seconds
}

func (a *API) create(ctx context.Context, in *createIn) (*createOut, error) {
	token, err := db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (string, error) {
		return subjecttoken.Issue(ctx, tx, a.Clock.Millis(), subjecttoken.New{
			UserID: in.UserID, CreatorID: operator.From(ctx).Subject, Context: in.Context,
		})
	})
	if err != nil {
		return nil, err
	}
	return &createOut{token, subjecttoken.TTL}, nil
}
