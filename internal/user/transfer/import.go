package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
	"signet/internal/platform/web"
	"signet/internal/user"
)

// batchRows is how many rows one transaction holds by default: few enough that each
// takes less than half a second, many enough that what each costs does not count.
const batchRows = 2000

// Options say how to import.
type Options struct {
	DB     *db.DB
	Clock  clock.Clock
	Hasher *crypt.Hasher // of clear passwords
	Format Format
	// CaseSensitive is UsernamePolicy.DistinguishesCase.
	CaseSensitive bool
	// SkipExisting passes over rows of users who exist with exactly the row's
	// identifiers, and its id if it gives one; without it they are refused.
	SkipExisting bool
	// DryRun looks at everything and stores nothing.
	DryRun bool
	// DefaultRoles are names of roles that a user whose row gives none gets beside
	// the default ones of the tenant.
	DefaultRoles []string
	// Events records User.Created for each user.
	Events bool
	// BatchRows is how many rows one transaction holds, 0 for the default.
	BatchRows int
	// IgnoreUnknown passes over columns that nothing is known of; without it, a
	// row or CSV file that has one is refused.
	IgnoreUnknown bool
	// State is the file that remembers how far the import came, if it should be
	// able to go on after an interruption. The input must be an io.Seeker.
	State string
	// Refused is called for each row that is not imported, in order, Progress
	// after each batch. Both may be nil.
	Refused  func(Refusal) error
	Progress func(Progress)
}

// Result counts rows.
type Result struct {
	Imported int `json:"imported"`
	Skipped  int `json:"skipped"`
	Refused  int `json:"refused"`
}

// Progress is how far an import came.
type Progress struct {
	Result

	Offset int64 // bytes of the input that are done with
}

// importer is the work of one Import.
type importer struct {
	Options

	in    io.Reader
	rows  *splitter
	table *table // nil but for CSV
	state *state // nil without Options.State
	// reached is where the next batch begins.
	reached point
	// taken are names of users that a dry run would have stored.
	taken index
}

// candidate is a row that may become a user.
type candidate struct {
	line     int
	new      user.New
	givesID  bool
	password string   // clear
	roles    []string // names
	isPlain  bool     // gives no roles: the default ones are meant
	row      user.Row // what is stored
}

// batch is what a transaction stores.
type batch struct {
	candidates []*candidate
	refusals   []Refusal // found before
	end        int64
	lines      int
	isEnd      bool  // nothing is left
	err        error // ends the import
}

// Import reads users and stores them, some in a transaction each. Rows that
// cannot become users are refused and do not stop it. What it returns beside an
// error is what was done until then; with Options.State the same call goes on
// from there and its Result counts everything.
func Import(ctx context.Context, in io.Reader, o Options) (Result, error) {
	im := &importer{Options: o, in: in, rows: newSplitter(in, o.Format), taken: index{}}
	if err := im.begin(ctx); err != nil {
		return im.reached.Result, err
	}
	ctx, stop := context.WithCancel(ctx)
	batches := im.readAhead(ctx)
	defer func() {
		stop()
		for range batches { // until nobody reads any more
		}
	}()
	for b := range batches {
		switch {
		case b.err != nil:
			return im.reached.Result, b.err
		case b.isEnd:
			return im.reached.Result, im.state.remove()
		}
		if err := im.store(ctx, b); err != nil {
			return im.reached.Result, err
		}
		im.DB.GiveWay(ctx)
	}
	return im.reached.Result, ctx.Err()
}

// ahead is how many batches wait to be stored: storing is uneven, as every few
// batches the search index and the write-ahead log are put in order.
const ahead = 2

// readAhead reads and prepares batches while those before them are stored,
// until the end, an error or the end of ctx.
func (im *importer) readAhead(ctx context.Context) <-chan *batch {
	batches := make(chan *batch, ahead)
	go func() {
		defer close(batches)
		for {
			b, err := im.read()
			if err == nil {
				err = im.prepare(ctx, b)
			}
			if err != nil {
				b = &batch{err: err}
			}
			select {
			case batches <- b:
			case <-ctx.Done():
				return
			}
			if b.err != nil || b.isEnd {
				return
			}
		}
	}()
	return batches
}

// begin reads the head of a CSV file and goes to where an earlier run stopped.
func (im *importer) begin(ctx context.Context) (err error) {
	if im.State != "" {
		if im.state, err = openState(im.State, im.in, im.Format, im.DB.TenantID()); err != nil {
			return err
		}
	}
	if im.Format == CSV {
		if im.table, err = newTable(im.rows, im.IgnoreUnknown); err != nil {
			return err
		}
	}
	if im.state == nil {
		return nil
	}
	at, err := im.state.resume(ctx, im.DB)
	if err != nil || at.Offset == 0 {
		return err
	}
	if _, err := im.in.(io.Seeker).Seek(at.Offset, io.SeekStart); err != nil {
		return err
	}
	im.rows = newSplitter(im.in, im.Format)
	im.rows.offset, im.rows.line = at.Offset, at.Line
	im.reached = at
	return nil
}

// read returns the next batch.
func (im *importer) read() (*batch, error) {
	b := &batch{}
	for n := 0; n < cmp.Or(im.BatchRows, batchRows); n++ {
		r, err := im.rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		b.end, b.lines = r.end, im.rows.line
		c, err := im.candidate(r)
		if err == nil {
			b.candidates = append(b.candidates, c)
		} else if err := b.refuse(r.line, err); err != nil {
			return nil, err
		}
	}
	b.isEnd = b.end == 0
	return b, nil
}

// refuse notes why a row is not imported. An error that is not meant for
// clients ends the import.
func (b *batch) refuse(line int, err error) error {
	e, ok := errs.As(err)
	if !ok {
		return fmt.Errorf("line %d: %w", line, err)
	}
	b.refusals = append(b.refusals, Refusal{line, e})
	return nil
}

// candidate reads a row.
func (im *importer) candidate(rec record) (*candidate, error) {
	if rec.isTooLong {
		return nil, web.ErrTooLarge.Describe("a row has at most %d bytes", MaxRow)
	}
	r, err := im.row(rec.raw)
	if err != nil {
		return nil, err
	}
	c := &candidate{line: rec.line, new: r.newUser(), givesID: r.ID != nil, password: text(r.Password), isPlain: r.Roles == nil}
	if r.Roles != nil {
		c.roles = *r.Roles
	}
	// Drawn here, so that a transaction that runs again stores the same.
	c.new.ID = cmp.Or(c.new.ID, ids.Short())
	return c, nil
}

func (im *importer) row(raw []byte) (*row, error) {
	if im.table != nil {
		fields, err := im.table.fields(raw)
		if err != nil {
			return nil, err
		}
		return decode(nil, fields, im.IgnoreUnknown)
	}
	fields, err := objectFields(raw)
	if err != nil {
		return nil, err
	}
	return decode(raw, fields, im.IgnoreUnknown)
}

// prepare does what takes time, outside of the transaction.
func (im *importer) prepare(ctx context.Context, b *batch) error {
	if !im.DryRun {
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(runtime.GOMAXPROCS(0))
		for _, c := range b.candidates {
			if c.password == "" {
				continue
			}
			g.Go(func() (err error) {
				c.new.PasswordHash, err = im.Hasher.Hash(ctx, c.password)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
	}
	now := im.Clock.Millis()
	kept := b.candidates[:0]
	for _, c := range b.candidates {
		u, err := c.new.User(now)
		if err == nil {
			c.row, err = user.RowOf(im.DB.Dialect(), u, im.CaseSensitive)
		}
		if err != nil {
			if err := b.refuse(c.line, err); err != nil {
				return err
			}
			continue
		}
		kept = append(kept, c)
	}
	b.candidates = kept
	return nil
}

// store stores a batch and reports it.
func (im *importer) store(ctx context.Context, b *batch) error {
	done, err := im.commit(ctx, b)
	if err != nil {
		return fmt.Errorf("at line %d: %w", b.lines, err)
	}
	refusals := slices.Concat(b.refusals, done.refusals)
	slices.SortFunc(refusals, func(x, y Refusal) int { return x.Line - y.Line })
	for _, r := range refusals {
		if im.Refused == nil {
			break
		}
		if err := im.Refused(r); err != nil {
			return err
		}
	}
	im.reached = im.after(b, done)
	if err := im.state.save(im.reached, nil); err != nil {
		return err
	}
	if im.Progress != nil {
		im.Progress(Progress{im.reached.Result, b.end})
	}
	return nil
}

// after returns the point behind the batch.
func (im *importer) after(b *batch, done *outcome) point {
	r := im.reached.Result
	r.Imported += len(done.created)
	r.Skipped += done.skipped
	r.Refused += len(b.refusals) + len(done.refusals)
	return point{Offset: b.end, Line: b.lines, Result: r}
}
