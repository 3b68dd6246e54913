package web

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"unicode/utf8"

	"signet/internal/platform/errs"
)

// MaxFile is the largest file that an operation takes, in bytes.
const MaxFile = 20 << 20

// MaxUpload is the largest body that can carry a file: the file, what stands
// before it, and its end.
const MaxUpload = MaxFile + 2*maxPreamble

const (
	// maxPreamble bounds what a multipart body says before its file: headers of
	// parts, and fields, which are held in memory.
	maxPreamble = 64 << 10
	maxFields   = 16
)

// ErrFileTooLarge refuses a file of more than MaxFile bytes.
var ErrFileTooLarge = errs.New(400, "guard.file_size_exceeded")

// File is an uploaded file: the part of that name of a multipart/form-data body
// (RFC 7578). A request type has a *File with the tag `file:"name"`, beside
// parameters but not beside properties of a JSON body. It is read from the
// network while the handler reads it, never held in memory, and can be read once.
// What the client calls the file is not told: nothing may depend on it.
type File struct {
	// ContentType is what the client says that the file is, without parameters;
	// "" if it says nothing that can be understood.
	ContentType string

	part io.Reader
	left int64
}

// NewFile returns a file that reads from r.
func NewFile(contentType string, r io.Reader) *File {
	return &File{ContentType: contentType, part: r, left: MaxFile}
}

// Read implements io.Reader. It returns ErrFileTooLarge once the file turns out
// to be, and ErrInvalidInput for one that was cut off.
func (f *File) Read(p []byte) (int, error) {
	if f.part == nil {
		return 0, io.EOF
	}
	n, err := f.part.Read(p)
	if f.left -= int64(n); f.left < 0 {
		return n, ErrFileTooLarge
	}
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	return n, uploadError(err)
}

// uploadError says what is wrong with a multipart body that cannot be read on.
func uploadError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return ErrFileTooLarge
	}
	return Invalid("file", "The upload cannot be read")
}

// ReadFile reads the body of r up to its part of that name. It returns the text
// fields that stand before it, and the file, which must be read before the
// request is answered; whatever follows it is not looked at. Typed handlers have
// a File in their input instead.
func ReadFile(r *http.Request, name string) (url.Values, *File, error) {
	boundary, ok := boundaryOf(r)
	if !ok {
		return nil, nil, Issues{wrongType(Path{name}, "file", "undefined")}.Err()
	}
	if r.ContentLength > MaxUpload {
		return nil, nil, ErrFileTooLarge
	}
	head := &preamble{body: r.Body, left: maxPreamble}
	parts, fields := multipart.NewReader(head, boundary), url.Values{}
	for range maxFields {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, uploadError(err)
		}
		if part.FormName() == name {
			head.done = true
			mediaType, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
			if err != nil {
				mediaType = ""
			}
			return fields, NewFile(mediaType, part), nil
		}
		text, err := io.ReadAll(part)
		if err != nil || !utf8.Valid(text) {
			return nil, nil, uploadError(err)
		}
		fields.Add(part.FormName(), string(text))
	}
	return nil, nil, Issues{wrongType(Path{name}, "file", "undefined")}.Err()
}

func boundaryOf(r *http.Request) (string, bool) {
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	boundary := params["boundary"]
	// RFC 2046 section 5.1.1 bounds it; an endless one would be compared with
	// every byte.
	return boundary, err == nil && mediaType == "multipart/form-data" && boundary != "" && len(boundary) <= 70
}

// preamble reads a body and fails when the file is not reached soon enough.
type preamble struct {
	body io.Reader
	left int64
	done bool
}

var errPreamble = errors.New("too much stands before the file")

// Read implements io.Reader.
func (p *preamble) Read(b []byte) (int, error) {
	if p.done {
		return p.body.Read(b)
	}
	if p.left <= 0 {
		return 0, errPreamble
	}
	n, err := p.body.Read(b[:min(int64(len(b)), p.left)])
	p.left -= int64(n)
	return n, err
}
