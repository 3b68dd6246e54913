package grant

import (
	"context"

	"signet/internal/audit"
	"signet/internal/oidc/client"
)

// record puts a request on the audit trail, whatever became of it.
func record(ctx context.Context, name string, c *client.Authenticated, a *authorization, err error) {
	entry := audit.Entry{Key: "ExchangeTokenBy." + name, Err: err, Data: map[string]any{}}
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
