package authorize

import (
	"context"
	"slices"

	"signet/internal/oidc/client"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/sentinel"
	"signet/internal/settings"
	"signet/internal/tenant"
)

// Engine runs authorizations.
type Engine struct {
	Clients *client.Directory
	Keys    *token.Keys
	Ring    *crypt.Keyring
	Clock   clock.Clock
	Limiter *sentinel.Limiter
	// Settings tell whether codes are bound to keys.
	Settings *settings.Reader
}

// Request is an authorization request that has passed, or is passing, the
// checks.
type Request struct {
	Client *client.Client
	// Params are complete once all checks have passed; after a refusal they hold
	// what is needed to tell the client.
	Params Params

	engine  *Engine
	sent    proto.Params
	now     int64
	ceiling *client.Ceiling
	// isPushing says that the client itself sends the request, isPushed that it
	// has done so before, isSigned that it has signed it.
	isPushing, isPushed, isSigned bool
	// provenKey is the key that a client proves to hold who sends the request, "" for
	// none.
	provenKey string
	// What the person has done for this very request.
	hasLoggedIn, hasConsented bool
	grantID                   string // what they allowed a client for this request alone
}

// check is one rule about a request. It may complete Params.
type check struct {
	rule string
	run  func(ctx context.Context, q db.Q, rq *Request) error
}

// While these run there is no client whom one could tell: their refusals are
// for the person at the browser.
var beforeRedirect = []check{
	{"a request that was sent ahead is used once", takePushed},
	{"the client exists", checkClient},
	{"a signed request is the client's own", openSigned},
	{"the redirect URI is the client's", checkRedirectURI},
}

// A device has no redirect URI: its client learns of refusals itself, and of the
// rest when it asks for tokens.
var ofDevice = []check{
	{"the client exists", checkClient},
	{"the client signs devices in", checkDeviceGrant},
}

// Refusals of these go to the client's redirect URI.
var byRedirect = []check{
	{"the answer can be delivered", checkResponseMode},
	{"a request object is signed", checkSigned},
	{"no value is too long to keep", checkLengths},
	{"no parameters arrive by another way", checkUnsupported},
	{"the request has come as the client wants it to", checkArrival},
	{"the client may use the response type", checkResponseType},
	{"prompt is consistent", checkPrompt},
	{"max_age is a number of seconds", checkMaxAge},
	{"the classes of authentication are known", checkClasses},
	{"the client may ask for the scopes", checkScope},
	{"offline access is asked for with consent", dropOfflineAccess},
	{"the code is bound to a verifier", checkPKCE},
	{"the code is bound to the key of the proof", bindKey},
	{"the key of the code is a thumbprint", checkKey},
	{"the resources exist", checkResources},
	{"id_token_hint is ours and the client's", checkHint},
	{"the rest needs no check", takeTheRest},
}

// Nor has it a response whose form and code were to be checked. It keeps
// offline_access without prompt=consent, for the person always sees who asks.
var byDevice = append(slices.Clone(ofDevice), []check{
	{"no value is too long to keep", checkLengths},
	{"no parameters arrive by another way", checkUnsupported},
	{"nor in a request object", checkUnsigned},
	{"prompt is consistent", checkPrompt},
	{"a person may be asked", checkNotSilent},
	{"max_age is a number of seconds", checkMaxAge},
	{"the client may ask for the scopes", checkScope},
	{"the resources exist", checkResources},
	{"id_token_hint is ours and the client's", checkHint},
	{"the rest needs no check", takeTheRest},
}...)

// Check runs a request through every rule. If one refuses it, told says whether
// the client may be told: Refuse does.
func (e *Engine) Check(ctx context.Context, q db.Q, sent proto.Params) (rq *Request, told bool, err error) {
	rq = &Request{engine: e, sent: sent, now: e.Clock.Millis()}
	told, err = rq.check(ctx, q)
	return rq, told, err
}

func (rq *Request) check(ctx context.Context, q db.Q) (told bool, err error) {
	for _, c := range beforeRedirect {
		if err := c.run(ctx, q, rq); err != nil {
			rq.keepState()
			return false, err
		}
	}
	rq.keepState()
	for _, c := range byRedirect {
		if err := c.run(ctx, q, rq); err != nil {
			return true, err
		}
	}
	return true, nil
}

// keepState notes the state that every answer carries, if it can be kept at all.
func (rq *Request) keepState() {
	if state := rq.sent.Get("state"); len(state) <= maxState {
		rq.Params.State = state
	}
}

func checkClient(ctx context.Context, q db.Q, rq *Request) error {
	id, err := rq.sent.Require("client_id")
	if err != nil {
		return err
	}
	rq.Params.ClientID = id
	if rq.Client, err = rq.engine.Clients.ByID(ctx, tenant.From(ctx), q, id); err != nil {
		return err
	}
	rq.ceiling, err = client.CeilingOf(ctx, q, rq.Client)
	return err
}

// checkRedirectURI also refuses a client without the code flow, which has
// nowhere to be sent back to.
func checkRedirectURI(_ context.Context, _ db.Q, rq *Request) error {
	if !rq.Client.AllowsGrant(proto.GrantAuthorizationCode) {
		return proto.ErrUnauthorizedClient.Describe("requested response_type is not allowed for this client")
	}
	uri, ok := rq.Client.MatchRedirect(rq.sent.Get("redirect_uri"))
	if !ok && !rq.sent.Has("redirect_uri") {
		return proto.MissingParameter("redirect_uri")
	}
	if !ok {
		return proto.ErrInvalidRedirectURI
	}
	rq.Params.RedirectURI = uri
	return nil
}
