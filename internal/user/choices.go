package user

// Choices is what the sign-in pages remember of a user's choices.
type Choices struct {
	MFA           MFAChoices     `json:"mfa"`
	PasskeySignIn PasskeyChoices `json:"passkeySignIn"`
}

// MFAChoices remembers choices about second factors; Enabled is nil until the
// user was asked.
type MFAChoices struct {
	Enabled         *bool `json:"enabled,omitempty"`
	Skipped         bool  `json:"skipped"`
	SkipMFAOnSignIn bool  `json:"skipMfaOnSignIn"`
}

// PasskeyChoices remembers whether the user declined to make a passkey.
type PasskeyChoices struct {
	Skipped bool `json:"skipped"`
}

// Choices returns what is remembered of the user's choices.
func (u *User) Choices() *Choices {
	return &Choices{
		MFA: MFAChoices{
			Enabled: u.IsMFAEnabled, Skipped: u.IsMFAPromptSkipped, SkipMFAOnSignIn: u.IsMFASkippedOnSignIn,
		},
		PasskeySignIn: PasskeyChoices{Skipped: u.IsPasskeyPromptSkipped},
	}
}

// ChoicesPatch changes choices: the body of the operations that do. What is nil
// is left alone.
type ChoicesPatch struct {
	MFA *struct {
		Enabled           *bool `json:"enabled,omitempty"`
		Skipped           *bool `json:"skipped,omitempty"`
		SkipMFAOnSignIn   *bool `json:"skipMfaOnSignIn,omitempty"`
		SuggestionSkipped *bool `json:"additionalBindingSuggestionSkipped,omitempty"`
	} `json:"mfa,omitempty"`
	PasskeySignIn *struct {
		Skipped *bool `json:"skipped,omitempty"`
	} `json:"passkeySignIn,omitempty"`
}

// Patch returns the change for Update.
func (c ChoicesPatch) Patch() Patch {
	var p Patch
	if c.MFA != nil {
		p.IsMFAEnabled, p.IsMFAPromptSkipped = c.MFA.Enabled, c.MFA.Skipped
		p.IsMFASkippedOnSignIn, p.IsMFASuggestionSkipped = c.MFA.SkipMFAOnSignIn, c.MFA.SuggestionSkipped
	}
	if c.PasskeySignIn != nil {
		p.IsPasskeyPromptSkipped = c.PasskeySignIn.Skipped
	}
	return p
}
