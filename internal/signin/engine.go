package signin

import (
	"context"
	"errors"

	"signet/internal/asset"
	"signet/internal/mfa"
	"signet/internal/oidc/authorize"
	"signet/internal/organization"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
	"signet/internal/signin/verification"
	"signet/internal/signinexp"
	"signet/internal/tenant"
	"signet/internal/user"
)

// Engine performs the steps of signing in. Every method takes the interaction
// as the request found it, changes its state and saves it at once or not at
// all; of two requests that meet, the later one is judged on what the earlier
// one left. What is saved is in the interaction that was passed, for the next
// step of the same request. The tenant is that of the context.
type Engine struct {
	Experience *signinexp.Cache
	Hasher     *crypt.Hasher
	Keyring    *crypt.Keyring
	Clock      clock.Clock
	// Assets keeps the pictures of people.
	Assets *asset.Disk
	// Pwned tells passwords that are known from breaches; nil knows none.
	Pwned user.PwnedCheck
	// Limiter bounds how often one address takes steps, tries passwords, registers and
	// uploads; nil does not.
	Limiter *sentinel.Limiter
	// DefaultRoles are names of roles that every new user gets beside the default
	// ones of the tenant.
	DefaultRoles []string
	// IgnoreUsernameCase makes usernames case-insensitive whatever a tenant says.
	IgnoreUsernameCase bool

	// MayRegister, if set, is asked before a user registers; its error refuses.
	// Registered, if set, runs in the transaction that creates the user and can
	// undo it. The composition root sets both, for the setup of the admin tenant:
	// its first user needs a setup token, which is spent by registering.
	MayRegister func(ctx context.Context) error
	Registered  func(ctx context.Context, tx *db.Tx, u *user.User) error
}

// visit is one request's view of an interaction. tx is nil while it only looks.
type visit struct {
	*Engine
	now      int64
	row      *authorize.Interaction
	state    *State
	settings *signinexp.Settings
	q        db.Q
	tx       *db.Tx
	// finished says that the row is no longer ours to save.
	finished bool
}

// keptError is a refusal after which the state is saved all the same.
type keptError struct{ error }

// keep lets what was staged survive a refusal.
func keep(refusal error) error { return &keptError{refusal} }

// look opens the interaction without a transaction: for steps that must work,
// before they change anything, on things that take their time.
func (e *Engine) look(ctx context.Context, in *authorize.Interaction) (*visit, error) {
	return e.lookAt(ctx, in, false)
}

// lookAt opens the interaction as the request found it or, again, as it is by now.
func (e *Engine) lookAt(ctx context.Context, in *authorize.Interaction, again bool) (*visit, error) {
	d := tenant.From(ctx).DB
	settings, err := e.Experience.Get(ctx, d)
	if err != nil {
		return nil, err
	}
	row, err := e.row(ctx, d, in, again)
	if err != nil {
		return nil, err
	}
	return e.open(ctx, d, row, settings)
}

// row returns a copy of the interaction as the request found it or, again, as
// it is by now.
func (e *Engine) row(ctx context.Context, q db.Q, in *authorize.Interaction, again bool) (*authorize.Interaction, error) {
	row, now := *in, e.Clock.Millis()
	if again {
		current, err := authorize.ByUID(ctx, q, now, in.UID)
		if err != nil {
			return nil, err
		}
		row = *current
	}
	if row.FinishedAt != nil || row.ExpiresAt <= now || row.Prompt != authorize.PromptLogin {
		return nil, authorize.ErrNotFound.Describe("there is nobody to sign in")
	}
	return &row, nil
}

func (e *Engine) open(ctx context.Context, q db.Q, row *authorize.Interaction, settings *signinexp.Settings) (*visit, error) {
	state, err := decode(e.sealer(ctx, row), row.State, row.StateSealed)
	if err != nil {
		return nil, err
	}
	state.demand = demand{classes: row.Params.Classes, stepsUp: row.StepsUp()}
	return &visit{Engine: e, now: e.Clock.Millis(), row: row, state: state, settings: settings, q: q}, nil
}

func (e *Engine) sealer(ctx context.Context, in *authorize.Interaction) sealer {
	return sealer{keyring: e.Keyring, tenantID: tenant.From(ctx).ID, uid: in.UID}
}

// change runs step on the interaction in a transaction and saves it.
func (e *Engine) change(ctx context.Context, in *authorize.Interaction, step func(v *visit) error) error {
	settings, err := e.Experience.Get(ctx, tenant.From(ctx).DB)
	if err != nil {
		return err
	}
	return e.save(ctx, in, func(tx *db.Tx, row *authorize.Interaction) error {
		v, err := e.open(ctx, tx, row, settings)
		if err != nil {
			return err
		}
		v.tx = tx
		err = step(v)
		if kept := (*keptError)(nil); v.finished || err != nil && !errors.As(err, &kept) {
			return err
		}
		if unsaved := v.save(ctx); unsaved != nil {
			return unsaved
		}
		return err
	})
}

// maxTries bounds how often a step runs that others overtake.
const maxTries = 3

// save runs step, which saves the row that it gets, in a transaction, and then
// passes that row on to in. When another request saved the interaction first,
// the step runs again, on what that one left.
func (e *Engine) save(ctx context.Context, in *authorize.Interaction, step func(tx *db.Tx, row *authorize.Interaction) error) error {
	for try := 1; ; try++ {
		var row *authorize.Interaction
		var kept *keptError
		err := tenant.From(ctx).DB.Tx(ctx, func(tx *db.Tx) (err error) {
			kept = nil
			if row, err = e.row(ctx, tx, in, try > 1); err != nil {
				return err
			}
			if err = step(tx, row); errors.As(err, &kept) {
				return nil
			}
			return err
		})
		switch {
		case err != nil && try < maxTries && e.overtaken(ctx, row, err):
			continue
		case err != nil:
			return err
		}
		*in = *row
		if kept != nil {
			return kept.error
		}
		return nil
	}
}

// overtaken reports whether a step has failed on a row that another request has
// saved meanwhile: the failure may be of its doing.
func (e *Engine) overtaken(ctx context.Context, row *authorize.Interaction, failure error) bool {
	if errors.Is(failure, authorize.ErrConflict) {
		return true
	}
	if row == nil {
		return false
	}
	current, err := authorize.ByUID(ctx, tenant.From(ctx).DB, e.Clock.Millis(), row.UID)
	return err == nil && current.Version != row.Version
}

func (v *visit) save(ctx context.Context) error {
	state, sealed, err := v.state.encode(v.sealer(ctx, v.row))
	if err != nil {
		return err
	}
	v.row.State, v.row.StateSealed = state, sealed
	return authorize.SaveState(ctx, v.tx, v.row)
}

// caseSensitive reports whether usernames of the tenant that differ in case
// are different.
func (v *visit) caseSensitive() bool {
	return v.settings.UsernamePolicy.DistinguishesCase(!v.IgnoreUsernameCase)
}

// identified returns the user who is identified, ErrNotIdentified if nobody is
// or the user has been deleted since.
func (v *visit) identified(ctx context.Context) (*user.User, error) {
	if v.state.UserID == "" {
		return nil, ErrNotIdentified
	}
	u, err := user.ByID(ctx, v.q, v.state.UserID)
	if errors.Is(err, user.ErrNotFound) {
		return nil, ErrNotIdentified
	}
	return u, err
}

// person returns what Next must know of the identified user; nil if nobody is
// identified. The state loses a proof whose key the user has no longer.
func (v *visit) person(ctx context.Context) (*Person, error) {
	u, err := v.identified(ctx)
	if errors.Is(err, ErrNotIdentified) && v.state.UserID == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p, credentials, err := holder(ctx, v.q, v.settings, u)
	if err != nil {
		return nil, err
	}
	if w, ok := verification.Of[*verification.WebAuthn](v.state.Records); ok {
		w.Judge(credentials)
	}
	p.HasDemandedKey = len(authorize.Suitable(v.state.demand.classes, credentials)) > 0
	if p.HasSocialIdentity, p.HasSSOIdentity, err = user.IdentityKinds(ctx, v.q, u.ID); err != nil {
		return nil, err
	}
	p.Taken, err = v.conflict(ctx, u.ID)
	return p, err
}

// holder returns a user with what decides about the second factor, and the passkeys
// among it.
func holder(ctx context.Context, q db.Q, settings *signinexp.Settings, u *user.User) (*Person, []mfa.Credential, error) {
	p := &Person{User: u}
	credentials, err := mfa.CredentialsOf(ctx, q, u.ID)
	if err != nil {
		return nil, nil, err
	}
	if len(credentials) > 0 {
		p.Factors = append(p.Factors, signinexp.FactorWebAuthn)
	}
	others, err := mfa.OtherKinds(ctx, q, u.ID)
	if err != nil {
		return nil, nil, err
	}
	for _, kind := range others {
		p.Factors = append(p.Factors, signinexp.Factor(kind))
	}
	if settings.MFA.OrganizationRequiredMFAPolicy == signinexp.OrganizationMandatory {
		p.OrganizationRequiresMFA, err = organization.DemandsMFA(ctx, q, u.ID)
	}
	return p, credentials, err
}

// SecondFactors lists the factors of which signing in by password asks the user for
// one; none if it asks for none.
func SecondFactors(ctx context.Context, q db.Q, settings *signinexp.Settings, u *user.User) ([]signinexp.Factor, error) {
	p, _, err := holder(ctx, q, settings, u)
	if err != nil {
		return nil, err
	}
	n := next{&State{UserID: u.ID}, settings, p}
	if n.excused() {
		return nil, nil
	}
	return n.usable(), nil
}

// conflict returns the refusal if a staged identifier belongs to another user
// than the given one.
func (v *visit) conflict(ctx context.Context, userID string) (refusal, err error) {
	for _, staged := range []struct {
		kind  string
		value *string
		taken error
	}{
		{signinexp.Username, v.state.Profile.Username, user.ErrUsernameTaken},
		{signinexp.Email, v.state.Profile.PrimaryEmail, user.ErrEmailTaken},
		{signinexp.Phone, v.state.Profile.PrimaryPhone, user.ErrPhoneTaken},
	} {
		if staged.value == nil {
			continue
		}
		id := verification.Identifier{Type: staged.kind, Value: *staged.value}
		owner, err := verification.FindUser(ctx, v.q, id, v.caseSensitive())
		if err != nil {
			return nil, err
		}
		if owner != nil && owner.ID != userID {
			return staged.taken, nil
		}
	}
	return nil, nil
}

// mayStage returns nil if something may be staged now: a person who signs in
// must be identified and have proved a second factor, one who signs up not.
func (v *visit) mayStage(ctx context.Context) error {
	if v.state.Event == EventForgotPassword {
		return ErrNotForForgotPassword
	}
	if v.state.signingUp() {
		return nil
	}
	p, err := v.person(ctx)
	if err != nil {
		return err
	}
	if p == nil {
		return ErrNotIdentified
	}
	if step := (next{v.state, v.settings, p}).secondFactor(); step != nil {
		return step.Err
	}
	return nil
}

// allowAddress bounds how often one address may have a name looked up or a new
// password hashed.
func (e *Engine) allowAddress(ctx context.Context) error {
	return e.Limiter.AllowAddress(ctx, tenant.From(ctx).DB, e.Clock, "sign-up", web.Info(ctx).IP, sentinel.SignIn)
}

// Look returns what must happen next in an interaction, and its state for
// pages to render. The state must not be changed.
func (e *Engine) Look(ctx context.Context, in *authorize.Interaction) (*State, Step, error) {
	v, err := e.look(ctx, in)
	if err != nil {
		return nil, Step{}, err
	}
	p, err := v.person(ctx)
	if err != nil {
		return nil, Step{}, err
	}
	return v.state, Next(v.state, v.settings, p), nil
}
