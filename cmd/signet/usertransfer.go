package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"signet/internal/audit"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/server"
	"signet/internal/setup"
	"signet/internal/signinexp"
	"signet/internal/tenant"
	"signet/internal/user/transfer"
)

// fileFormat is embedded by commands that read or write users.
type fileFormat struct {
	Format string `help:"ndjson or csv; the ending of the file's name says it too." enum:",ndjson,csv" default:""`
}

func (f fileFormat) of(file string) (transfer.Format, error) {
	if f.Format != "" {
		return transfer.Format(f.Format), nil
	}
	if format := transfer.FormatOf(file); format != "" {
		return format, nil
	}
	return "", errors.New("--format is missing: is it ndjson or csv?")
}

type userImport struct {
	inTenant
	fileFormat

	File          string `arg:"" help:"The file, - for standard input."`
	DryRun        bool   `help:"Check every row and store nothing."`
	SkipExisting  bool   `help:"Pass over users who exist with exactly the row's identifiers."`
	IgnoreUnknown bool   `help:"Pass over columns that nothing is known of."`
	Events        bool   `help:"Record User.Created for every user, for webhooks."`
	Report        string `help:"Write refused rows to this file too, a JSON object on each line." placeholder:"FILE"`
}

// Help says what a file holds.
func (userImport) Help() string {
	return `A row is a user with the names of the Management API: ` + strings.Join(transfer.Columns, ", ") + `.

NDJSON has a JSON object on each line. CSV names its columns in the first line; the cells of profile, customData, createdAt, isSuspended and roles hold JSON.

Give passwordDigest with passwordAlgorithm (Argon2id, Argon2i, Argon2d, Bcrypt, SHA256, SHA1, MD5, Legacy), or a clear password. A clear password is hashed here, which is slow: some tens of users per second and core, thousands with digests.

roles are names. A row without roles gets the default roles of the tenant; [] is none.

Imports run beside a server. No events are recorded unless --events asks for them. A row that cannot be imported is refused, the others go on. An interrupted import goes on when the same command runs again: FILE.signet-import remembers how far it came, and is removed at the end.`
}

// importAnswer is what an import prints.
type importAnswer struct {
	transfer.Result

	DryRun  bool    `json:"dryRun"`
	Seconds float64 `json:"seconds"`
}

// Run imports the file.
func (c userImport) Run(e *environment) error {
	format, err := c.of(c.File)
	if err != nil {
		return err
	}
	in, size, err := open(c.File)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		options, err := c.options(ctx, e, t, format)
		if err != nil {
			return err
		}
		report, err := c.openReport(options.State)
		if err != nil {
			return err
		}
		watch := newProgress(os.Stderr, size)
		options.Progress = watch.show
		options.Refused = func(r transfer.Refusal) error {
			watch.refused(r)
			return report.write(r)
		}
		started := clock.System()
		result, err := transfer.Import(ctx, in, options)
		watch.end()
		answer := importAnswer{result, c.DryRun, clock.System().Sub(started).Seconds()}
		err = errors.Join(err, report.close())
		if !c.DryRun {
			audit.Log(ctx, audit.Entry{Key: "CommandLine.User.Import", Err: err, Data: map[string]any{
				"imported": result.Imported, "skipped": result.Skipped, "refused": result.Refused,
			}})
		}
		return c.finish(e, answer, options.State, err)
	})
}

func (c userImport) options(ctx context.Context, e *environment, t *tenant.Tenant, format transfer.Format) (transfer.Options, error) {
	if t.ID == tenant.Admin {
		needed, err := setup.Needed(ctx, t.DB)
		if err != nil {
			return transfer.Options{}, err
		}
		if needed {
			return transfer.Options{}, errors.New("the tenant admin has no administrator yet: create that user first, with “signet user create --tenant admin”")
		}
	}
	settings, err := signinexp.Get(ctx, t.DB)
	if err != nil {
		return transfer.Options{}, err
	}
	o := transfer.Options{
		DB: t.DB, Clock: clock.System, Hasher: crypt.NewHasher(crypt.HasherOptions{}), Format: format,
		CaseSensitive: settings.UsernamePolicy.DistinguishesCase(e.config.CaseSensitiveUsername),
		DefaultRoles:  e.config.UserDefaultRoleNames,
		SkipExisting:  c.SkipExisting, DryRun: c.DryRun, Events: c.Events, IgnoreUnknown: c.IgnoreUnknown,
	}
	if c.File != "-" && !c.DryRun {
		o.State = c.File + ".signet-import"
	}
	return o, nil
}

// finish says how the import ended; refused rows make it fail.
func (c userImport) finish(e *environment, a importAnswer, state string, err error) error {
	if errors.Is(err, context.Canceled) {
		hint := ""
		if state != "" {
			hint = "; the same command goes on from there"
		}
		return fmt.Errorf("interrupted after %d users%s", a.Imported, hint)
	}
	if err != nil {
		return err
	}
	verb := "Imported"
	if c.DryRun {
		verb = "Would import"
	}
	err = e.print(a, "%s %d users, skipped %d, refused %d, in %.1f seconds.", verb, a.Imported, a.Skipped, a.Refused, a.Seconds)
	if err == nil && a.Refused > 0 {
		err = fmt.Errorf("%d rows are refused", a.Refused)
	}
	return err
}

// open opens a file, or standard input; its size is 0 if nobody knows it.
func open(file string) (in io.ReadCloser, size int64, err error) {
	if file == "-" {
		return io.NopCloser(os.Stdin), 0, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file; pass what it yields to standard input", file)
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

// importReport writes refused rows to a file, if there is one.
type importReport struct{ file *os.File }

// openReport begins the report, or goes on with it if the import does.
func (c userImport) openReport(state string) (*importReport, error) {
	if c.Report == "" {
		return &importReport{}, nil
	}
	if c.reportsToItself() {
		return nil, errors.New("--report is the very file that is imported")
	}
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if _, err := os.Stat(state); state == "" || errors.Is(err, fs.ErrNotExist) {
		flags = os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	}
	file, err := os.OpenFile(c.Report, flags, 0o600)
	return &importReport{file}, err
}

func (c userImport) reportsToItself() bool {
	source, err := os.Stdin.Stat()
	if c.File != "-" {
		source, err = os.Stat(c.File)
	}
	report, reportErr := os.Stat(c.Report)
	return err == nil && reportErr == nil && source.Mode().IsRegular() && os.SameFile(source, report)
}

func (r *importReport) write(refused transfer.Refusal) error {
	if r.file == nil {
		return nil
	}
	return json.NewEncoder(r.file).Encode(struct {
		Line    int    `json:"line"`
		Code    string `json:"code"`
		Message string `json:"message"`
	}{refused.Line, refused.Err.Code, inOneLine(refused.Err)})
}

func (r *importReport) close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

func inOneLine(err error) string { return strings.Join(strings.Fields(explain(err)), " ") }

// progress shows how far an import came: a bar on a terminal, else a line now
// and then.
type progress struct {
	out        *os.File
	isTerminal bool
	size       int64
	started    time.Time
	said       time.Time
	lines      int // about refused rows
}

// Between two lines, and how many refused rows are shown.
const (
	quietFor    = 5 * time.Second
	maxRefusals = 100
)

func newProgress(out *os.File, size int64) *progress {
	info, err := out.Stat()
	now := clock.System()
	return &progress{
		out: out, isTerminal: err == nil && info.Mode()&os.ModeCharDevice != 0, size: size, started: now, said: now,
	}
}

const clearLine = "\r\x1b[K"

func (p *progress) show(at transfer.Progress) {
	now := clock.System()
	if !p.isTerminal && now.Sub(p.said) < quietFor {
		return
	}
	p.said = now
	text := fmt.Sprintf("%d imported, %d skipped, %d refused", at.Imported, at.Skipped, at.Refused)
	if p.size > 0 {
		share := min(float64(at.Offset)/float64(p.size), 1)
		text = fmt.Sprintf("%3.0f%%  %s", 100*share, text)
		if p.isTerminal {
			done := int(30 * share)
			text = "[" + strings.Repeat("=", done) + strings.Repeat(" ", 30-done) + "] " + text
		}
	}
	if p.isTerminal {
		fmt.Fprint(p.out, clearLine+text)
		return
	}
	fmt.Fprintln(p.out, text)
}

func (p *progress) refused(r transfer.Refusal) {
	p.lines++
	before := ""
	if p.isTerminal {
		before = clearLine
	}
	switch {
	case p.lines <= maxRefusals:
		fmt.Fprintf(p.out, "%sline %d: %s: %s\n", before, r.Line, r.Err.Code, inOneLine(r.Err))
	case p.lines == maxRefusals+1:
		fmt.Fprintf(p.out, "%smore rows are refused; --report writes all of them to a file\n", before)
	}
}

func (p *progress) end() {
	if p.isTerminal {
		fmt.Fprint(p.out, clearLine)
	}
}

type userExport struct {
	inTenant
	fileFormat

	File       string `arg:"" help:"The file, which must not exist yet; - for standard output." default:"-"`
	WithHashes bool   `help:"Write password hashes too: whoever reads the file can guess passwords at leisure."`
}

// Help says what is not there.
func (userExport) Help() string {
	return `Writes what “signet user import” reads: every user with profile, custom data and the names of the roles. Second factors, linked accounts and sessions are not part of it.`
}

// Run exports the users.
func (c userExport) Run(e *environment) error {
	format, err := c.of(c.File)
	if err != nil {
		return err
	}
	return e.within(c.Tenant, func(ctx context.Context, _ *server.Installation, t *tenant.Tenant) error {
		n, err := c.write(ctx, e, t, format)
		audit.Log(ctx, audit.Entry{Key: "CommandLine.User.Export", Err: err, Data: map[string]any{"exported": n, "withHashes": c.WithHashes}})
		if err != nil || c.File == "-" {
			return err
		}
		return e.print(map[string]any{"exported": n, "file": c.File}, "Exported %d users to %s.", n, c.File)
	})
}

func (c userExport) write(ctx context.Context, e *environment, t *tenant.Tenant, format transfer.Format) (n int, err error) {
	if c.File == "-" {
		return transfer.Export(ctx, t.DB, e.out, format, c.WithHashes)
	}
	f, err := os.OpenFile(c.File, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	n, err = transfer.Export(ctx, t.DB, f, format, c.WithHashes)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		err = errors.Join(err, os.Remove(c.File)) // half of it would pass for all
	}
	return n, err
}
