// Package asset keeps what people upload: pictures of themselves, logos, files
// of operators. The content lies on disk below the data directory, under a name
// that nobody can guess; a row says what it is and to whom it belongs. Bytes
// decide what a file is, never its name or what the client claims alone, and
// nothing is unpacked or run. Who may upload is the callers' matter, and so is
// the way in which a file is served.
package asset

import (
	"path"
	"strings"
	"time"

	"signet/internal/platform/errs"
	"signet/internal/platform/web"
)

// Errors of this package.
var (
	// ErrNotConfigured: there is no place to put files.
	ErrNotConfigured = errs.New(400, "storage.not_configured")
	// ErrTypeNotAllowed: the file is not of a kind that is taken.
	ErrTypeNotAllowed = errs.New(400, "guard.mime_type_not_allowed")
	// ErrUpload: the disk did not take the file.
	ErrUpload = errs.New(500, "storage.upload_error")
	// ErrFull: too much waits for people who have not finished to sign up.
	ErrFull     = errs.New(503, "storage.full")
	ErrNotFound = errs.ErrNotFound
)

// Kind says what an asset is for, and so what it may be.
type Kind string

// The kinds of assets.
const (
	// File is what an operator uploads: a picture or an archive.
	File Kind = "file"
	// Avatar is the picture of a person.
	Avatar Kind = "avatar"
)

// Retention is how long an upload waits for what it was made for before it is
// deleted.
const Retention = 24 * time.Hour

// MaxPending is how many bytes of a tenant may wait for owners.
const MaxPending = 1 << 30

// AvatarsKept is how many pictures a person keeps; the older ones go, but for
// the one that is in use.
const AvatarsKept = 10

// Asset is an uploaded file.
type Asset struct {
	ID string `db:"id"`
	// Path is where the file lies below the directory of its tenant.
	Path        string  `db:"path"`
	Kind        Kind    `db:"kind"`
	ContentType string  `db:"content_type"`
	Size        int64   `db:"size"`
	ContentHash []byte  `db:"content_hash"` // SHA-256
	OwnerUserID *string `db:"owner_user_id"`
	// PendingUntil is when the asset goes, nil if it stays.
	PendingUntil *int64 `db:"pending_until"`
	CreatedAt    int64  `db:"created_at"`
}

// URLPath is the path below a tenant's endpoint under which assets are served.
const URLPath = "/user-assets/"

// URL returns the path of the asset below the tenant's endpoint.
func (a *Asset) URL() string { return URLPath + path.Base(a.Path) }

// isAt reports whether the asset is what a URL shows.
func (a *Asset) isAt(url string) bool { return strings.HasSuffix(url, a.URL()) }

// Inline reports whether browsers may show the file by itself. The others could
// hold more than a picture and are only downloaded; an <img> shows an SVG all
// the same, and runs nothing in it.
func (a *Asset) Inline() bool {
	f := byType(a.ContentType)
	return f != nil && f.raster
}

// Upload is a file on its way in.
type Upload struct {
	Kind Kind
	File *web.File
	// OwnerID is the user to whom it belongs, "" for nobody.
	OwnerID string
	// InUse is the URL of the owner's present picture, which is kept.
	InUse string
	// Pending says that it goes after Retention unless Keep is called.
	Pending bool
}
