package token

import "signet/internal/platform/db"

// Authentication is what tokens say about how their user was authenticated, where
// the client has asked for a class of it (OpenID Connect Core section 2, RFC 9068
// section 2.2.1).
type Authentication struct {
	Class   string   `json:"acr"`
	Methods []string `json:"amr,omitempty"` // RFC 8176
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
