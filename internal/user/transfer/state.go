package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"signet/internal/platform/db"
	"signet/internal/user"
)

// point is a place between two batches.
type point struct {
	Offset int64  `json:"offset"`
	Line   int    `json:"line"` // lines before it
	Result Result `json:"result"`
}

// next is the point behind a batch that may be stored.
type next struct {
	point

	// Witness is a user who exists if and only if the batch is stored.
	Witness string `json:"witness"`
}

// state is the file that remembers how far an import came. A nil one remembers
// nothing.
type state struct {
	path string
	content
}

type content struct {
	// Tenant, Format, Size and Begins say which import it is of: Begins is a
	// digest of the beginning of the file.
	Tenant string `json:"tenant"`
	Format Format `json:"format"`
	Size   int64  `json:"size"`
	Begins string `json:"begins"`

	Reached point `json:"reached"`
	Next    *next `json:"next,omitempty"`
}

// openState reads the state of an import of in, or begins one.
func openState(path string, in io.Reader, f Format, tenantID string) (*state, error) {
	file, ok := in.(io.ReadSeeker)
	if !ok {
		return nil, errors.New("transfer: only a file can be read from where it was left")
	}
	s := &state{path: path, content: content{Tenant: tenantID, Format: f}}
	var err error
	if s.Size, s.Begins, err = fingerprint(file); err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	var stored content
	if err := json.Unmarshal(raw, &stored); err != nil {
		return nil, fmt.Errorf("%s cannot be read: delete it to begin anew", path)
	}
	if stored.Tenant != s.Tenant || stored.Format != s.Format || stored.Size != s.Size || stored.Begins != s.Begins {
		return nil, fmt.Errorf("%s is of another import, or the file has changed since: delete it to begin anew", path)
	}
	s.content = stored
	return s, nil
}

// fingerprint returns the size of a file and a digest of its beginning.
func fingerprint(file io.ReadSeeker) (size int64, begins string, err error) {
	sum := sha256.New()
	if _, err := io.CopyN(sum, file, 64<<10); err != nil && !errors.Is(err, io.EOF) {
		return 0, "", err
	}
	if size, err = file.Seek(0, io.SeekEnd); err != nil {
		return 0, "", err
	}
	_, err = file.Seek(0, io.SeekStart)
	return size, hex.EncodeToString(sum.Sum(nil)), err
}

// resume returns where to go on: behind the last batch that is stored.
func (s *state) resume(ctx context.Context, q db.Q) (point, error) {
	if s.Next == nil {
		return s.Reached, nil
	}
	_, err := user.ByID(ctx, q, s.Next.Witness)
	if errors.Is(err, user.ErrNotFound) {
		return s.Reached, nil
	}
	return s.Next.point, err
}

// save stores the point that is reached and, if a batch is about to be stored,
// the one behind it.
func (s *state) save(reached point, upcoming *next) error {
	if s == nil {
		return nil
	}
	s.Reached, s.Next = reached, upcoming
	raw, err := json.Marshal(s.content)
	if err != nil {
		return err
	}
	return replace(s.path, raw)
}

// replace writes a file so that it is whole after a crash, the old or the new.
func replace(path string, content []byte) error {
	f, err := os.OpenFile(path+"~", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, bytes.NewReader(content))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(path+"~", path)
}

// remove forgets an import that has ended.
func (s *state) remove() error {
	if s == nil {
		return nil
	}
	if err := os.Remove(s.path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
