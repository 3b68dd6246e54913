package hosted

// Consent asks whether an application may have what it wants. Fields posted:
// decision, "allow" or "cancel", and organizationIds.
type Consent struct {
	Form
	// App is the application's name, AppLogo an http(s) URL of its picture;
	// without one the initials stand in.
	App, AppLogo string
	Person       Person
	// SwitchURL leads to signing in as somebody else.
	SwitchURL     string
	Grants        []ConsentGrant
	Organizations []ConsentOrganization
	// TermsURL and PrivacyURL are the application's own.
	TermsURL, PrivacyURL string
	Notice               *Notice
}

// ConsentGrant is something that the application will be able to do: in our words
// or in those of an API, which Of then names.
type ConsentGrant struct {
	Text         Phrase
	Verbatim, Of string
}

// ConsentOrganization is an organization that can be opened to the application,
// with what it may do there.
type ConsentOrganization struct {
	ID, Name, Permissions string
	Chosen                bool
}

func (Consent) template() string { return "consent" }

// Logo, Terms and Privacy return the application's links, if they are links at
// all.
func (c Consent) Logo() string    { return webURL(c.AppLogo) }
func (c Consent) Terms() string   { return webURL(c.TermsURL) }
func (c Consent) Privacy() string { return webURL(c.PrivacyURL) }

// Initials stand in for the application's picture.
func (c Consent) Initials() string { return initials(c.App) }
