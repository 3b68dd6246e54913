package userapi

import (
	"context"
	"maps"
	"slices"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/tenant"
	"signet/internal/user"
)

type identityPath struct {
	userPath

	Target string `path:"target" check:"min=1,max=128"`
}

type putIdentityIn struct {
	identityPath

	// ID is the user's id at the provider.
	ID      string          `json:"userId" check:"min=1,max=128" example:"1234567890"`
	Details *map[string]any `json:"details"`
}

func (a *API) putIdentity(ctx context.Context, in *putIdentityIn) (*map[string]user.Identity, error) {
	now := a.Clock.Millis()
	identity := user.Identity{UserID: in.ID}
	if in.Details != nil {
		identity.Details = *in.Details
	}
	created := false
	all, err := db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (all map[string]user.Identity, err error) {
		if created, err = user.Link(ctx, tx, now, in.UserID, in.Target, identity); err != nil {
			return nil, err
		}
		return user.Identities(ctx, tx, in.UserID)
	})
	if err == nil && created {
		web.SetStatus(ctx, 201)
	}
	return &all, err
}

type connectIn struct {
	userPath

	ConnectorID   string         `json:"connectorId" check:"max=128"`
	ConnectorData map[string]any `json:"connectorData"`
}

// connectIdentity refuses every connector: none is set up.
func (a *API) connectIdentity(ctx context.Context, in *connectIn) (*map[string]user.Identity, error) {
	if _, err := user.ByID(ctx, tenant.From(ctx).DB, in.UserID); err != nil {
		return nil, err
	}
	return nil, errs.ErrNotFound.Describe("there is no connector %s", in.ConnectorID)
}

type identityIn struct {
	identityPath

	IncludeTokenSecret web.Flag `query:"includeTokenSecret" check:"max=16"`
}

type identityOut struct {
	Identity user.Identity `json:"identity"`
}

func (a *API) identity(ctx context.Context, in *identityIn) (*identityOut, error) {
	t := tenant.From(ctx)
	if _, err := user.ByID(ctx, t.DB, in.UserID); err != nil {
		return nil, err
	}
	identity, err := user.IdentityAt(ctx, t.DB, in.UserID, in.Target)
	if err != nil {
		return nil, err
	}
	return &identityOut{*identity}, nil
}

func (a *API) deleteIdentity(ctx context.Context, in *identityPath) (*userOut, error) {
	now := a.Clock.Millis()
	return db.Do(ctx, tenant.From(ctx).DB, func(tx *db.Tx) (*userOut, error) {
		u, err := user.Unlink(ctx, tx, now, in.UserID, in.Target)
		if err != nil {
			return nil, err
		}
		return view(ctx, tx, u)
	})
}

type ssoIdentityIn struct {
	userPath

	ConnectorID        string   `path:"ssoConnectorId" check:"max=128"`
	IncludeTokenSecret web.Flag `query:"includeTokenSecret" check:"max=16"`
}

type ssoIdentityOut struct {
	SSOIdentity user.PublishedSSOIdentity `json:"ssoIdentity"`
}

func (a *API) ssoIdentity(ctx context.Context, in *ssoIdentityIn) (*ssoIdentityOut, error) {
	t := tenant.From(ctx)
	if _, err := user.ByID(ctx, t.DB, in.UserID); err != nil {
		return nil, err
	}
	identity, err := user.SSOIdentityAt(ctx, t.DB, in.UserID, in.ConnectorID)
	if err != nil {
		return nil, err
	}
	return &ssoIdentityOut{identity.Published(t.ID)}, nil
}

type allIdentitiesIn struct {
	userPath

	IncludeTokenSecret web.Flag `query:"includeTokenSecret" check:"max=16"`
}

type allIdentitiesOut struct {
	SocialIdentities []socialAtTarget `json:"socialIdentities"`
	SSOIdentities    []ssoAtConnector `json:"ssoIdentities"`
}

type socialAtTarget struct {
	identityOut

	Target string `json:"target" example:"github"`
}

type ssoAtConnector struct {
	ssoIdentityOut

	ConnectorID string `json:"ssoConnectorId"`
}

func (a *API) allIdentities(ctx context.Context, in *allIdentitiesIn) (*allIdentitiesOut, error) {
	t := tenant.From(ctx)
	if _, err := user.ByID(ctx, t.DB, in.UserID); err != nil {
		return nil, err
	}
	social, err := user.Identities(ctx, t.DB, in.UserID)
	if err != nil {
		return nil, err
	}
	enterprise, err := ssoIdentities(ctx, t, in.UserID)
	if err != nil {
		return nil, err
	}
	out := allIdentitiesOut{[]socialAtTarget{}, []ssoAtConnector{}}
	for _, target := range slices.Sorted(maps.Keys(social)) {
		out.SocialIdentities = append(out.SocialIdentities, socialAtTarget{identityOut{social[target]}, target})
	}
	for _, s := range enterprise {
		out.SSOIdentities = append(out.SSOIdentities, ssoAtConnector{ssoIdentityOut{s}, s.ConnectorID})
	}
	return &out, nil
}

func ssoIdentities(ctx context.Context, t *tenant.Tenant, userID string) ([]user.PublishedSSOIdentity, error) {
	identities, err := user.SSOIdentities(ctx, t.DB, userID)
	if err != nil {
		return nil, err
	}
	out := make([]user.PublishedSSOIdentity, len(identities))
	for i, s := range identities {
		out[i] = s.Published(t.ID)
	}
	return out, nil
}
