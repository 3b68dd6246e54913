package signinpages

import (
	"signet/internal/hosted"
	"signet/internal/signinexp"
)

// termsOnSignIn and termsOnRegister say how the pages ask for agreement.
func termsOnSignIn(s *signinexp.Settings) string {
	if s.AgreeToTermsPolicy == signinexp.TermsManual {
		return hosted.TermsCheck
	}
	return hosted.TermsNotice
}

func termsOnRegister(s *signinexp.Settings) string {
	if s.AgreeToTermsPolicy == signinexp.TermsAutomatic {
		return hosted.TermsNotice
	}
	return hosted.TermsCheck
}

// agreed reports whether the terms were agreed to, or there are none.
func (p *Pages) agreed(v *visit) bool {
	noTerms := hosted.WebURL(v.settings.TermsOfUseURL) == "" && hosted.WebURL(v.settings.PrivacyPolicyURL) == ""
	return noTerms || v.r.PostForm.Get("terms") == "on"
}

func needsAgreement() *hosted.Notice {
	return &hosted.Notice{Tone: hosted.ToneError, Title: hosted.Say("terms.needed")}
}
