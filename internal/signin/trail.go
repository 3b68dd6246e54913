package signin

import (
	"context"

	"signet/internal/audit"
	"signet/internal/oidc/authorize"
)

// trail is the audit entry of one step.
type trail struct {
	in     *authorize.Interaction
	action string
	event  Event
	userID string
	data   map[string]any
}

// step begins the entry of a step; action is the part of the key that follows
// the event.
func step(in *authorize.Interaction, action string, data map[string]any) *trail {
	return &trail{in: in, action: action, data: data}
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
