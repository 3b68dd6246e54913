package userapi

import (
	"context"

	"signet/internal/oidc/signedin"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

type sessionsOut struct {
	Sessions []signedin.Session `json:"sessions"`
}

func (a *API) sessions(ctx context.Context, in *userPath) (*sessionsOut, error) {
	all, err := signedin.Sessions(ctx, tenant.From(ctx).DB, a.Clock.Millis(), in.UserID)
	return &sessionsOut{all}, err
}

type sessionPath struct {
	userPath

	SessionID string `path:"sessionId" check:"max=64"`
}

func (a *API) session(ctx context.Context, in *sessionPath) (*signedin.Session, error) {
	return signedin.SessionOf(ctx, tenant.From(ctx).DB, a.Clock.Millis(), in.UserID, in.SessionID)
}

type endSessionIn struct {
	sessionPath

	Revoke string `query:"revokeGrantsTarget" check:"enum=all|firstParty"`
}

func (a *API) endSession(ctx context.Context, in *endSessionIn) (*web.Nothing, error) {
	return nil, signedin.End(ctx, a.Clients, a.Clock.Millis(), in.UserID, in.SessionID, signedin.RevokeTarget(in.Revoke))
}

type grantsIn struct {
	userPath

	Of string `query:"appType" check:"enum=firstParty|thirdParty"`
}

type grantsOut struct {
	Grants []signedin.Grant `json:"grants"`
}

func (a *API) grants(ctx context.Context, in *grantsIn) (*grantsOut, error) {
	all, err := signedin.Grants(ctx, a.Clients, a.Clock.Millis(), in.UserID, signedin.Parties(in.Of))
	return &grantsOut{all}, err
}

type grantPath struct {
	userPath

	GrantID string `path:"grantId" check:"max=64"`
}

func (a *API) endGrant(ctx context.Context, in *grantPath) (*web.Nothing, error) {
	return nil, signedin.EndGrant(ctx, a.Clock.Millis(), in.UserID, in.GrantID)
}
