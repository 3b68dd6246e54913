package signin

import (
	"context"

	"signet/internal/mfa"
	"signet/internal/oidc/authorize"
	"signet/internal/platform/event"
	"signet/internal/signin/verification"
	"signet/internal/user"
)

// Submit completes the interaction if nothing is missing: what is staged
// becomes the user's, and the browser may go to redirectTo, where the
// authorization continues. Otherwise it is the first refusal of Next.
func (e *Engine) Submit(ctx context.Context, in *authorize.Interaction) (redirectTo string, err error) {
	entry, err := e.step(ctx, in, "Submit", nil)
	if err != nil {
		return "", err
	}
	defer entry.log(ctx, &err)
	err = e.change(ctx, in, func(v *visit) error {
		entry.sees(v.state)
		p, err := v.person(ctx)
		if err != nil {
			return err
		}
		if err := v.stillGood(p); err != nil {
			return err
		}
		step := Next(v.state, v.settings, p)
		if step.Need != Done {
			return step.Err
		}
		redirectTo, err = v.complete(ctx, p.User, step)
		return err
	})
	return redirectTo, err
}

// stillGood refuses what has changed since identification: the user may have
// been suspended, the password replaced, the proof of it exchanged for that of
// somebody else's.
func (v *visit) stillGood(p *Person) error {
	if p == nil {
		return nil
	}
	if err := p.User.Usable(); err != nil {
		return err
	}
	if v.row.StepsUp() {
		return nil
	}
	if v.state.Created {
		// Nobody else can have chosen a password that is as old as the account.
		if changed := p.User.PasswordChangedAt; changed != nil && *changed != p.User.CreatedAt {
			return verification.ErrNotVerified
		}
		return nil
	}
	if proof := v.state.password(); proof == nil || !proof.Holds(p.User) {
		return verification.ErrNotVerified
	}
	return nil
}

// complete writes everything that was staged, says so, and hands the user to
// the authorization.
func (v *visit) complete(ctx context.Context, u *user.User, step Step) (redirectTo string, err error) {
	changed := !v.state.Profile.empty() || len(v.state.MFA.WebAuthn) > 0
	patch, needed := v.patch(u, step)
	if needed {
		if u, err = user.Update(ctx, v.tx, v.now, u.ID, patch); err != nil {
			return "", err
		}
	}
	for i := range v.state.MFA.WebAuthn {
		credential := v.state.MFA.WebAuthn[i]
		credential.UserID = u.ID
		if err := mfa.Insert(ctx, v.tx, &credential); err != nil {
			return "", err
		}
	}
	if err := user.MarkSignedIn(ctx, v.tx, v.now, u.ID); err != nil {
		return "", err
	}
	u.LastSignInAt = &v.now
	if changed {
		if err := user.Announce(ctx, v.tx, v.now, "User.Data.Updated", u); err != nil {
			return "", err
		}
	}
	if err := v.announce(ctx, u); err != nil {
		return "", err
	}
	submission, err := v.state.submission()
	if err != nil {
		return "", err
	}
	v.finished = true
	return authorize.Finish(ctx, v.tx, v.now, v.row, authorize.Login{
		UserID: u.ID, AMR: v.state.methods(u), Submission: submission,
	})
}

// patch is the one update of the user's row, and whether there is anything in it.
func (v *visit) patch(u *user.User, step Step) (p user.Patch, needed bool) {
	staged, yes := v.state.Profile, true
	if !v.state.Created {
		staged = staged.beside(u)
	}
	p = user.Patch{
		Username: staged.Username, PrimaryEmail: staged.PrimaryEmail, PrimaryPhone: staged.PrimaryPhone,
		Name: staged.Name, Avatar: staged.Avatar, Profile: staged.Profile, MergeCustomData: staged.CustomData,
		CaseSensitive: v.caseSensitive(),
	}
	if staged.HasPassword {
		p.PasswordHash = &v.state.secrets.Password
	}
	flags := v.state.MFA
	if flags.Enabled || step.EnablesMFA {
		p.IsMFAEnabled = &yes
	}
	if flags.Skipped {
		p.IsMFAPromptSkipped = &yes
	}
	if flags.SuggestionSkipped {
		p.IsMFASuggestionSkipped = &yes
	}
	// Who declines a passkey while signing up is asked once more, at sign-in.
	if flags.PasskeySkipped && !v.state.signingUp() {
		p.IsPasskeyPromptSkipped = &yes
	}
	staged.Submitted = false
	needed = !staged.empty() || p.IsMFAEnabled != nil || p.IsMFAPromptSkipped != nil ||
		p.IsMFASuggestionSkipped != nil || p.IsPasskeyPromptSkipped != nil
	return p, needed
}

// announcement is the data of the events that tell of a finished interaction.
type announcement struct {
	InteractionEvent Event          `json:"interactionEvent"`
	SessionID        string         `json:"sessionId"`
	UserID           string         `json:"userId"`
	User             user.Published `json:"user"`
	ApplicationID    string         `json:"applicationId,omitempty"`
}

func (v *visit) announce(ctx context.Context, u *user.User) error {
	name := "PostSignIn"
	if v.state.Event == EventRegister {
		name = "PostRegister"
	}
	published, err := u.Published(ctx, v.tx)
	if err != nil {
		return err
	}
	return event.Record(ctx, v.tx, v.now, name, announcement{
		InteractionEvent: v.state.Event, SessionID: v.row.LogID(), UserID: u.ID,
		User: published, ApplicationID: v.row.ClientID,
	})
}
