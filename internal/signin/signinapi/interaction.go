package signinapi

import (
	"context"
	"net/http"

	"signet/internal/oidc/authorize"
	"signet/internal/platform/web"
	"signet/internal/signin"
	"signet/internal/tenant"
)

// Handlers serve the API.
type Handlers struct {
	Engine *signin.Engine
}

type interactionKey struct{}

// interaction is the guard in front of every operation: the browser must take
// part in a live interaction.
func (h *Handlers) interaction() web.Guard {
	return web.Guard{Name: "interaction", Check: func(ctx context.Context, r *http.Request) (context.Context, error) {
		in, err := authorize.InteractionFromRequest(ctx, tenant.From(ctx).DB, h.Engine.Clock.Millis(), r)
		if err != nil {
			return nil, err
		}
		return context.WithValue(ctx, interactionKey{}, in), nil
	}}
}

// current returns the interaction that the guard found.
func current(ctx context.Context) *authorize.Interaction {
	return ctx.Value(interactionKey{}).(*authorize.Interaction)
}

// none is a request without body and parameters.
type none struct{}

type startIn struct {
	InteractionEvent signin.Event `json:"interactionEvent" check:"enum=SignIn|Register|ForgotPassword"`
	CaptchaToken     *string      `json:"captchaToken"`
}

func (h *Handlers) start(ctx context.Context, in *startIn) (*web.Nothing, error) {
	return nil, h.Engine.Start(ctx, current(ctx), in.InteractionEvent, in.CaptchaToken)
}

type eventIn struct {
	InteractionEvent signin.Event `json:"interactionEvent" check:"enum=SignIn|Register|ForgotPassword"`
}

func (h *Handlers) switchEvent(ctx context.Context, in *eventIn) (*web.Nothing, error) {
	return nil, h.Engine.SwitchEvent(ctx, current(ctx), in.InteractionEvent)
}

func (h *Handlers) show(ctx context.Context, _ *none) (*signin.View, error) {
	return h.Engine.View(ctx, current(ctx))
}

type identifyIn struct {
	VerificationID     *string `json:"verificationId" check:"max=128"`
	LinkSocialIdentity *bool   `json:"linkSocialIdentity"`
}

func (h *Handlers) identify(ctx context.Context, in *identifyIn) (*web.Nothing, error) {
	created, err := h.Engine.Identify(ctx, current(ctx), in.VerificationID)
	if err == nil && created {
		web.SetStatus(ctx, http.StatusCreated)
	}
	return nil, err
}

type submitOut struct {
	RedirectTo string `json:"redirectTo"`
}

func (h *Handlers) submit(ctx context.Context, _ *none) (*submitOut, error) {
	redirectTo, err := h.Engine.Submit(ctx, current(ctx))
	return &submitOut{redirectTo}, err
}

type ssoConnectorsIn struct {
	Email string `query:"email" check:"max=256,pattern=email"`
}

type ssoConnectorsOut struct {
	ConnectorIDs []string `json:"connectorIds"`
}

// ssoConnectors answers that nobody else vouches for the address: there are no
// enterprise connectors yet.
func (h *Handlers) ssoConnectors(_ context.Context, in *ssoConnectorsIn) (*ssoConnectorsOut, error) {
	if in.Email == "" {
		return nil, web.Invalid("email", "Required")
	}
	return &ssoConnectorsOut{ConnectorIDs: []string{}}, nil
}
