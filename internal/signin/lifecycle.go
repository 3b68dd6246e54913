package signin

import (
	"context"

	"signet/internal/oidc/authorize"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
)

// Start begins to sign in, or begins anew: everything that was done before in
// the interaction is forgotten. No captcha provider exists, so a captcha token
// is refused with ErrCaptchaFailed.
func (e *Engine) Start(ctx context.Context, in *authorize.Interaction, event Event, captchaToken *string) (err error) {
	entry, err := e.step(ctx, in, "Create", nil)
	if err != nil {
		return err
	}
	entry.sees(&State{Event: event})
	defer entry.log(ctx, &err)
	if captchaToken != nil {
		return ErrCaptchaFailed
	}
	return e.save(ctx, in, func(tx *db.Tx, row *authorize.Interaction) error {
		v := &visit{Engine: e, row: row, tx: tx, state: &State{Event: event, Context: contextOf(ctx)}}
		if row.StepsUp() {
			// The session has answered who it is; what is missing is a key.
			v.state.Event, v.state.UserID = EventSignIn, *row.UserID
		}
		return v.save(ctx)
	})
}

func contextOf(ctx context.Context) map[string]string {
	info := web.Info(ctx)
	known := map[string]string{}
	for key, value := range map[string]string{"ip": info.IP, "userAgent": info.UserAgent} {
		if value != "" {
			known[key] = value
		}
	}
	return known
}

// SwitchEvent changes what the person wants, between signing in and signing up.
// Proofs and the identified user stay, staged profile data goes.
func (e *Engine) SwitchEvent(ctx context.Context, in *authorize.Interaction, event Event) (err error) {
	entry, err := e.step(ctx, in, "Update", map[string]any{"newEvent": string(event)})
	if err != nil {
		return err
	}
	defer entry.log(ctx, &err)
	return e.change(ctx, in, func(v *visit) error {
		entry.sees(v.state)
		if !v.allows(event) {
			return ErrForbidden
		}
		if (v.state.Event == EventForgotPassword) != (event == EventForgotPassword) {
			return ErrNotForForgotPassword
		}
		v.state.switchTo(event)
		return nil
	})
}

// allows reports whether the tenant lets people do this.
func (v *visit) allows(event Event) bool {
	switch event {
	case EventSignIn:
		return v.settings.SignInMode.AllowsSignIn()
	case EventRegister:
		return v.settings.SignInMode.AllowsRegister()
	}
	return true
}
