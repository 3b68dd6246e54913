// Package subjecttokenapi is the Management API of subject tokens.
package subjecttokenapi

import (
	"context"

	"signet/internal/operator"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/subjecttoken"
	"signet/internal/tenant"
)

// API serves the operations.
type API struct {
	Clock clock.Clock
	// Operator guards every operation.
	Operator web.Guard
}

// Table returns the routes.
func (a *API) Table() web.Table {
	return web.Table{Document: "management", Tag: "Subject tokens", Routes: []web.Route{
		web.Post("/api/subject-tokens", a.create, web.Guarded(a.Operator), web.Status(201),
			web.Doc("CreateSubjectToken", "Create a subject token"), web.Fails(400, 401, 403, 404),
			web.About("An application exchanges it (RFC 8693), once and within ten minutes, for access tokens of the user. It cannot be read again.")),
	}}
}

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
