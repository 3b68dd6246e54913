package authorize

import (
	"context"
	"slices"

	"signet/internal/audit"
	"signet/internal/oidc/token"
	"signet/internal/platform/db"
	"signet/internal/platform/event"
)

// LimitExceeded is the data of the event Grant.LimitExceeded: a user has signed
// in to an application on more devices than it allows.
type LimitExceeded struct {
	UserID          string   `json:"userId"`
	ApplicationID   string   `json:"applicationId"`
	RevokedGrantIDs []string `json:"revokedGrantIds"`
	MaxGrants       int      `json:"maxAllowedGrants"`
	// Before is how many live grants there were.
	Before int `json:"preRevocationActiveGrantCount"`
}

// limit revokes the oldest grants of a user beyond as many as the client may have
// at once, with their tokens. The one that has just been used stays.
func (rq *Request) limit(ctx context.Context, tx *db.Tx, used *token.Grant) error {
	if rq.Client.MaxGrants == 0 {
		return nil
	}
	all, err := token.GrantsOf(ctx, tx, rq.now, used.UserID)
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(all, func(g token.Grant) bool {
		return g.ClientID != rq.Client.ID || g.ID == used.ID || g.IsExchanged()
	})
	surplus := len(others) + 1 - rq.Client.MaxGrants
	if surplus <= 0 {
		return nil
	}
	told := LimitExceeded{
		UserID: used.UserID, ApplicationID: rq.Client.ID, MaxGrants: rq.Client.MaxGrants, Before: len(others) + 1,
	}
	for i := range others[:surplus] {
		told.RevokedGrantIDs = append(told.RevokedGrantIDs, others[i].ID)
		if err := token.EvictGrant(ctx, tx, rq.now, &others[i]); err != nil {
			return err
		}
	}
	tx.AfterCommit(func() {
		audit.Log(ctx, audit.Entry{Key: "RevokeGrants", UserID: told.UserID, ApplicationID: told.ApplicationID, Data: map[string]any{
			"revokedGrantIds": told.RevokedGrantIDs, "maxAllowedGrants": told.MaxGrants,
		}})
	})
	return event.Record(ctx, tx, rq.now, "Grant.LimitExceeded", told)
}
