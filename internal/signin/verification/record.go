// Package verification holds the proofs that a person gives while signing in,
// one file per kind. A proof is a Record: it lies in the state of the
// interaction, at most one of each kind, and says what was asked, of whom, and
// whether it was answered. What a proof is good for is decided by signin.
package verification

import (
	"encoding/json"
	"fmt"
	"slices"

	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
)

// Type is a kind of proof.
type Type string

// The kinds of proof. SSO and passkey sign-in are named here because their mere
// presence changes what else is asked.
const (
	TypePassword            Type = "Password"
	TypeNewPasswordIdentity Type = "NewPasswordIdentity"
	TypeWebAuthn            Type = "WebAuthn"
	TypeSignInPasskey       Type = "SignInPasskey"
	TypeEnterpriseSSO       Type = "EnterpriseSso"
)

// ErrNotFound: the interaction holds no record of that id and kind; it may have
// been replaced by a newer one.
var ErrNotFound = errs.New(404, "session.verification_session_not_found")

// ErrNotVerified: the record exists, but nothing has been proved.
var ErrNotVerified = errs.New(400, "session.verification_failed")

// Record is one proof, given or under way.
type Record interface {
	// RecordID is the id by which clients refer to the record.
	RecordID() string
	Kind() Type
	// Verified reports whether the proof was given.
	Verified() bool
	// View is what the client may see of it.
	View() any
}

// base is what all records have.
type base struct {
	ID   string `json:"id"`
	Type Type   `json:"type"`
}

func newBase(t Type) base { return base{ID: ids.Long(), Type: t} }

// RecordID implements Record.
func (b base) RecordID() string { return b.ID }

// Kind implements Record.
func (b base) Kind() Type { return b.Type }

// kinds makes an empty record of each kind that can be stored.
var kinds = map[Type]func() Record{
	TypePassword:            func() Record { return &Password{} },
	TypeNewPasswordIdentity: func() Record { return &NewPasswordIdentity{} },
	TypeWebAuthn:            func() Record { return &WebAuthn{} },
}

// Records are the proofs of one interaction, at most one of each kind.
type Records []Record

// Put adds a record in place of the one of its kind.
func (rs *Records) Put(r Record) {
	kept := slices.DeleteFunc(slices.Clone(*rs), func(old Record) bool { return old.Kind() == r.Kind() })
	*rs = append(kept, r)
}

// Verified reports whether a proof of that kind was given.
func (rs Records) Verified(t Type) bool {
	return slices.ContainsFunc(rs, func(r Record) bool { return r.Kind() == t && r.Verified() })
}

// ByID returns the record of that id, or ErrNotFound.
func (rs Records) ByID(id string) (Record, error) {
	for _, r := range rs {
		if r.RecordID() == id {
			return r, nil
		}
	}
	return nil, ErrNotFound
}

// Find returns the record of that id if it is an R, else ErrNotFound.
func Find[R Record](rs Records, id string) (R, error) {
	var none R
	found, err := rs.ByID(id)
	if err != nil {
		return none, err
	}
	r, ok := found.(R)
	if !ok {
		return none, ErrNotFound
	}
	return r, nil
}

// Of returns the record that is an R, and whether there is one.
func Of[R Record](rs Records) (r R, ok bool) {
	for _, candidate := range rs {
		if r, ok := candidate.(R); ok {
			return r, true
		}
	}
	return r, false
}

// UnmarshalJSON implements json.Unmarshaler. A record of an unknown kind makes
// the whole list unreadable.
func (rs *Records) UnmarshalJSON(raw []byte) error {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	records := make(Records, 0, len(list))
	for _, item := range list {
		var head base
		if err := json.Unmarshal(item, &head); err != nil {
			return err
		}
		empty, ok := kinds[head.Type]
		if !ok {
			return fmt.Errorf("verification: a record of kind %q", head.Type)
		}
		record := empty()
		if err := json.Unmarshal(item, record); err != nil {
			return err
		}
		records = append(records, record)
	}
	*rs = records
	return nil
}
