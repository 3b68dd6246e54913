package token

import (
	"context"

	"signet/internal/application"
	"signet/internal/platform/db"
	"signet/internal/platform/job"
)

// KindLogoutNotice is the kind of deferred work that delivers a LogoutNotice.
const KindLogoutNotice = "oidc.logout-notice"

// LogoutNotice is what an application with a back-channel logout URI is yet to
// be told: that a user has been signed out (OpenID Connect Back-Channel Logout
// section 2.3).
type LogoutNotice struct {
	ClientID string `json:"clientId"`
	UserID   string `json:"userId"`
	// SID names the one session that has ended; "" means all of the user's at the
	// application, and is for applications that do not ask for more.
	SID string `json:"sid,omitempty"`
	// At is when it ended, in epoch milliseconds.
	At int64 `json:"at"`
}

// membership is an application's part in a session that has ended for it; without
// a sid the application has, or had, a grant alone.
type membership struct {
	ClientID string `db:"client_id"`
	SID      string `db:"sid"`
}

// notify leaves notices about a user for those applications that want them, in
// the transaction that ends the sessions. An application that requires the
// session to be named is told of each that has a sid, others once of the user.
func notify(ctx context.Context, tx *db.Tx, now int64, userID string, ended []membership) error {
	// A user may have been signed in thousands of times, though to few applications.
	var ids []string
	for _, m := range ended {
		ids = append(ids, m.ClientID)
	}
	clients, err := application.ByIDs(ctx, tx, db.Distinct(ids))
	if err != nil {
		return err
	}
	byID := make(map[string]*application.Application, len(clients))
	for i := range clients {
		byID[clients[i].ID] = &clients[i]
	}
	told := map[LogoutNotice]bool{}
	for _, m := range ended {
		a := byID[m.ClientID]
		if a == nil || a.OIDC.BackchannelLogoutURI == "" {
			continue
		}
		notice := LogoutNotice{ClientID: m.ClientID, UserID: userID, At: now}
		if a.OIDC.RequiresSession() {
			notice.SID = m.SID
		}
		if told[notice] || (a.OIDC.RequiresSession() && notice.SID == "") {
			continue
		}
		told[notice] = true
		if err := job.Later(ctx, tx, now, KindLogoutNotice, m.ClientID, notice); err != nil {
			return err
		}
	}
	return nil
}

// HasReturned reports whether the user of a notice has signed in to its
// application again since: a notice that names no session would end that new
// one too.
func (n *LogoutNotice) HasReturned(ctx context.Context, q db.Q) (bool, error) {
	count, err := db.One[int](ctx, q, `SELECT count(*) FROM grants
		WHERE tenant_id = $1 AND user_id = $2 AND client_id = $3 AND issued_at > $4 AND revoked_at IS NULL`,
		n.UserID, n.ClientID, n.At)
	return count > 0, err
}
