package authorize

import (
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/errs"
)

// standing is what there is to decide on whether a person must act.
type standing struct {
	Params *Params
	// Session and Grant are nil if there is none.
	Session *token.Session
	Grant   *token.Grant
	// AlwaysConsents is true for native applications: anybody can claim their
	// redirect URI, so a request without interaction must fail (RFC 8252
	// section 8.6).
	AlwaysConsents bool
	// HasLoggedIn and HasConsented tell what the person has done for this very
	// request already.
	HasLoggedIn, HasConsented bool
}

// next returns the prompt that the person must answer next, "" if the request
// can be granted, and the error with which prompt=none fails instead.
func (s *standing) next(now int64) (prompt string, refusal *errs.Error) {
	if refusal := s.loginReason(now); refusal != nil {
		return PromptLogin, refusal
	}
	if refusal := s.classReason(); refusal != nil {
		return promptStepUp, refusal
	}
	if refusal := s.consentReason(); refusal != nil {
		return PromptConsent, refusal
	}
	return "", nil
}

func (s *standing) loginReason(now int64) *errs.Error {
	if s.Session == nil || s.Session.UserID == nil || s.Session.LoginAt == nil {
		return proto.ErrLoginRequired.Describe("End-User authentication is required")
	}
	if !s.HasLoggedIn && s.Params.HasPrompt(PromptLogin) {
		return proto.ErrLoginRequired.Describe("End-User authentication was requested")
	}
	if age := s.Params.MaxAge; !s.HasLoggedIn && age != nil && now-*s.Session.LoginAt > *age*1000 {
		return proto.ErrLoginRequired.Describe("End-User authentication could not be obtained")
	}
	// OpenID Connect Core section 3.1.2.2: whoever answers must be the user whom
	// the client expects.
	if hinted := s.Params.HintedUser; hinted != "" && *s.Session.UserID != hinted {
		return proto.ErrLoginRequired.Describe("id_token_hint and authenticated subject do not match")
	}
	return nil
}

func (s *standing) consentReason() *errs.Error {
	if s.AlwaysConsents && !s.HasConsented {
		return proto.ErrInteractionRequired.Describe("native clients require End-User interaction")
	}
	// Whoever has just answered is not asked again for what they could not give.
	wanted := !s.HasConsented && (s.Params.HasPrompt(PromptConsent) || s.Grant != nil && !covers(s.Grant, s.Params))
	if wanted || s.Grant == nil {
		return proto.ErrConsentRequired.Describe("End-User consent is required")
	}
	return nil
}

// covers reports whether the grant allows or rejects everything that p asks for.
func covers(g *token.Grant, p *Params) bool {
	if !proto.CoversScope(g.OIDCScope, p.providerScope()) {
		return false
	}
	for indicator, scope := range p.ResourceScopes {
		allowed, ok := g.ResourceScopes[indicator]
		if !ok || !proto.CoversScope(proto.UnionScope(allowed, g.RejectedScopes[indicator]), scope) {
			return false
		}
	}
	return true
}

// providerScope returns those requested scopes that are the provider's own.
func (p *Params) providerScope() string {
	return proto.IntersectScope(p.Scope, proto.JoinScope(proto.Scopes))
}
