// Package registration lets clients register themselves, and read, change and
// delete what they have registered (RFC 7591, RFC 7592), with the tokens for both.
// What comes of it is a third-party application like others, which package
// application keeps.
package registration

import (
	"context"

	"signet/internal/application"
	"signet/internal/oidc/proto"
	"signet/internal/oidc/token"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
	"signet/internal/settings"
	"signet/internal/tenant"
)

// Engine registers clients.
type Engine struct {
	Clock    clock.Clock
	Ring     *crypt.Keyring
	Limiter  *sentinel.Limiter
	Settings *settings.Reader
	// Algorithms are what the ID tokens of the tenant of q can be signed with.
	Algorithms func(ctx context.Context, q db.Q) ([]string, error)
}

// Errors of tokens. Who presents a bad one learns no more.
var (
	errInitialToken      = proto.ErrInvalidToken.Describe("the initial access token is missing, unknown, expired or used up")
	errRegistrationToken = proto.ErrInvalidToken.Describe("the registration access token is missing or not that of the client")
)

// Enabled reports whether clients of the tenant of q may register themselves.
func (e *Engine) Enabled(ctx context.Context, q db.Q) (bool, error) {
	config, err := e.Settings.OIDC(ctx, q)
	return config.Registration.Enabled, err
}

// Done is what became of a request, for the audit trail.
type Done struct {
	ClientID string
	// InitialToken is the id of the initial access token that was used.
	InitialToken string
}

// Register registers the client that raw, JSON, describes (RFC 7591 section 3.1);
// authorization is the header of that name. A request that is refused leaves the
// initial access token as it was. The errors are those of RFC 7591 section 3.2.2,
// proto.ErrInvalidToken and sentinel.ErrRateLimited, which alone is not to be put
// on record, or the trail would be what somebody fills: then Done is nil.
func (e *Engine) Register(ctx context.Context, t *tenant.Tenant, authorization string, raw []byte) (*Answer, *Done, error) {
	err := e.Limiter.AllowAddress(ctx, t.DB, e.Clock, "client-registration", web.Info(ctx).IP, sentinel.ClientRegistration)
	if err != nil {
		return nil, nil, err
	}
	rules, err := e.rules(ctx, t.DB)
	if err != nil {
		return nil, nil, err
	}
	done := &Done{}
	answer, err := db.Do(ctx, t.DB, func(tx *db.Tx) (*Answer, error) {
		now := e.Clock.Millis()
		if rules.RequiresToken {
			// Who may not register learns nothing of what is wrong with the metadata.
			if done.InitialToken, err = spend(ctx, tx, now, authorization); err != nil {
				return nil, err
			}
		}
		m, err := read(raw, rules)
		if err != nil {
			return nil, err
		}
		if err := dropUnused(ctx, tx, now, rules.UnusedDays); err != nil {
			return nil, err
		}
		return e.create(ctx, tx, t, now, m)
	})
	if err != nil {
		return nil, done, err
	}
	done.ClientID = answer.ClientID
	return answer, done, nil
}

// create stores the client and draws the token for its registration.
func (e *Engine) create(ctx context.Context, tx *db.Tx, t *tenant.Tenant, now int64, m *metadata) (*Answer, error) {
	app, _, err := application.Create(ctx, tx, now, e.Ring, m.application())
	if err != nil {
		return nil, refused(err)
	}
	if err := m.finish(ctx, tx, now, app); err != nil {
		return nil, err
	}
	value := ids.Token()
	if err := storeToken(ctx, tx, app.ID, value); err != nil {
		return nil, err
	}
	return e.answer(ctx, tx, t, app, value)
}

// finish stores what of the metadata is not the application's own.
func (m *metadata) finish(ctx context.Context, tx *db.Tx, now int64, app *application.Application) error {
	if alg := app.Custom.IDTokenSignedResponseAlg; alg != "" {
		if err := token.CheckAlgorithm(ctx, tx, now, alg); err != nil {
			return refused(err)
		}
	}
	_, _, err := application.SetExperience(ctx, tx, app.ID, application.ExperiencePatch{
		TermsOfUseURL: web.Opt[string]{Set: true, Value: m.TermsURI}, PrivacyPolicyURL: web.Opt[string]{Set: true, Value: m.PolicyURI},
	})
	return err
}

// refused turns what applications refuse into what clients understand.
func refused(err error) error {
	if errs.IsRefusal(err) {
		return proto.ErrInvalidClientMetadata.Describe("the metadata contradict each other, or a value is not supported").Wrap(err)
	}
	return err
}

// Read returns what is registered for a client that holds its registration access
// token (RFC 7592 section 2.1), else proto.ErrInvalidToken.
func (e *Engine) Read(ctx context.Context, t *tenant.Tenant, authorization, id string) (*Answer, error) {
	app, value, err := e.own(ctx, t.DB, authorization, id)
	if err != nil {
		return nil, err
	}
	return e.answer(ctx, t.DB, t, app, value)
}

// Replace replaces what a client has registered by what raw describes (RFC 7592
// section 2.2). What operators decide about stays, and so do demands that somebody
// has made of the client: it can take on more, and be relieved by operators alone.
func (e *Engine) Replace(ctx context.Context, t *tenant.Tenant, authorization, id string, raw []byte) (*Answer, error) {
	rules, err := e.rules(ctx, t.DB)
	if err != nil {
		return nil, err
	}
	return db.Do(ctx, t.DB, func(tx *db.Tx) (*Answer, error) {
		app, value, err := e.own(ctx, tx, authorization, id)
		if err != nil {
			return nil, err
		}
		m, err := read(raw, rules)
		if err != nil {
			return nil, err
		}
		if err := e.checkOwn(ctx, tx, m, app); err != nil {
			return nil, err
		}
		if app, err = m.replace(ctx, tx, app); err != nil {
			return nil, refused(err)
		}
		if err := m.finish(ctx, tx, e.Clock.Millis(), app); err != nil {
			return nil, err
		}
		return e.answer(ctx, tx, t, app, value)
	})
}

// replace stores the metadata in the place of those of an application.
func (m *metadata) replace(ctx context.Context, tx *db.Tx, app *application.Application) (*application.Application, error) {
	wanted := m.application()
	custom := app.Custom
	custom.TokenEndpointAuthMethod, custom.TokenEndpointAuthSigningAlg = wanted.Custom.TokenEndpointAuthMethod, wanted.Custom.TokenEndpointAuthSigningAlg
	custom.JWKS, custom.JWKSURI, custom.IDTokenSignedResponseAlg = wanted.Custom.JWKS, wanted.Custom.JWKSURI, wanted.Custom.IDTokenSignedResponseAlg
	demand(&custom.RequireSignedRequestObject, m.RequiresSigned)
	demand(&custom.RequirePushedAuthorizationRequests, m.RequiresPushed)
	demand(&custom.DPoPBoundAccessTokens, m.RequiresDPoP)
	_, err := application.Update(ctx, tx, app.ID, application.Patch{
		Name: web.Opt[string]{Set: true, Value: wanted.Name}, OIDC: web.Opt[application.ClientMetadata]{Set: true, Value: wanted.OIDC},
		Custom: web.Opt[application.CustomMetadata]{Set: true, Value: custom},
	})
	if err != nil {
		return nil, err
	}
	if err := application.Reregister(ctx, tx, app.ID, *wanted.Registration); err != nil {
		return nil, err
	}
	return application.ByID(ctx, tx, app.ID)
}

// demand sets a flag, and never takes it back.
func demand(flag **bool, more bool) {
	if more {
		*flag = &more
	}
}

// Remove deletes a client, and what its users have allowed it (RFC 7592 section
// 2.3).
func (e *Engine) Remove(ctx context.Context, t *tenant.Tenant, authorization, id string) error {
	err := t.DB.Tx(ctx, func(tx *db.Tx) error {
		if _, _, err := e.own(ctx, tx, authorization, id); err != nil {
			return err
		}
		return remove(ctx, tx, e.Clock.Millis(), id)
	})
	if err == nil {
		token.SweepClient(ctx, t.DB, id)
	}
	return err
}

func remove(ctx context.Context, tx *db.Tx, now int64, id string) error {
	if err := application.Delete(ctx, tx, id); err != nil {
		return err
	}
	return token.DropClient(ctx, tx, now, id)
}

// own returns the client of an id if the header holds its registration access
// token, which is returned too.
func (e *Engine) own(ctx context.Context, q db.Q, authorization, id string) (*application.Application, string, error) {
	value, err := web.BearerToken(authorization)
	if err != nil {
		return nil, "", errRegistrationToken
	}
	owner, err := ownerOf(ctx, q, value)
	if err != nil {
		return nil, "", err
	}
	if owner != id {
		return nil, "", errRegistrationToken
	}
	app, err := application.ByID(ctx, q, id)
	return app, value, err
}

// rules are what counts of the tenant's settings at this moment.
type rules struct {
	settings.Registration

	algorithms []string
}

func (e *Engine) rules(ctx context.Context, q db.Q) (*rules, error) {
	config, err := e.Settings.OIDC(ctx, q)
	if err != nil {
		return nil, err
	}
	algorithms, err := e.Algorithms(ctx, q)
	return &rules{config.Registration, algorithms}, err
}
