// Package registrationapi is the Management API of the tokens with which clients
// may be registered. Where clients register themselves is package oidcapi.
package registrationapi

import (
	"context"

	"signet/internal/oidc/registration"
	"signet/internal/platform/clock"
	"signet/internal/platform/db"
	"signet/internal/platform/search"
	"signet/internal/platform/web"
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
	operator := web.Guarded(a.Operator)
	return web.Table{Document: "management", Tag: "Initial access tokens", Routes: []web.Route{
		web.Get("/api/initial-access-tokens", a.list, operator, web.Paged(),
			web.Doc("ListInitialAccessTokens", "List initial access tokens"), web.Fails(400, 401, 403),
			web.About("The newest first, without their values. uses counts the clients that were registered with one. What has "+
				"expired is listed for a week.")),
		web.Post("/api/initial-access-tokens", a.create, operator, web.Status(201),
			web.Doc("CreateInitialAccessToken", "Create an initial access token"), web.Fails(400, 401, 403),
			web.About("Give it to whoever may register clients (RFC 7591): it is sent as a bearer token. The answer is the only one "+
				"that has its value. Without maxUses and expiresAt it registers any number of clients until it is deleted.")),
		web.Delete("/api/initial-access-tokens/{id}", a.remove, operator,
			web.Doc("DeleteInitialAccessToken", "Delete an initial access token"), web.Fails(400, 401, 403, 404),
			web.About("Clients that were registered with it stay.")),
	}}
}

func (a *API) list(ctx context.Context, _ *struct{}) (*[]registration.InitialToken, error) {
	list, total, err := registration.InitialTokens(ctx, tenant.From(ctx).DB, web.Range(ctx))
	web.SetTotal(ctx, total)
	return &list, err
}

type createIn struct {
	Name    string `json:"name" check:"min=1,max=256" example:"Partner portal"`
	MaxUses *int64 `json:"maxUses" check:"nullable,min=1,max=1000000" example:"10"`
	// ExpiresAt has the bound of dates in JavaScript.
	ExpiresAt *int64 `json:"expiresAt" check:"nullable,max=8640000000000000" example:"1790000000000"` // epoch milliseconds
}

// createOut is a token with its value.
type createOut struct {
	registration.InitialToken

	Value string `json:"value" check:"max=64" example:"V1StGXR8Z5jdHi6BmyT2nCq7KxLw0PfEoUaRs4vQ3gY"`
}

func (a *API) create(ctx context.Context, in *createIn) (*createOut, error) {
	now := a.Clock.Millis()
	if in.ExpiresAt != nil && *in.ExpiresAt <= now {
		return nil, search.Invalid("expiresAt must be in the future")
	}
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*createOut, error) {
		wanted := registration.InitialToken{Name: in.Name, MaxUses: in.MaxUses, ExpiresAt: in.ExpiresAt}
		created, value, err := registration.IssueInitialToken(ctx, tx, now, wanted)
		if err != nil {
			return nil, err
		}
		return &createOut{*created, value}, nil
	})
}

type idIn struct {
	ID string `path:"id" check:"max=128"`
}

func (a *API) remove(ctx context.Context, in *idIn) (*web.Nothing, error) {
	return nil, tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		return registration.DeleteInitialToken(ctx, tx, in.ID)
	})
}
