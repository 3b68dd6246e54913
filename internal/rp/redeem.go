package rp

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"signet/internal/oidc/client"
	"signet/internal/oidc/grant"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/tenant"
)

// InProcess redeems codes at the token endpoint without the network. Every rule
// of the endpoint applies. The tokens themselves are dropped: pages need to know
// who signed in and in which session, nothing more.
func InProcess(endpoint *grant.Endpoint, clients *client.Directory, now clock.Clock) Redeem {
	return func(ctx context.Context, clientID, code, verifier, redirectURI string) (*Redeemed, error) {
		t := tenant.From(ctx)
		response, err := endpoint.Exchange(ctx, t, proto.Params{
			"grant_type": {proto.GrantAuthorizationCode}, "code": {code},
			"code_verifier": {verifier}, "redirect_uri": {redirectURI},
		}, func() (*client.Authenticated, error) {
			c, err := clients.ByID(ctx, t, t.DB, clientID)
			return &client.Authenticated{Client: c}, err
		})
		if err != nil {
			return nil, err
		}
		access, err := token.AccessByValue(ctx, t.DB, now.Millis(), response.AccessToken)
		if err != nil {
			return nil, err
		}
		if access == nil || access.SessionUID == nil {
			return nil, errors.New("rp: the code belongs to no session")
		}
		claims, err := payload(response.IDToken)
		if err != nil {
			return nil, err
		}
		return &Redeemed{UserID: access.UserID, SessionUID: *access.SessionUID, Claims: claims}, nil
	}
}

// payload returns the claims of an ID token that this process has just signed.
func payload(idToken string) ([]byte, error) {
	parts := strings.Split(idToken, ".")
	if len(parts) != 3 {
		return nil, errors.New("rp: no ID token")
	}
	return base64.RawURLEncoding.DecodeString(parts[1])
}
