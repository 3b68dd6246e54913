package grant

import (
	"context"

	"signet/internal/audit"
	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
)

// record puts a request on the audit trail, whatever became of it. The response is
// nil if it was refused.
func record(ctx context.Context, name string, p proto.Params, c *client.Authenticated, a *authorization, r *Response, err error) {
	entry := audit.Entry{Key: "ExchangeTokenBy." + name, Err: err, Data: map[string]any{"params": p.Told()}}
	if r != nil && err == nil {
		entry.Data["tokenTypes"] = r.kinds()
	}
	if c != nil {
		entry.ApplicationID = c.ID
	}
	if c != nil && c.SecretName != "" {
		entry.Data["authenticatedWith"] = c.SecretName
	}
	if a != nil {
		entry.Data["scope"] = a.scope
		if a.user != nil {
			entry.UserID = a.user.ID
		}
		if a.grant != nil {
			entry.UserID = a.grant.UserID
		}
		if a.grant != nil && a.grant.ID != "" {
			entry.Data["grantId"] = a.grant.ID
		}
		if a.audience != nil {
			a.audience.record(&entry)
		}
		if a.sessionUID != nil {
			entry.SessionID = *a.sessionUID
		}
	}
	audit.Log(ctx, entry)
}

// kinds names the tokens of the answer.
func (r *Response) kinds() []string {
	kinds := []string{proto.KindAccessToken}
	if r.RefreshToken != "" {
		kinds = append(kinds, proto.KindRefreshToken)
	}
	if r.IDToken != "" {
		kinds = append(kinds, proto.KindIDToken)
	}
	return kinds
}

// record puts down for whom a token was asked for.
func (a *audience) record(entry *audit.Entry) {
	entry.Data["scope"] = a.scope
	if a.resource != nil {
		entry.Data["resource"] = a.resource.Indicator
	}
	if a.organizationID != "" {
		entry.Data["organizationId"] = a.organizationID
	}
}
