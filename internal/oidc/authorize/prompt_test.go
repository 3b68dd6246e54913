package authorize

import (
	"testing"

	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/errs"
)

func TestStanding_WhatThePersonHasToDo(t *testing.T) {
	t.Parallel()
	const now = 1_000_000
	who, other := "alice", int64(now-10_000)
	session := &token.Session{UID: "s", UserID: &who, LoginAt: &other}
	grant := &token.Grant{OIDCScope: "openid profile", ResourceScopes: map[string]string{"api": "read"}}
	age := func(seconds int64) *int64 { return &seconds }
	for name, c := range map[string]struct {
		standing
		prompt string
		refuse *errs.Error
	}{
		"nobody":                        {standing{}, PromptLogin, proto.ErrLoginRequired},
		"session of nobody":             {standing{Session: &token.Session{UID: "s"}, Grant: grant}, PromptLogin, proto.ErrLoginRequired},
		"everything granted":            {standing{Session: session, Grant: grant, Params: &Params{Scope: "openid"}}, "", nil},
		"unknown scope":                 {standing{Session: session, Grant: grant, Params: &Params{Scope: "openid magic"}}, "", nil},
		"no grant":                      {standing{Session: session}, PromptConsent, proto.ErrConsentRequired},
		"more scope":                    {standing{Session: session, Grant: grant, Params: &Params{Scope: "openid email"}}, PromptConsent, proto.ErrConsentRequired},
		"granted resource":              {standing{Session: session, Grant: grant, Params: &Params{ResourceScopes: map[string]string{"api": "read"}}}, "", nil},
		"more of a resource":            {standing{Session: session, Grant: grant, Params: &Params{ResourceScopes: map[string]string{"api": "read write"}}}, PromptConsent, proto.ErrConsentRequired},
		"another resource":              {standing{Session: session, Grant: grant, Params: &Params{ResourceScopes: map[string]string{"b": ""}}}, PromptConsent, proto.ErrConsentRequired},
		"login wanted":                  {standing{Session: session, Grant: grant, Params: &Params{Prompts: []string{"login"}}}, PromptLogin, proto.ErrLoginRequired},
		"login wanted and done":         {standing{Session: session, Grant: grant, Params: &Params{Prompts: []string{"login"}}, HasLoggedIn: true}, "", nil},
		"both wanted, login done":       {standing{Session: session, Grant: grant, Params: &Params{Prompts: []string{"login", "consent"}}, HasLoggedIn: true}, PromptConsent, proto.ErrConsentRequired},
		"both wanted and done":          {standing{Session: session, Grant: grant, Params: &Params{Prompts: []string{"login", "consent"}}, HasLoggedIn: true, HasConsented: true}, "", nil},
		"consented, grant revoked":      {standing{Session: session, HasLoggedIn: true, HasConsented: true}, PromptConsent, proto.ErrConsentRequired},
		"young enough":                  {standing{Session: session, Grant: grant, Params: &Params{MaxAge: age(10)}}, "", nil},
		"too old":                       {standing{Session: session, Grant: grant, Params: &Params{MaxAge: age(9)}}, PromptLogin, proto.ErrLoginRequired},
		"too old, but has just been in": {standing{Session: session, Grant: grant, Params: &Params{MaxAge: age(0)}, HasLoggedIn: true}, "", nil},
		"the expected user":             {standing{Session: session, Grant: grant, Params: &Params{HintedUser: "alice"}}, "", nil},
		"another user":                  {standing{Session: session, Grant: grant, Params: &Params{HintedUser: "bob"}}, PromptLogin, proto.ErrLoginRequired},
		"another user has signed in":    {standing{Session: session, Grant: grant, Params: &Params{HintedUser: "bob"}, HasLoggedIn: true}, PromptLogin, proto.ErrLoginRequired},
		"weaker than demanded":          {standing{Session: &token.Session{UserID: &who, LoginAt: &other, AMR: []string{"pwd"}}, Grant: grant, Params: &Params{Classes: []string{"phr"}}}, promptStepUp, proto.ErrInteractionRequired},
		"synced, hardware demanded":     {standing{Session: &token.Session{UserID: &who, LoginAt: &other, AMR: []string{"swk", "mfa"}}, Grant: grant, Params: &Params{Classes: []string{"phrh"}}}, promptStepUp, proto.ErrInteractionRequired},
		"as strong as demanded":         {standing{Session: &token.Session{UserID: &who, LoginAt: &other, AMR: []string{"hwk", "mfa"}}, Grant: grant, Params: &Params{Classes: []string{"phr"}}}, "", nil},
		"weak, and has just been in":    {standing{Session: session, Grant: grant, Params: &Params{Classes: []string{"phr"}}, HasLoggedIn: true}, promptStepUp, errUnmet},
		"weak and too old":              {standing{Session: session, Grant: grant, Params: &Params{Classes: []string{"phr"}, MaxAge: age(9)}}, PromptLogin, proto.ErrLoginRequired},
		"native":                        {standing{Session: session, Grant: grant, AlwaysConsents: true}, PromptConsent, proto.ErrInteractionRequired},
		"native, consented":             {standing{Session: session, Grant: grant, AlwaysConsents: true, HasConsented: true}, "", nil},
	} {
		s := c.standing
		if s.Params == nil {
			s.Params = &Params{}
		}
		prompt, refusal := s.next(now)
		if prompt != c.prompt || (refusal == nil) != (c.refuse == nil) || (refusal != nil && refusal.Code != c.refuse.Code) {
			t.Errorf("%s: %q, %v", name, prompt, refusal)
		}
	}
}
