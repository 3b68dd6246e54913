// Package account lets people look after their own account: profile, username,
// password, passkeys, sessions. It knows who asks as a Caller, which the Account
// API makes from a bearer token and the account pages from their own session,
// and it judges every operation by the same gates, in the same order, for both.
// What may be done at all is the tenant's choice (accountcenter); how proofs
// work is known to mfa and signin/verification.
package account

import (
	"context"
	"errors"

	"signet/internal/accountcenter"
	"signet/internal/asset"
	"signet/internal/oidc/client"
	"signet/internal/oidc/dpop"
	"signet/internal/oidc/proto"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
	"signet/internal/signinexp"
	"signet/internal/tenant"
	"signet/internal/user"
)

// Engine performs self-service operations. The tenant is that of the context.
type Engine struct {
	Center     *accountcenter.Cache
	Experience *signinexp.Cache
	Clients    *client.Directory
	Hasher     *crypt.Hasher
	Clock      clock.Clock
	// Proofs judges how tokens that are bound to a key are used.
	Proofs *dpop.Verifier
	// Assets keeps the pictures of people.
	Assets *asset.Disk
	// Limiter bounds how often one person uploads; nil does not.
	Limiter *sentinel.Limiter
	// Pwned tells passwords that are known from breaches; nil knows none.
	Pwned user.PwnedCheck
	// IgnoreUsernameCase makes usernames case-insensitive whatever a tenant says.
	IgnoreUsernameCase bool
}

// Caller is who asks for something about the own account.
type Caller struct {
	UserID string
	// ClientID is the application through which the user acts.
	ClientID string
	// FirstParty says that the application belongs to the operator.
	FirstParty bool
	// Scope has what the user let the application do, space-separated.
	Scope string
	// SessionUID is the session in which the user signed in; "" if it is gone.
	SessionUID string
	// SteppedUp says that the user has proved again, within ten minutes, to be
	// who signed in, by the record StepUpID; what that holds means nothing else.
	SteppedUp bool
	StepUpID  string
}

// AllScopes is the scope of the account pages, which act for nobody but the
// user.
var AllScopes = proto.JoinScope(proto.Scopes)

// PageCaller is the user of the account pages, who signed in within a session.
// stepUpID names the proof that the page's own session keeps, "" if none.
func (e *Engine) PageCaller(ctx context.Context, userID, sessionUID, stepUpID string) (*Caller, error) {
	steppedUp, err := e.isStepUp(ctx, userID, stepUpID)
	if err != nil {
		return nil, err
	}
	return &Caller{
		UserID: userID, ClientID: client.AccountCenter, FirstParty: true, Scope: AllScopes,
		SessionUID: sessionUID, SteppedUp: steppedUp, StepUpID: stepUpID,
	}, nil
}

// visit is one operation: what it is judged by and works on.
type visit struct {
	*Engine
	caller   *Caller
	now      int64
	db       *db.DB
	settings *accountcenter.Settings
	user     *user.User
}

// enter loads what an operation is judged by and opens its gates. Before them
// stand the switch of the account center and the user's own standing.
func (e *Engine) enter(ctx context.Context, c *Caller, gates ...gate) (*visit, error) {
	d := tenant.From(ctx).DB
	settings, err := e.Center.Get(ctx, d)
	if err != nil {
		return nil, err
	}
	if !settings.Enabled {
		return nil, ErrNotEnabled
	}
	u, err := user.ByID(ctx, d, c.UserID)
	if errors.Is(err, user.ErrNotFound) {
		return nil, web.ErrUnauthorized
	}
	if err != nil {
		return nil, err
	}
	if err := u.Usable(); err != nil {
		return nil, err
	}
	v := &visit{Engine: e, caller: c, now: e.Clock.Millis(), db: d, settings: settings, user: u}
	if err := v.pass(gates); err != nil {
		return nil, err
	}
	return v, nil
}

// change updates the user and tells whoever listens, in one transaction; also,
// if not nil, runs first and its error undoes everything.
func (v *visit) change(ctx context.Context, patch user.Patch, also func(tx *db.Tx) error) (*user.User, error) {
	var changed *user.User
	err := v.db.Tx(ctx, func(tx *db.Tx) error {
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		var err error
		if changed, err = user.Update(ctx, tx, v.now, v.user.ID, patch); err != nil {
			return err
		}
		return user.Announce(ctx, tx, v.now, "User.Data.Updated", changed)
	})
	return changed, err
}
