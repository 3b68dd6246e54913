package authorize

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"signet/internal/oidc/proto"
	"signet/internal/organization"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/resource"
	"signet/internal/tenant"
)

// Errors of authorization requests alone (OpenID Connect Core section 3.1.2.6).
var (
	errRequestNotSupported      = errs.New(400, "oidc.request_not_supported").Describe("unsigned request objects are not supported")
	errRequestURINotSupported   = errs.New(400, "oidc.request_uri_not_supported").Describe("request_uri parameter provided but not supported")
	errRegistrationNotSupported = errs.New(400, "oidc.registration_not_supported").Describe("registration parameter provided but not supported")
)

// maxResources bounds how many audiences one request may name.
const maxResources = 32

// The most bytes that a parameter may have: what is kept with the interaction
// and comes back in a Location header must stay small. State belongs to the
// client, which may put more into it.
const (
	maxParameter = 2048
	maxState     = 4096
)

// checkResponseMode also notes the mode in which refusals reach the client.
func checkResponseMode(_ context.Context, _ db.Q, rq *Request) error {
	p := &rq.Params
	p.ResponseType = normalType(rq.sent.Get("response_type"))
	p.ResponseMode = defaultMode(p.ResponseType)
	switch mode := rq.sent.Get("response_mode"); mode {
	case "":
	case ModeQuery, ModeFragment, ModeFormPost:
		p.ResponseMode = mode
	default:
		return proto.ErrUnsupportedResponseMode
	}
	return nil
}

// normalType orders the parts of a response type, whose order means nothing.
func normalType(responseType string) string {
	parts := strings.Fields(responseType)
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

func checkLengths(_ context.Context, _ db.Q, rq *Request) error {
	for name, values := range rq.sent {
		limit := maxParameter
		switch name {
		case "state":
			limit = maxState
		case "id_token_hint", paramGoogleOneTap:
			limit = 2 * maxState
		}
		for _, value := range values {
			if len(value) > limit {
				return proto.ErrInvalidRequest.Describe("a parameter is too long")
			}
		}
	}
	return nil
}

// checkUnsupported refuses what would put parameters beside the ones that are
// checked here (RFC 9101), rather than ignore it.
func checkUnsupported(_ context.Context, _ db.Q, rq *Request) error {
	switch {
	case rq.sent.Has("request_uri"):
		return errRequestURINotSupported
	case rq.sent.Has("registration"):
		return errRegistrationNotSupported
	}
	return nil
}

// checkUnsigned refuses a request object where RFC 9101 has none.
func checkUnsigned(_ context.Context, _ db.Q, rq *Request) error {
	if rq.sent.Has("request") {
		return proto.ErrInvalidRequest.Describe("a device's request takes no request object")
	}
	return nil
}

// checkResponseType allows the code flow alone, as discovery says: tokens in the
// front channel are given to nobody (RFC 9700 section 2.1.2). Types that other
// providers announce are refused as not for this client, others as unknown.
func checkResponseType(_ context.Context, _ db.Q, rq *Request) error {
	switch rq.Params.ResponseType {
	case "":
		return proto.MissingParameter("response_type")
	case "code":
		return nil
	case "id_token", "code id_token", "none":
		return proto.ErrUnauthorizedClient.Describe("requested response_type is not allowed for this client")
	}
	return proto.ErrUnsupportedResponseType
}

// checkPrompt knows the prompts of OpenID Connect Core section 3.1.2.1 but
// select_account, since a session holds one account.
func checkPrompt(_ context.Context, _ db.Q, rq *Request) error {
	prompts := proto.SplitScope(rq.sent.Get("prompt"))
	for _, prompt := range prompts {
		if !slices.Contains([]string{PromptNone, PromptLogin, PromptConsent}, prompt) {
			return proto.ErrInvalidRequest.Describe("invalid prompt value(s) provided")
		}
	}
	if len(prompts) > 1 && slices.Contains(prompts, PromptNone) {
		return proto.ErrInvalidRequest.Describe("prompt none must only be used alone")
	}
	rq.Params.Prompts = prompts
	return nil
}

// checkNotSilent refuses devices that want nobody to be asked: who holds them is
// not who answers (RFC 8628 section 5.4).
func checkNotSilent(_ context.Context, _ db.Q, rq *Request) error {
	if rq.Params.HasPrompt(PromptNone) {
		return proto.ErrInvalidRequest.Describe("prompt none must not be used by devices")
	}
	return nil
}

func checkMaxAge(_ context.Context, _ db.Q, rq *Request) error {
	text := rq.sent.Get("max_age")
	if text == "" {
		return nil
	}
	// 32 bits are 68 years, and cannot overflow as milliseconds.
	seconds, err := strconv.ParseInt(text, 10, 32)
	if err != nil || seconds < 0 || text[0] == '+' {
		return proto.ErrInvalidRequest.Describe("invalid max_age parameter value")
	}
	rq.Params.MaxAge = &seconds
	return nil
}

// pkceForm is the syntax of RFC 7636 section 4.2.
var pkceForm = regexp.MustCompile(`^[A-Za-z0-9\-._~]{43,128}$`)

// checkPKCE lets only clients with a secret do without PKCE, and none of them
// half (RFC 9700 section 2.1.1).
func checkPKCE(_ context.Context, _ db.Q, rq *Request) error {
	challenge, method := rq.sent.Get("code_challenge"), rq.sent.Get("code_challenge_method")
	switch {
	case challenge == "" && method != "":
		return proto.ErrInvalidRequest.Describe("code_challenge must be provided with code_challenge_method")
	case challenge == "" && rq.Client.RequiresPKCE():
		return proto.ErrInvalidRequest.Describe("Authorization Server policy requires PKCE to be used for this request")
	case challenge == "":
		return nil
	case method != proto.CodeChallengeMethod:
		return proto.ErrInvalidRequest.Describe("not supported value of code_challenge_method")
	}
	if !pkceForm.MatchString(challenge) {
		return proto.ErrInvalidRequest.Describe("code_challenge must be a string with a minimum length of 43 and a maximum length of 128 characters")
	}
	rq.Params.CodeChallenge = challenge
	return nil
}

// ParamKey names the key that a code is to be bound to (RFC 9449 section 10).
const ParamKey = "dpop_jkt"

// thumbprintForm is a SHA-256 digest in base64url.
var thumbprintForm = regexp.MustCompile(`^[A-Za-z0-9\-_]{43}$`)

// bindKey binds a request to the key that its client proves to hold, as the parameter
// dpop_jkt does, whether the parameters lie open or in a request object (RFC 9449
// section 10.1).
func bindKey(_ context.Context, _ db.Q, rq *Request) error {
	switch key := rq.provenKey; {
	case key == "":
		return nil
	case rq.sent.Has(ParamKey) && rq.sent.Get(ParamKey) != key:
		return proto.ErrInvalidDPoPProof.Describe("dpop_jkt is not the key of the DPoP proof")
	default:
		rq.sent[ParamKey] = []string{key}
		return nil
	}
}

// checkKey notes the key, where tokens are bound to keys at all: elsewhere the
// parameter means nothing.
func checkKey(ctx context.Context, q db.Q, rq *Request) error {
	thumbprint := rq.sent.Get(ParamKey)
	if thumbprint == "" {
		return nil
	}
	config, err := rq.engine.Settings.OIDC(ctx, q)
	if err != nil || !config.DPoP.Enabled && !rq.Client.RequiresDPoP {
		return err
	}
	if !thumbprintForm.MatchString(thumbprint) {
		return proto.ErrInvalidRequest.Describe("dpop_jkt must be a SHA-256 JWK thumbprint")
	}
	rq.Params.KeyThumbprint = thumbprint
	return nil
}

// checkScope refuses scopes of the provider that a third-party application may
// not ask for; nothing else is known about a scope here, and what nobody knows
// is granted to nobody.
func checkScope(_ context.Context, _ db.Q, rq *Request) error {
	scope := proto.JoinScope(proto.SplitScope(rq.sent.Get("scope")))
	for _, s := range proto.SplitScope(scope) {
		if proto.IsScope(s) && rq.ceiling.Provider(s) == "" {
			return proto.ErrInvalidScope.Describe("requested scope is not allowed")
		}
	}
	rq.Params.Scope = scope
	return nil
}

// dropOfflineAccess keeps offline_access only where the person is asked
// (OpenID Connect Core section 11). It is dropped silently: many clients always
// send it.
func dropOfflineAccess(_ context.Context, _ db.Q, rq *Request) error {
	if !rq.Params.HasPrompt(PromptConsent) {
		rq.Params.Scope = proto.WithoutScope(rq.Params.Scope, proto.ScopeOfflineAccess)
	}
	return nil
}

// checkResources refuses audiences that nobody registered (RFC 8707 section 2)
// and notes which of the requested scopes each of the others offers. Who names
// none gets the tenant's default, if it has one.
func checkResources(ctx context.Context, q db.Q, rq *Request) error {
	p := &rq.Params
	indicators := rq.sent.All(proto.Resource)
	if len(indicators) > maxResources {
		return proto.ErrInvalidTarget
	}
	p.ResourceScopes = map[string]string{}
	for _, indicator := range indicators {
		if indicator == proto.OrganizationsResource {
			if err := rq.offerOrganizations(ctx, q); err != nil {
				return err
			}
			continue
		}
		r, err := resource.ByIndicator(ctx, q, indicator)
		if errors.Is(err, resource.ErrNotFound) {
			return proto.ErrInvalidTarget
		}
		if err != nil {
			return err
		}
		if err := rq.offer(ctx, q, r); err != nil {
			return err
		}
	}
	if len(indicators) > 0 {
		return nil
	}
	r, err := resource.Default(ctx, q)
	if err != nil || r == nil {
		return err
	}
	return rq.offer(ctx, q, r)
}

// offer adds a resource with those requested scopes that it knows and the client
// may ask for; what it may not is dropped silently.
func (rq *Request) offer(ctx context.Context, q db.Q, r *resource.Resource) error {
	scopes, err := resource.Scopes(ctx, q, r.ID)
	if err != nil {
		return err
	}
	names := make([]string, len(scopes))
	for i, s := range scopes {
		names[i] = s.Name
	}
	rq.addResource(r.Indicator, names)
	return nil
}

// offerOrganizations adds the audience of all organizations with those requested
// scopes that the template has.
func (rq *Request) offerOrganizations(ctx context.Context, q db.Q) error {
	names, err := organization.ScopeNames(ctx, q)
	if err != nil {
		return err
	}
	rq.addResource(proto.OrganizationsResource, names)
	return nil
}

func (rq *Request) addResource(indicator string, offered []string) {
	p := &rq.Params
	if _, ok := p.ResourceScopes[indicator]; !ok {
		p.Resources = append(p.Resources, indicator)
		p.ResourceScopes[indicator] = rq.ceiling.Resource(indicator, proto.IntersectScope(p.Scope, proto.JoinScope(offered)))
	}
}

// checkHint takes the expected user from an ID token that the client was given
// (OpenID Connect Core section 3.1.2.1).
func checkHint(ctx context.Context, q db.Q, rq *Request) error {
	raw := rq.sent.Get("id_token_hint")
	if raw == "" {
		return nil
	}
	keys, err := rq.engine.Keys.Set(ctx, q)
	if err != nil {
		return err
	}
	hint, err := keys.VerifyHint(raw, tenant.From(ctx).Issuer())
	if err != nil {
		return proto.ErrInvalidRequest.Describe("could not validate id_token_hint").Wrap(err)
	}
	if hint.Audience != rq.Client.ID {
		return proto.ErrInvalidRequest.Describe("could not validate id_token_hint")
	}
	rq.Params.HintedUser = hint.Subject
	return nil
}

// takeTheRest keeps what needs no check: what only comes back to the client, or
// is a wish that the pages may ignore.
func takeTheRest(_ context.Context, _ db.Q, rq *Request) error {
	rq.Params.Nonce = rq.sent.Get("nonce")
	rq.Params.LoginHint = rq.sent.Get("login_hint")
	rq.Params.UILocales = rq.sent.Get("ui_locales")
	rq.Params.Extras = readExtras(rq.sent)
	return nil
}
