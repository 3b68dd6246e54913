package signin

import (
	"context"

	"signet/internal/audit"
	"signet/internal/oidc/authorize"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
	"signet/internal/tenant"
)

// trail is the audit entry of one step.
type trail struct {
	in     *authorize.Interaction
	action string
	event  Event
	userID string
	data   map[string]any
}

// step begins a step and its entry; action is the part of the key that follows the
// event. As each is on record, one address takes only so many: it fails with
// sentinel.ErrRateLimited.
func (e *Engine) step(ctx context.Context, in *authorize.Interaction, action string, data map[string]any) (*trail, error) {
	err := e.Limiter.AllowAddressHere(tenant.From(ctx).ID, e.Clock, "step", web.Info(ctx).IP, sentinel.Step)
	return &trail{in: in, action: action, data: data}, err
}

// sees notes in which state the step began.
func (t *trail) sees(s *State) {
	t.event = s.Event
	if s.UserID != "" {
		t.userID = s.UserID
	}
}

// log writes the entry. A step of an interaction in which nobody began to sign
// in leaves none.
func (t *trail) log(ctx context.Context, err *error) {
	if t.event == "" {
		return
	}
	audit.Log(ctx, audit.Entry{
		Key: "Interaction." + string(t.event) + "." + t.action, UserID: t.userID,
		ApplicationID: t.in.ClientID, SessionID: t.in.LogID(), Err: *err, Data: t.data,
	})
}
