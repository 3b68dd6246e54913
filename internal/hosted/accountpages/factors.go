package accountpages

import (
	"slices"

	"signet/internal/hosted"
	"signet/internal/signin"
	"signet/internal/signinexp"
)

// offersPasskeys reports whether people of the tenant may add passkeys.
func offersPasskeys(experience *signinexp.Settings) bool {
	return experience.MFA.Has(signinexp.FactorWebAuthn) || experience.PasskeySignIn.Enabled
}

// whatIsLeft says what protects the account once its last passkey is gone.
func whatIsLeft(v *visit, experience *signinexp.Settings) (hosted.Phrase, error) {
	asked, err := signin.SecondFactors(v.ctx(), v.tenant.DB, experience, v.user)
	if err != nil {
		return hosted.Phrase{}, err
	}
	isOther := func(f signinexp.Factor) bool { return f != signinexp.FactorWebAuthn }
	switch {
	case slices.ContainsFunc(asked, isOther) && experience.CustomUIAssets == nil:
		// Our own pages verify nothing but passkeys.
		return hosted.Say("remove_passkey.last_locked"), nil
	case slices.ContainsFunc(asked, isOther):
		return hosted.Say("remove_passkey.last_other"), nil
	case !experience.MFA.Policy.Skippable():
		return hosted.Say("remove_passkey.last_required"), nil
	}
	return hosted.Say("remove_passkey.last_text"), nil
}
