package application

// ProtectedMetadata says how a proxy at the edge protects an application. No
// such proxy is part of Signet: the metadata come from an import and are shown,
// not changed.
type ProtectedMetadata struct {
	Host             string         `json:"host" example:"shop.example.com"`
	Origin           string         `json:"origin" example:"https://origin.example.com"`
	SessionDuration  int64          `json:"sessionDuration" example:"1209600"` // seconds
	PageRules        []PageRule     `json:"pageRules"`
	AdditionalScopes []string       `json:"additionalScopes,omitempty"`
	CustomDomains    []CustomDomain `json:"customDomains,omitempty"`
}

// PageRule lets the pages of a path through only for people who signed in.
type PageRule struct {
	Path string `json:"path" example:"^/account"`
}

// CustomDomain is a domain under which a protected application is reached.
type CustomDomain struct {
	Domain       string       `json:"domain" example:"shop.example.com"`
	Status       string       `json:"status" check:"enum=PendingVerification|PendingSsl|Active|Error"`
	ErrorMessage *string      `json:"errorMessage" check:"nullable"`
	DNSRecords   []DNSRecord  `json:"dnsRecords"`
	Provider     DomainStatus `json:"cloudflareData"`
}

// DNSRecord is one that the owner of a domain has to publish.
type DNSRecord struct {
	Name  string `json:"name"`
	Type  string `json:"type" example:"CNAME"`
	Value string `json:"value"`
}

// DomainStatus is what the proxy's provider knows of a domain.
type DomainStatus struct {
	ID                 string            `json:"id"`
	Status             string            `json:"status" example:"active"`
	SSL                CertificateStatus `json:"ssl"`
	VerificationErrors []string          `json:"verification_errors,omitempty"`
}

// CertificateStatus is what the provider knows of a domain's certificate.
type CertificateStatus struct {
	Status           string               `json:"status" example:"active"`
	ValidationErrors []CertificateProblem `json:"validation_errors,omitempty"`
}

// CertificateProblem is why a certificate could not be issued.
type CertificateProblem struct {
	Message string `json:"message"`
}
