package signin

import (
	"context"
	"errors"

	"signet/internal/asset"
	"signet/internal/oidc/authorize"
	"signet/internal/platform/db"
	"signet/internal/platform/web"
	"signet/internal/role"
	"signet/internal/sentinel"
	"signet/internal/signin/verification"
	"signet/internal/user"
)

// Identify decides who the person is: at sign-in the user of the proof, at
// sign-up a new user, who is created here. created tells which. Without a
// proof, sign-up uses what is staged.
func (e *Engine) Identify(ctx context.Context, in *authorize.Interaction, recordID *string) (created bool, err error) {
	entry, err := e.step(ctx, in, "Identifier.Submit", nil)
	if err != nil {
		return false, err
	}
	defer entry.log(ctx, &err)
	// Asked before the transaction, told where it is due.
	var closed error
	if e.MayRegister != nil {
		closed = e.MayRegister(ctx)
	}
	admit := e.Limiter.OnceForAddress(e.Clock, "register", web.Info(ctx).IP, sentinel.Registration)
	mayCreate := func(q db.Q) error {
		if closed != nil {
			return closed
		}
		return admit(ctx, q)
	}
	err = e.change(ctx, in, func(v *visit) error {
		created = v.state.Event == EventRegister
		entry.sees(v.state)
		defer func() { entry.userID = v.state.UserID }()
		if !created && recordID == nil {
			return web.Invalid("verificationId", "Required")
		}
		switch v.state.Event {
		case EventRegister:
			return v.register(ctx, recordID, mayCreate)
		case EventForgotPassword:
			return v.identifyForReset(*recordID)
		default:
			return v.identify(ctx, *recordID)
		}
	})
	return created && err == nil, err
}

func (v *visit) identify(ctx context.Context, recordID string) error {
	record, err := v.state.Records.ByID(recordID)
	if err != nil {
		return err
	}
	if !v.allows(EventSignIn) {
		return ErrForbidden
	}
	// Of the proofs that exist only a password can sign anybody in.
	proof, ok := record.(*verification.Password)
	if !ok || !v.settings.SignIn.Method(proof.Identifier.Type).Password {
		return ErrMethodDisabled
	}
	if !proof.Verified() {
		return verification.ErrNotVerified
	}
	u, err := user.ByID(ctx, v.q, proof.UserID)
	if errors.Is(err, user.ErrNotFound) {
		return ErrUserNotFound
	}
	if err != nil {
		return err
	}
	if err := u.Usable(); err != nil {
		return err
	}
	if !proof.Holds(u) {
		return verification.ErrNotVerified
	}
	if v.state.UserID != "" && v.state.UserID != u.ID {
		return ErrOtherUser
	}
	v.state.UserID = u.ID
	return nil
}

// identifyForReset refuses: nothing that exists yet can reset a password.
func (v *visit) identifyForReset(recordID string) error {
	if _, err := v.state.Records.ByID(recordID); err != nil {
		return err
	}
	return ErrForgotPasswordOnly
}

// register creates the user from what is staged. What the proof brought stays
// staged when something is missing, so that the person adds it and tries again.
// mayCreate is asked when nothing is.
func (v *visit) register(ctx context.Context, recordID *string, mayCreate func(q db.Q) error) error {
	if v.state.UserID != "" {
		if v.state.Created {
			return nil
		}
		return ErrOtherUser
	}
	if recordID != nil {
		if err := v.stageIdentity(ctx, *recordID); err != nil {
			return err
		}
	}
	if !v.allows(EventRegister) {
		return keep(ErrForbidden)
	}
	stranger := next{v.state, v.settings, &Person{User: &user.User{}}}
	for _, rule := range []func() *Step{stranger.captcha, stranger.profile} {
		if step := rule(); step != nil {
			return keep(step.Err)
		}
	}
	if err := mayCreate(v.tx); err != nil {
		return keep(err)
	}
	return v.create(ctx)
}

// stageIdentity takes the profile from a proof.
func (v *visit) stageIdentity(ctx context.Context, recordID string) error {
	record, err := v.state.Records.ByID(recordID)
	if err != nil {
		return err
	}
	identity, ok := record.(*verification.NewPasswordIdentity)
	if !ok {
		return verification.ErrNotVerified
	}
	if err := v.stageUsername(ctx, identity.Identifier.Value); err != nil {
		return err
	}
	v.state.Profile.HasPassword, v.state.secrets.Password = true, v.state.secrets.NewIdentity
	return nil
}

func (v *visit) create(ctx context.Context) error {
	staged, wantsMFA := v.state.Profile, false
	fresh := user.New{
		Username: given(staged.Username), PrimaryEmail: given(staged.PrimaryEmail), PrimaryPhone: given(staged.PrimaryPhone),
		Name: given(staged.Name), Avatar: given(staged.Avatar), CustomData: staged.CustomData,
		PasswordHash: v.state.secrets.Password, IsMFAEnabled: &wantsMFA, CaseSensitive: v.caseSensitive(),
	}
	if staged.Profile != nil {
		fresh.Profile = *staged.Profile
	}
	u, err := user.Create(ctx, v.tx, v.now, fresh)
	if err != nil {
		return err
	}
	if err := role.AssignDefaults(ctx, v.tx, v.now, u.ID, v.DefaultRoles); err != nil {
		return err
	}
	if v.state.Upload != "" {
		if err := asset.Keep(ctx, v.tx, v.now, v.state.Upload, u.ID); err != nil {
			return err
		}
		v.state.Upload = ""
	}
	if v.Registered != nil {
		if err := v.Registered(ctx, v.tx, u); err != nil {
			return err
		}
	}
	if err := user.Announce(ctx, v.tx, v.now, "User.Created", u); err != nil {
		return err
	}
	v.state.UserID, v.state.Created = u.ID, true
	// What the row has now is no longer staged.
	v.state.Profile, v.state.secrets = Profile{Submitted: staged.Submitted}, secrets{}
	return nil
}

func given(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
