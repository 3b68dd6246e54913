// Package transfer moves users in and out of a tenant in bulk: from files of
// another system, into files, and back. It owns the two file formats, what a row
// may say, and how a long import goes on after it was interrupted. What a user
// is, and that identifiers belong to one person, is package user's; who may
// start a transfer is the caller's.
package transfer

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"signet/internal/platform/crypt/digest"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/user"
)

// Format is that of a file.
type Format string

// The formats: a JSON object on each line, or comma-separated values (RFC 4180)
// below a line that names the columns.
const (
	NDJSON Format = "ndjson"
	CSV    Format = "csv"
)

// FormatOf returns the format that the ending of a file name says, or "".
func FormatOf(name string) Format {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".ndjson", ".jsonl":
		return NDJSON
	case ".csv":
		return CSV
	}
	return ""
}

// MaxRow is the size in bytes of the longest row that is read.
const MaxRow = 1 << 20

var _, _ = web.Pattern("userId", `^[0-9A-Za-z_-]{1,12}$`), web.Pattern("importedUsername", `^[A-Z_a-z][0-9A-Z_a-z]*$`)

// row is a user as a file says one; the names are the API's.
type row struct {
	ID                *string       `json:"id" check:"pattern=userId"`
	Username          *string       `json:"username" check:"max=128,pattern=importedUsername"`
	PrimaryEmail      *string       `json:"primaryEmail" check:"max=128,pattern=email"`
	PrimaryPhone      *string       `json:"primaryPhone" check:"max=128,pattern=phone"`
	Name              *string       `json:"name" check:"max=128"`
	Avatar            *string       `json:"avatar" check:"max=2048,pattern=url"`
	Profile           *user.Profile `json:"profile"`
	CustomData        *anyObject    `json:"customData"`
	PasswordDigest    *string       `json:"passwordDigest" check:"max=256"`
	PasswordAlgorithm *string       `json:"passwordAlgorithm" check:"max=64"`
	Password          *string       `json:"password" check:"max=256"`
	CreatedAt         *int64        `json:"createdAt" check:"min=1"` // epoch milliseconds
	IsSuspended       *bool         `json:"isSuspended"`
	Roles             *[]string     `json:"roles" check:"items=100,min=1,max=128"`
}

type anyObject = map[string]any

// Columns are what a row may say, in the order in which exports write it.
var Columns = []string{
	"id", "username", "primaryEmail", "primaryPhone", "name", "avatar", "profile", "customData",
	"passwordDigest", "passwordAlgorithm", "password", "createdAt", "isSuspended", "roles",
}

// jsonColumns hold JSON in the cells of a CSV file; the others hold text.
var jsonColumns = []string{"profile", "customData", "createdAt", "isSuspended", "roles"}

// maxCreatedAt is the end of the year 9999.
const maxCreatedAt = 253_402_300_799_999

// decode reads a row, whose text is raw where that is a JSON object. What is
// null or an empty text is not set. Its errors are those of the API for the same
// user.
func decode(raw []byte, fields map[string]json.RawMessage, ignoreUnknown bool) (*row, error) {
	given := len(fields)
	for name, value := range fields {
		switch {
		case string(value) == "null" || string(value) == `""`:
			delete(fields, name)
		case slices.Contains(Columns, name):
		case ignoreUnknown:
			delete(fields, name)
		default:
			return nil, web.ErrInvalidInput.Describe("nothing is known of %.64q", name)
		}
	}
	if raw == nil || len(fields) < given {
		var err error
		if raw, err = json.Marshal(fields); err != nil {
			return nil, web.ErrMalformedJSON.Wrap(err)
		}
	}
	r := &row{}
	if err := web.Decode(raw, r); err != nil {
		var issues web.Issues
		if errors.As(err, &issues) {
			return nil, issues.Err()
		}
		return nil, err
	}
	return r, r.check()
}

// check refuses what does not go together.
func (r *row) check() error {
	switch {
	case r.CreatedAt != nil && *r.CreatedAt > maxCreatedAt:
		return web.Invalid("createdAt", "is no time in milliseconds since 1970")
	case r.Password != nil && r.PasswordDigest != nil:
		return user.ErrPasswordAndDigest
	case r.PasswordDigest != nil && r.PasswordAlgorithm == nil:
		return user.ErrAlgorithmRequired
	}
	if r.PrimaryPhone != nil {
		normal, err := user.NormalPhone(*r.PrimaryPhone)
		if err != nil {
			return err
		}
		r.PrimaryPhone = &normal
	}
	if r.PasswordAlgorithm == nil {
		return nil
	}
	return digest.Check(*r.PasswordAlgorithm, text(r.PasswordDigest))
}

// newUser returns the user that the row describes, without a clear password.
func (r *row) newUser() user.New {
	n := user.New{
		ID: text(r.ID), Username: text(r.Username), PrimaryEmail: text(r.PrimaryEmail), PrimaryPhone: text(r.PrimaryPhone),
		Name: text(r.Name), Avatar: text(r.Avatar), PasswordHash: text(r.PasswordDigest), PasswordAlgorithm: text(r.PasswordAlgorithm),
	}
	if r.Profile != nil {
		n.Profile = *r.Profile
	}
	if r.CustomData != nil {
		n.CustomData = *r.CustomData
	}
	if r.CreatedAt != nil {
		n.CreatedAt = *r.CreatedAt
	}
	n.IsSuspended = r.IsSuspended != nil && *r.IsSuspended
	return n
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Refusal says why a row was not imported.
type Refusal struct {
	Line int // where the row begins, from 1
	Err  *errs.Error
}
