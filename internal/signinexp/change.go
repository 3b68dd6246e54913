package signinexp

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"signet/internal/platform/db"
	"signet/internal/user"
)

// maxConflicts is how many clashes of usernames an error shows.
const maxConflicts = 20

// Change applies a change to the settings and stores them. Changes of one tenant
// wait for each other, so that none is lost. change returns why it may not be;
// operatorAllows is UsernamePolicy.DistinguishesCase's. What follows from a
// setting follows here: social targets that are not there are dropped, the time
// at which passwords begin to age is noted, and usernames get the keys by which
// they are compared from now on, or ErrUsernameCaseConflicts.
func Change(ctx context.Context, tx *db.Tx, now int64, means Means, operatorAllows bool, change func(*Settings) (Changed, error)) (*Settings, error) {
	// The lock comes before the read.
	_, err := tx.Exec(ctx, `UPDATE sign_in_experiences SET version = version + 1, updated_at = $2 WHERE tenant_id = $1`, now)
	if err != nil {
		return nil, err
	}
	s, err := Get(ctx, tx)
	if err != nil {
		return nil, err
	}
	before := *s
	changed, err := change(s)
	if err != nil {
		return nil, err
	}
	s.settle(now, &before, changed, means)
	if err := s.Check(changed, means); err != nil {
		return nil, err
	}
	if was, is := before.UsernamePolicy.DistinguishesCase(operatorAllows), s.UsernamePolicy.DistinguishesCase(operatorAllows); was != is {
		if err := rekey(ctx, tx, is); err != nil {
			return nil, err
		}
	}
	if err := save(ctx, tx, s); err != nil {
		return nil, err
	}
	return s, tx.Touch(ctx, family)
}

// settle fills in what the server decides.
func (s *Settings) settle(now int64, before *Settings, changed Changed, means Means) {
	s.SocialSignInConnectorTargets = slices.DeleteFunc(slices.Clone(s.SocialSignInConnectorTargets), func(target string) bool {
		return !slices.Contains(means.SocialTargets, target)
	})
	if len(s.MFA.Factors) == 0 && changed.MFA && !changed.AdaptiveMFA {
		s.AdaptiveMFA = AdaptiveMFA{}
	}
	if !changed.PasswordExpiration {
		return
	}
	isOn := func(p PasswordExpiration) bool { return p.Enabled != nil && *p.Enabled }
	switch {
	case !isOn(s.PasswordExpiration):
		s.PasswordExpiration = PasswordExpiration{Enabled: s.PasswordExpiration.Enabled}
	case isOn(before.PasswordExpiration):
		s.PasswordExpiration.EnabledAt = before.PasswordExpiration.EnabledAt
	default:
		s.PasswordExpiration.EnabledAt = now
	}
}

func rekey(ctx context.Context, tx *db.Tx, caseSensitive bool) error {
	if !caseSensitive {
		conflicts, err := user.FindCaseConflicts(ctx, tx, maxConflicts)
		if err != nil {
			return err
		}
		if conflicts.Total > 0 {
			return ErrUsernameCaseConflicts.With(conflicts)
		}
	}
	err := user.RekeyUsernames(ctx, tx, caseSensitive)
	if db.IsUnique(err, "users", "username_key") {
		return ErrUsernameCaseConflicts // somebody came in between
	}
	return err
}

func save(ctx context.Context, tx *db.Tx, s *Settings) error {
	sets, values := []string{"is_username_case_sensitive = $2"}, []any{s.UsernamePolicy.DistinguishesCase(true)}
	record := reflect.ValueOf(rowOf(s)).Elem()
	for i, name := range columns {
		values = append(values, record.Field(i).Interface())
		sets = append(sets, fmt.Sprintf("%s = $%d", name, len(values)+1))
	}
	_, err := tx.Exec(ctx, `UPDATE sign_in_experiences SET `+strings.Join(sets, ", ")+` WHERE tenant_id = $1`, values...)
	return err
}
