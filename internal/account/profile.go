package account

import (
	"context"

	"signet/internal/accountcenter"
	"signet/internal/oidc/proto"
	"signet/internal/platform/web"
	"signet/internal/user"
)

// View is an account as its user may see it through an application. A property
// is absent if the scope does not cover it or the tenant hides it; one that is
// shown but not set is null.
type View struct {
	ID                            string                    `json:"id"`
	Username                      **string                  `json:"username,omitempty"`
	PrimaryEmail                  **string                  `json:"primaryEmail,omitempty"`
	PrimaryPhone                  **string                  `json:"primaryPhone,omitempty"`
	Name                          **string                  `json:"name,omitempty"`
	Avatar                        **string                  `json:"avatar,omitempty"`
	CustomData                    *map[string]any           `json:"customData,omitempty"`
	Identities                    *map[string]user.Identity `json:"identities,omitempty"`
	LastSignInAt                  **int64                   `json:"lastSignInAt,omitempty"`
	CreatedAt                     *int64                    `json:"createdAt,omitempty"`
	UpdatedAt                     *int64                    `json:"updatedAt,omitempty"`
	Profile                       *user.Profile             `json:"profile,omitempty"`
	ApplicationID                 **string                  `json:"applicationId,omitempty"`
	CIMDClientID                  **string                  `json:"cimdClientId,omitempty"`
	IsSuspended                   *bool                     `json:"isSuspended,omitempty"`
	HasPassword                   *bool                     `json:"hasPassword,omitempty"`
	HasSecurityVerificationMethod bool                      `json:"hasSecurityVerificationMethod"`
}

// hasMethod reports whether the user can prove again who they are.
func hasMethod(u *user.User) bool {
	return u.HasPassword() || u.PrimaryEmail != nil || u.PrimaryPhone != nil
}

// Account returns the caller's account.
func (e *Engine) Account(ctx context.Context, c *Caller) (*View, error) {
	v, err := e.enter(ctx, c)
	if err != nil {
		return nil, err
	}
	return v.view(ctx, v.user)
}

// view shows of u what scope and settings allow.
func (v *visit) view(ctx context.Context, u *user.User) (*View, error) {
	shown := func(scope string, f accountcenter.Field) bool {
		return proto.HasScope(v.caller.Scope, scope) && v.settings.Readable(f)
	}
	view := &View{ID: u.ID, HasSecurityVerificationMethod: hasMethod(u)}
	for _, p := range []struct {
		to    ***string
		value *string
		scope string
		field accountcenter.Field
	}{
		{&view.Username, u.Username, proto.ScopeProfile, accountcenter.Username},
		{&view.Name, u.Name, proto.ScopeProfile, accountcenter.Name},
		{&view.Avatar, u.Avatar, proto.ScopeProfile, accountcenter.Avatar},
		{&view.PrimaryEmail, u.PrimaryEmail, proto.ScopeEmail, accountcenter.Email},
		{&view.PrimaryPhone, u.PrimaryPhone, proto.ScopePhone, accountcenter.Phone},
	} {
		if shown(p.scope, p.field) {
			*p.to = &p.value
		}
	}
	if shown(proto.ScopeProfile, accountcenter.Profile) {
		view.Profile = v.profile(u)
	}
	if shown(proto.ScopeProfile, accountcenter.Password) {
		has := u.HasPassword()
		view.HasPassword = &has
	}
	if shown(proto.ScopeCustomData, accountcenter.CustomData) {
		view.CustomData = &u.CustomData
	}
	if shown(proto.ScopeIdentities, accountcenter.Social) {
		identities, err := user.Identities(ctx, v.db, u.ID)
		if err != nil {
			return nil, err
		}
		view.Identities = &identities
	}
	if proto.HasScope(v.caller.Scope, proto.ScopeProfile) {
		view.LastSignInAt, view.CreatedAt, view.UpdatedAt = &u.LastSignInAt, &u.CreatedAt, &u.UpdatedAt
		view.ApplicationID, view.CIMDClientID, view.IsSuspended = &u.ApplicationID, &u.CIMDClientID, &u.IsSuspended
	}
	return view, nil
}

// profile returns the profile, without the address unless the scope has it.
func (v *visit) profile(u *user.User) *user.Profile {
	p := u.Profile
	if !proto.HasScope(v.caller.Scope, proto.ScopeAddress) {
		p.Address = nil
	}
	return &p
}

// Basics changes single properties; nil leaves one alone, "" clears it.
type Basics struct {
	Name, Avatar, Username *string
	// CustomData replaces the whole value.
	CustomData *map[string]any
}

// ChangeBasics changes the caller's name, avatar, username or custom data.
func (e *Engine) ChangeBasics(ctx context.Context, c *Caller, b Basics) (*View, error) {
	v, err := e.enter(ctx, c, changeBasics(b)...)
	if err != nil {
		return nil, err
	}
	patch := user.Patch{Name: b.Name, Avatar: b.Avatar, Username: b.Username, CustomData: b.CustomData}
	if b.Username != nil {
		if patch.CaseSensitive, err = v.checkUsername(ctx, *b.Username); err != nil {
			return nil, err
		}
	}
	changed, err := v.change(ctx, patch, nil)
	if err != nil {
		return nil, err
	}
	return v.view(ctx, changed)
}

// checkUsername judges a new username, or with "" the lack of one, and returns
// whether its case counts.
func (v *visit) checkUsername(ctx context.Context, username string) (caseSensitive bool, err error) {
	if username == "" {
		if v.user.PrimaryEmail == nil && v.user.PrimaryPhone == nil {
			return false, ErrLastIdentifier
		}
		return false, nil
	}
	if !user.ValidUsername(username) {
		return false, web.Invalid("username", "Invalid")
	}
	experience, err := v.Experience.Get(ctx, v.db)
	if err != nil {
		return false, err
	}
	policy := experience.UsernamePolicy
	return policy.DistinguishesCase(!v.IgnoreUsernameCase), policy.Check(username)
}

// ChangeProfile merges a patch into the caller's profile; the address is
// replaced whole.
func (e *Engine) ChangeProfile(ctx context.Context, c *Caller, patch user.Profile) (*user.Profile, error) {
	gates := changeProfile
	if patch.Address != nil {
		gates = append(gates[:len(gates):len(gates)], has(proto.ScopeAddress, errScopeMissing))
	}
	v, err := e.enter(ctx, c, append(gates[:len(gates):len(gates)], firstParty)...)
	if err != nil {
		return nil, err
	}
	changed, err := v.change(ctx, user.Patch{Profile: &patch}, nil)
	if err != nil {
		return nil, err
	}
	return v.profile(changed), nil
}
