package token

import "signet/internal/platform/db"

// Authentication is what tokens say about how their user was authenticated, where
// the client has asked for a class of it (OpenID Connect Core section 2, RFC 9068
// section 2.2.1).
type Authentication struct {
	Class   string   `json:"acr"`
	Methods []string `json:"amr,omitempty"` // RFC 8176
}

// remembered is what a refresh token stores of the first ID token, so that later
// ones say the same (OpenID Connect Core section 12.2).
type remembered struct {
	Class               string   `json:"acr,omitempty"`
	Methods             []string `json:"amr,omitempty"`
	SID                 string   `json:"sid,omitempty"`
	IsAuthTimeRequested bool     `json:"isAuthTimeRequested,omitempty"`
}

// remembers is the column of what t remembers, nil for nothing.
func (t *RefreshToken) remembers() *db.JSON[remembered] {
	m := remembered{SID: t.SID, IsAuthTimeRequested: t.IsAuthTimeRequested}
	if t.Authentication != nil {
		m.Class, m.Methods = t.Authentication.Class, t.Authentication.Methods
	}
	if m.Class == "" && m.SID == "" && !m.IsAuthTimeRequested {
		return nil
	}
	return &db.JSON[remembered]{V: m}
}

// recall sets what the column remembers.
func (t *RefreshToken) recall(column *db.JSON[remembered]) {
	if column == nil {
		return
	}
	t.SID, t.IsAuthTimeRequested = column.V.SID, column.V.IsAuthTimeRequested
	if column.V.Class != "" {
		t.Authentication = &Authentication{Class: column.V.Class, Methods: column.V.Methods}
	}
}

// column is a as it is stored.
func (a *Authentication) column() *db.JSON[Authentication] {
	if a == nil {
		return nil
	}
	return &db.JSON[Authentication]{V: *a}
}

// said is what column stored.
func said(column *db.JSON[Authentication]) *Authentication {
	if column == nil {
		return nil
	}
	return &column.V
}
