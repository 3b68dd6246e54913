package signin

import (
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"unicode/utf8"

	"signet/internal/oidc/authorize"
	"signet/internal/platform/web"
	"signet/internal/signin/verification"
	"signet/internal/signinexp"
	"signet/internal/user"
)

// SetUsername stages a username for a user who has none: at sign-up, or when
// the tenant began to demand one.
func (e *Engine) SetUsername(ctx context.Context, in *authorize.Interaction, username string) (err error) {
	entry, err := e.step(ctx, in, "Profile.Update", map[string]any{"type": "username", "value": username})
	if err != nil {
		return err
	}
	defer entry.log(ctx, &err)
	if err := e.allowAddress(ctx); err != nil {
		return err
	}
	return e.change(ctx, in, func(v *visit) error {
		entry.sees(v.state)
		if err := v.mayStage(ctx); err != nil {
			return err
		}
		if v.state.UserID != "" {
			u, err := v.identified(ctx)
			if err != nil {
				return err
			}
			if u.Username != nil {
				return ErrUsernameInProfile
			}
		}
		return v.stageUsername(ctx, username)
	})
}

// stageUsername stages a username that the policy accepts and nobody has.
func (v *visit) stageUsername(ctx context.Context, username string) error {
	if err := v.settings.UsernamePolicy.Check(username); err != nil {
		return err
	}
	id := verification.Identifier{Type: signinexp.Username, Value: username}
	owner, err := verification.FindUser(ctx, v.q, id, v.caseSensitive())
	if err != nil {
		return err
	}
	if owner != nil && v.tellsNames() {
		return user.ErrUsernameTaken
	}
	v.state.Profile.Username = &username
	return nil
}

// tellsNames reports whether the person may hear that a name is taken. Where
// nobody can register, who tries finds out at Identify, and not which names exist.
func (v *visit) tellsNames() bool { return v.state.UserID != "" || v.allows(EventRegister) }

// SetPassword stages a password for a user who has none.
func (e *Engine) SetPassword(ctx context.Context, in *authorize.Interaction, password string) (err error) {
	entry, err := e.step(ctx, in, "Profile.Update", map[string]any{"type": "password"})
	if err != nil {
		return err
	}
	defer entry.log(ctx, &err)
	v, err := e.look(ctx, in)
	if err != nil {
		return err
	}
	entry.sees(v.state)
	info, err := v.mayStagePassword(ctx)
	if err != nil {
		return err
	}
	if err := e.allowAddress(ctx); err != nil {
		return err
	}
	hash, err := e.newHash(ctx, v.settings, password, info)
	if err != nil {
		return err
	}
	return e.change(ctx, in, func(v *visit) error {
		// The hash took its time: what was allowed before may no longer be.
		if _, err := v.mayStagePassword(ctx); err != nil {
			return err
		}
		v.state.Profile.HasPassword, v.state.secrets.Password = true, hash
		return nil
	})
}

// mayStagePassword returns what must not make up the password, or why none may
// be staged.
func (v *visit) mayStagePassword(ctx context.Context) (info user.UserInfo, err error) {
	if err := v.mayStage(ctx); err != nil {
		return info, err
	}
	if v.state.UserID != "" {
		u, err := v.identified(ctx)
		if err != nil {
			return info, err
		}
		if u.HasPassword() {
			return info, ErrPasswordInProfile
		}
		info = u.Info()
	}
	staged := v.state.Profile
	for _, field := range []struct {
		to   *string
		from *string
	}{{&info.Name, staged.Name}, {&info.Username, staged.Username}, {&info.Email, staged.PrimaryEmail}, {&info.Phone, staged.PrimaryPhone}} {
		if field.from != nil {
			*field.to = *field.from
		}
	}
	return info, nil
}

var (
	fieldName = regexp.MustCompile(`^[0-9A-Za-z]+$`)
	// identifierFields change how a person signs in; they have steps of their own.
	identifierFields = []string{"username", "email", "phone", "primaryEmail", "primaryPhone"}
	// profileFields are the standard claims, the others are custom data.
	profileFields = []string{"familyName", "givenName", "middleName", "nickname", "profile", "website", "gender",
		"birthdate", "zoneinfo", "locale", "address"}
)

// AddExtraProfile stages the fields of the sign-up form beyond identifiers and
// password: name, avatar, standard claims (OpenID Connect Core section 5.1) and
// custom data.
func (e *Engine) AddExtraProfile(ctx context.Context, in *authorize.Interaction, values map[string]any) (err error) {
	entry, err := e.step(ctx, in, "Profile.Update", map[string]any{"type": "extraProfile"})
	if err != nil {
		return err
	}
	defer entry.log(ctx, &err)
	extra, err := sortFields(values)
	if err != nil {
		return err
	}
	return e.change(ctx, in, func(v *visit) error {
		entry.sees(v.state)
		if err := v.mayStage(ctx); err != nil {
			return err
		}
		v.state.Profile.stageExtra(extra)
		return nil
	})
}

// sortFields puts each value where it belongs.
func sortFields(values map[string]any) (Profile, error) {
	p := Profile{CustomData: map[string]any{}}
	claims := map[string]any{}
	for name, value := range values {
		switch {
		case name == "preferredUsername":
			return p, ErrFieldBuiltIn
		case slices.Contains(identifierFields, name):
			return p, ErrFieldIdentifier
		case !fieldName.MatchString(name):
			return p, web.Invalid("values."+name, "Invalid name")
		case name == "name" || name == "avatar":
			text, err := basic(name, value)
			if err != nil {
				return p, err
			}
			if name == "name" {
				p.Name = &text
			} else {
				p.Avatar = &text
			}
		case slices.Contains(profileFields, name):
			claims[name] = value
		default:
			p.CustomData[name] = value
		}
	}
	raw, err := json.Marshal(claims)
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(raw, &p.Profile); err != nil {
		return p, web.Invalid("values", "Invalid profile")
	}
	if site := p.Profile.Website; site != nil && !user.IsWebsite(*site) {
		return p, web.Invalid("values.website", "Invalid url")
	}
	return p, nil
}

// basic returns a name or the address of a picture, which "" takes away, as the
// user's row can hold them.
func basic(name string, value any) (string, error) {
	text, ok := value.(string)
	longest := user.MaxName
	if name == "avatar" {
		longest = user.MaxAvatar
	}
	switch {
	case !ok:
		return "", web.Invalid("values."+name, "Expected string")
	case name == "avatar" && text != "" && !web.IsURL(text):
		return "", web.Invalid("values."+name, "Invalid url")
	case utf8.RuneCountInString(text) > longest:
		return "", web.Invalid("values."+name, "Too long")
	}
	return text, nil
}

// beside returns what is staged without the extra fields that u has already: the
// form is for those who lack them. What operators stored about somebody is not
// theirs to change at sign-in.
func (p Profile) beside(u *user.User) Profile {
	if u.Name != nil {
		p.Name = nil
	}
	if u.Avatar != nil {
		p.Avatar = nil
	}
	if p.Profile != nil {
		merged := p.Profile.Merge(u.Profile)
		p.Profile = &merged
	}
	p.CustomData = maps.Clone(p.CustomData)
	maps.DeleteFunc(p.CustomData, func(name string, _ any) bool { _, has := u.CustomData[name]; return has })
	return p
}

func (p *Profile) stageExtra(extra Profile) {
	p.Submitted = true
	if extra.Name != nil {
		p.Name = extra.Name
	}
	if extra.Avatar != nil {
		p.Avatar = extra.Avatar
	}
	merged := user.Profile{}
	if p.Profile != nil {
		merged = *p.Profile
	}
	merged = merged.Merge(*extra.Profile)
	p.Profile = &merged
	if p.CustomData == nil {
		p.CustomData = map[string]any{}
	}
	for name, value := range extra.CustomData {
		p.CustomData[name] = value
	}
}
