package flow_test

import (
	"errors"
	"testing"

	"signet/internal/apptest"
	"signet/internal/mfa/softkey"
	"signet/test/flow"
)

func TestBrowser_WalksTheSecurityKeyJourneyOverTheAPIs(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		ctx := t.Context()
		b := flow.New(app.URL, nil)
		tokens, err := b.Register(ctx, "robin", apptest.Password)
		if err != nil {
			t.Fatal(err)
		}
		key := softkey.New()
		if err := b.AddKey(ctx, tokens.Access, apptest.Password, "Blue key", key); err != nil {
			t.Fatal(err)
		}
		tokens, err = flow.New(app.URL, nil).SignIn(ctx, "robin", apptest.Password, key)
		if err != nil {
			t.Fatal(err)
		}
		names, err := b.Keys(ctx, tokens.Access)
		if err != nil || len(names) != 1 || names[0] != "Blue key" {
			t.Fatalf("keys %q, %v", names, err)
		}
		fresh, err := b.Refresh(ctx, tokens.Refresh)
		if err != nil {
			t.Fatal(err)
		}
		claims, err := b.Userinfo(ctx, fresh.Access)
		if err != nil || claims["username"] != "robin" {
			t.Fatalf("claims %v, %v", claims, err)
		}
		_, err = flow.New(app.URL, nil).SignIn(ctx, "robin", apptest.Password, nil)
		var refusal *flow.Refusal
		if !errors.As(err, &refusal) || !refusal.Has("session.mfa.require_mfa_verification") {
			t.Fatalf("without the key: %v", err)
		}
	})
}
