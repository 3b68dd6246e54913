package auditapi

import (
	"context"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"signet/internal/audit"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

type listIn struct {
	UserID        string   `query:"userId" check:"max=21"`
	ApplicationID string   `query:"applicationId" check:"max=2048"`
	LogKey        string   `query:"logKey" check:"max=128"`
	EnableCap     web.Flag `query:"enableCap" check:"max=16"`
	StartTime     *string  `query:"start_time" check:"min=1,max=32"`
	EndTime       *string  `query:"end_time" check:"min=1,max=32"`
}

// entryOut is an audit entry.
type entryOut struct {
	TenantID  string  `json:"tenantId"`
	ID        string  `json:"id"`
	Key       string  `json:"key" example:"Interaction.SignIn.Submit"`
	Payload   payload `json:"payload"`
	CreatedAt int64   `json:"createdAt"`
}

// payload is what was noted. The fields are those that every entry may have, for
// the published document; an entry says more of its own.
type payload struct {
	Key           string  `json:"key"`
	Result        string  `json:"result" check:"enum=Success|Error"`
	Error         any     `json:"error,omitempty"`
	IP            *string `json:"ip,omitempty"`
	UserAgent     *string `json:"userAgent,omitempty"`
	UserID        *string `json:"userId,omitempty"`
	ApplicationID *string `json:"applicationId,omitempty"`
	SessionID     *string `json:"sessionId,omitempty"`

	// TokenTypes and Scope say what a token request brought, Params what was asked
	// for, without secrets.
	TokenTypes []string        `json:"tokenTypes,omitempty" check:"enum=AccessToken|RefreshToken|IdToken"`
	Scope      *string         `json:"scope,omitempty" example:"openid profile"`
	Params     *map[string]any `json:"params,omitempty"`

	noted json.RawMessage
}

// MarshalJSON writes what was noted.
func (p payload) MarshalJSON() ([]byte, error) { return p.noted, nil }

func published(tenantID string, l audit.Line) entryOut {
	return entryOut{TenantID: tenantID, ID: l.ID, Key: l.Key, Payload: payload{noted: l.Payload.V}, CreatedAt: l.CreatedAt}
}

func (a *API) list(ctx context.Context, in *listIn) (*[]entryOut, error) {
	t := tenant.From(ctx)
	from, err := instant("start_time", in.StartTime)
	if err != nil {
		return nil, err
	}
	to, err := instant("end_time", in.EndTime)
	if err != nil {
		return nil, err
	}
	if from != nil && to != nil && *from > *to {
		return nil, audit.ErrTimeWindow
	}
	f := audit.Filter{
		UserID: in.UserID, ApplicationID: in.ApplicationID, Key: in.LogKey,
		From: whole(from, math.Ceil), To: whole(to, math.Floor),
	}
	if err := a.sync(ctx); err != nil {
		return nil, err
	}
	lines, total, err := audit.List(ctx, t.DB, f, in.EnableCap.On(), web.Range(ctx))
	if err != nil {
		return nil, err
	}
	web.SetCappedTotal(ctx, total, in.EnableCap.On() && total > audit.Cap)
	out := make([]entryOut, len(lines))
	for i, l := range lines {
		out[i] = published(t.ID, l)
	}
	return &out, nil
}

// patience is how long a list waits for what was answered before it.
const patience = 2 * time.Second

// sync waits for the trail, but not for a database that takes nothing: operators who
// look for the reason must see what it holds.
func (a *API) sync(ctx context.Context) error {
	brief, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := a.Trail.Sync(brief); ctx.Err() != nil {
		return err
	}
	return nil
}

// instant reads a time in epoch milliseconds, which clients may send with a
// fraction.
func instant(name string, text *string) (*float64, error) {
	if text == nil {
		return nil, nil
	}
	n, err := strconv.ParseFloat(*text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return nil, web.Invalid(name, "must be a time in epoch milliseconds")
	}
	return &n, nil
}

// whole rounds a time to one that entries can have.
func whole(n *float64, round func(float64) float64) *int64 {
	if n == nil {
		return nil
	}
	const endOfTime = 1 << 53
	ms := int64(min(max(round(*n), -endOfTime), endOfTime))
	return &ms
}

type idIn struct {
	ID string `path:"id" check:"min=1,max=21"`
}

func (a *API) get(ctx context.Context, in *idIn) (*entryOut, error) {
	t := tenant.From(ctx)
	line, err := audit.ByID(ctx, t.DB, in.ID)
	if err != nil {
		return nil, err
	}
	out := published(t.ID, *line)
	return &out, nil
}
