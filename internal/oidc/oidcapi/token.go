package oidcapi

import (
	"net/http"
	"strings"

	"signet/internal/audit"
	"signet/internal/oidc/client"
	"signet/internal/oidc/dpop"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
	"signet/internal/tenant"
)

func (a *API) token(w http.ResponseWriter, r *http.Request) error {
	web.AllowOrigin(w, r)
	params, err := proto.ReadBody(w, r)
	if err != nil {
		return err
	}
	response, err := a.tokens.Exchange(r.Context(), tenant.From(r.Context()), params, func() (*client.Authenticated, error) {
		c, err := a.authenticate(w, r, params)
		if err != nil {
			return c, err
		}
		c.Key, err = a.proofs.KeyOf(w, r, dpop.Sender{MustProve: c.RequiresDPoP, IsAnybody: c.IsAnybody()})
		return c, err
	})
	if err != nil {
		return err
	}
	noStore(w)
	return web.WriteJSON(w, r, http.StatusOK, response)
}

// revocation ends the grant of an access or refresh token (RFC 7009). Any token
// will do, also a spent one: whoever gives one back wants none to work.
func (a *API) revocation(w http.ResponseWriter, r *http.Request) error {
	web.AllowOrigin(w, r)
	params, err := proto.ReadBody(w, r)
	if err != nil {
		return err
	}
	c, err := a.authenticate(w, r, params)
	if errs.IsRefusal(err) || err == nil && c.IsAnybody() {
		if limited := a.limit(r, "revocation"); limited != nil {
			return limited
		}
	}
	entry := audit.Entry{Key: "RevokeToken", Data: map[string]any{"params": params.Told()}}
	if c != nil {
		entry.ApplicationID = c.ID
	}
	if err == nil {
		err = a.revoke(r, c, params, &entry)
	}
	entry.Err = err
	audit.Log(r.Context(), entry)
	if err != nil {
		return err
	}
	noStore(w)
	w.WriteHeader(http.StatusOK)
	return nil
}

// limit bounds how often strangers have us put something on record.
func (a *API) limit(r *http.Request, action string) error {
	ctx := r.Context()
	return a.limiter.AllowAddress(ctx, tenant.From(ctx).DB, a.clock, action, web.Info(ctx).IP, sentinel.TokenFailure)
}

func (a *API) revoke(r *http.Request, c *client.Authenticated, params proto.Params, entry *audit.Entry) error {
	ctx := r.Context()
	value, err := params.Require("token")
	if err != nil {
		return err
	}
	if isStructured(value) {
		return proto.ErrUnsupportedTokenType.Describe("Structured JWT Tokens cannot be revoked via the revocation_endpoint")
	}
	return tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) error {
		grantID, clientID, kind, err := ownerOf(r, tx, value)
		switch {
		case err != nil || grantID == "":
			return err
		case clientID == c.ID:
			entry.Data["grantId"], entry.Data["tokenTypes"] = grantID, []string{kind}
			return token.RevokeGrant(ctx, tx, a.clock.Millis(), grantID)
		case c.IsAnybody():
			return nil // it must not learn whose token it has
		}
		return proto.ErrInvalidRequest.Describe("this token does not belong to you")
	})
}

// ownerOf returns grant and client of a token of either kind, "" if there is no
// such token.
func ownerOf(r *http.Request, q db.Q, value string) (grantID, clientID, kind string, err error) {
	refresh, err := token.RefreshByValue(r.Context(), q, value)
	if err != nil {
		return "", "", "", err
	}
	if refresh != nil {
		return refresh.GrantID, refresh.ClientID, proto.KindRefreshToken, nil
	}
	access, err := token.FindAccess(r.Context(), q, value)
	if err != nil || access == nil {
		return "", "", "", err
	}
	return access.GrantID, access.ClientID, proto.KindAccessToken, nil
}

// isStructured reports whether a token is a JWT, which opaque ones never look
// like.
func isStructured(value string) bool { return strings.Count(value, ".") == 2 }
