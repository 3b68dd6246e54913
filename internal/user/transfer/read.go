package transfer

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"signet/internal/platform/errs"
	"signet/internal/platform/web"
)

// record is the text of one row.
type record struct {
	raw  []byte // valid until the next one
	line int    // where it begins, from 1
	end  int64  // the offset behind it
	// isTooLong says that there was more than MaxRow, which was passed over.
	isTooLong bool
}

// splitter finds the rows of a file, whatever is between two line ends, in
// bounded memory.
type splitter struct {
	in     *bufio.Reader
	isCSV  bool
	offset int64
	line   int // lines before offset
	raw    []byte
}

func newSplitter(in io.Reader, f Format) *splitter {
	return &splitter{in: bufio.NewReaderSize(in, 64<<10), isCSV: f == CSV}
}

// next returns the next row that is not empty, or io.EOF.
func (s *splitter) next() (record, error) {
	for {
		r, err := s.one()
		if err != nil {
			return r, err
		}
		if r.isTooLong || len(bytes.TrimSpace(r.raw)) > 0 {
			return r, nil
		}
	}
}

// byteOrderMark begins text files of some programs.
var byteOrderMark = []byte("\xef\xbb\xbf")

func (s *splitter) one() (record, error) {
	r := record{line: s.line + 1}
	s.raw = s.raw[:0]
	var quote quoting
	for read := false; ; read = true {
		chunk, err := s.in.ReadSlice('\n')
		if s.offset == 0 {
			chunk = s.withoutMark(chunk)
		}
		s.offset += int64(len(chunk))
		if len(s.raw)+len(chunk) > MaxRow {
			r.isTooLong = true
		}
		if !r.isTooLong {
			s.raw = append(s.raw, chunk...)
		}
		if s.isCSV {
			quote.read(chunk)
		}
		isLine := bytes.HasSuffix(chunk, []byte("\n"))
		if isLine {
			s.line++
		}
		switch {
		case errors.Is(err, io.EOF):
			if len(chunk) == 0 && !read {
				return r, io.EOF
			}
			r.raw, r.end = s.raw, s.offset
			return r, nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return r, err
		case isLine && !quote.isOpen():
			r.raw, r.end = s.raw, s.offset
			return r, nil
		}
	}
}

// withoutMark counts a byte order mark as read.
func (s *splitter) withoutMark(chunk []byte) []byte {
	rest, found := bytes.CutPrefix(chunk, byteOrderMark)
	if found {
		s.offset = int64(len(byteOrderMark))
	}
	return rest
}

// quoting is where in a line of CSV one is: a quoted field may hold line ends.
type quoting int

const (
	atStart  quoting = iota // of a field
	inField                 // one that is not quoted
	inQuotes                //
	atQuote                 // within quotes behind one: a second follows, or they end
)

func (q *quoting) read(chunk []byte) {
	for _, c := range chunk {
		switch *q {
		case atStart, inField:
			switch {
			case c == ',' || c == '\n':
				*q = atStart
			case c == '"' && *q == atStart:
				*q = inQuotes
			default:
				*q = inField
			}
		case inQuotes:
			if c == '"' {
				*q = atQuote
			}
		case atQuote:
			switch c {
			case '"':
				*q = inQuotes
			case ',', '\n':
				*q = atStart
			default:
				*q = inField
			}
		}
	}
}

func (q *quoting) isOpen() bool { return *q == inQuotes }

// table reads rows of a CSV file.
type table struct {
	columns []string
	buffer  *bufio.Reader
}

// newTable reads the line that names the columns.
func newTable(s *splitter, ignoreUnknown bool) (*table, error) {
	t := &table{buffer: bufio.NewReaderSize(nil, 4096)}
	head, err := s.next()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty: its first line must name the columns")
	}
	if err != nil {
		return nil, err
	}
	if t.columns, err = t.cells(head.raw); err != nil || head.isTooLong || !utf8.Valid(head.raw) {
		return nil, errors.New("the first line does not name columns: it is no CSV in UTF-8")
	}
	for i, name := range t.columns {
		switch {
		case slices.Contains(t.columns[:i], name):
			return nil, fmt.Errorf("the column %.64q is there twice", name)
		case !ignoreUnknown && !slices.Contains(Columns, name):
			return nil, fmt.Errorf("nothing is known of the column %.64q; there are %s", name, strings.Join(Columns, ", "))
		}
	}
	return t, nil
}

func (t *table) cells(raw []byte) ([]string, error) {
	t.buffer.Reset(bytes.NewReader(raw))
	r := csv.NewReader(t.buffer)
	r.FieldsPerRecord = -1
	return r.Read()
}

// errCSV is a row that is no CSV, or has more or fewer cells than columns.
func errCSV(format string, args ...any) *errs.Error {
	return web.ErrInvalidInput.Describe(format, args...)
}

func (t *table) fields(raw []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(raw) {
		return nil, errCSV("it is not UTF-8")
	}
	cells, err := t.cells(raw)
	var syntax *csv.ParseError
	switch {
	case errors.As(err, &syntax):
		return nil, errCSV("CSV: %s", syntax.Err)
	case err != nil:
		return nil, errCSV("it is no CSV")
	case len(cells) != len(t.columns):
		return nil, errCSV("%d cells for %d columns", len(cells), len(t.columns))
	}
	fields := make(map[string]json.RawMessage, len(cells))
	for i, cell := range cells {
		name := t.columns[i]
		switch {
		case cell == "":
		case !slices.Contains(jsonColumns, name):
			quoted, err := json.Marshal(cell)
			if err != nil {
				return nil, err
			}
			fields[name] = quoted
		case !json.Valid([]byte(cell)):
			return nil, web.Invalid(name, "is no JSON")
		default:
			fields[name] = json.RawMessage(strings.TrimSpace(cell))
		}
	}
	return fields, nil
}

// objectFields reads a line of NDJSON.
func objectFields(raw []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(raw) {
		return nil, web.ErrMalformedJSON.Describe("it is not UTF-8")
	}
	var fields map[string]json.RawMessage
	err := json.Unmarshal(raw, &fields)
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType), err == nil && fields == nil:
		return nil, web.Invalid("", "a row is a JSON object")
	case err != nil:
		return nil, web.ErrMalformedJSON.Describe("%s", err)
	}
	return fields, nil
}
