package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
)

// ErrInvalidPagination refuses page numbers and sizes that are none.
var ErrInvalidPagination = errs.New(400, "guard.invalid_pagination")

const (
	defaultPageSize = 20
	maxPageSize     = 100
	// maxPage keeps the offset within what databases count.
	maxPage = 1 << 40
)

// paging says whether and how a route answers a page at a time.
type paging int

const (
	unpaged paging = iota
	alwaysPaged
	pagedIfAsked
)

// Paged makes a route answer a page at a time: it reads "page", from 1, and
// "page_size", 1 to 100, 20 if not given. The handler asks Range what to select
// and tells SetTotal how much there is.
func Paged() Option { return func(rt *Route) { rt.paging = alwaysPaged } }

// PagedIfAsked is Paged for a list that is answered whole when neither
// parameter is given.
func PagedIfAsked() Option { return func(rt *Route) { rt.paging = pagedIfAsked } }

// Searched documents that the list of a route takes the parameters of package
// search, which its handler reads from Query.
func Searched() Option { return func(rt *Route) { rt.search = true } }

type pageKey struct{}

// page is the part of a list that a request asks for.
type page struct {
	number, size int64
	whole        bool
}

// readPage notes in the context which page the request asks for.
func (rt *Route) readPage(ctx context.Context, r *http.Request) (context.Context, error) {
	if rt.paging == unpaged {
		return ctx, nil
	}
	query := r.URL.Query()
	p := page{number: 1, size: defaultPageSize}
	for name, value := range map[string]*int64{"page": &p.number, "page_size": &p.size} {
		if !query.Has(name) {
			continue
		}
		n, err := strconv.ParseInt(query.Get(name), 10, 64)
		if err != nil || n < 1 || n > maxPage || len(query[name]) > 1 {
			return ctx, ErrInvalidPagination
		}
		*value = n
	}
	if p.size > maxPageSize {
		return ctx, ErrInvalidPagination
	}
	p.whole = rt.paging == pagedIfAsked && !query.Has("page") && !query.Has("page_size")
	return context.WithValue(ctx, pageKey{}, p), nil
}

// Range returns the rows that the request asks for; everything where the route
// is not paged.
func Range(ctx context.Context) db.Range {
	p, ok := ctx.Value(pageKey{}).(page)
	if !ok || p.whole {
		return db.Range{}
	}
	return db.Range{Limit: p.size, Offset: (p.number - 1) * p.size}
}

// SetTotal tells the client how many rows the whole list has, and the addresses
// of its other pages (RFC 8288). A list that is answered whole says neither.
func SetTotal(ctx context.Context, total int64) { setTotal(ctx, total, false) }

// SetCappedTotal is SetTotal for a list whose counting may be given up at total:
// with capped there are more, and nobody knows which page is the last.
func SetCappedTotal(ctx context.Context, total int64, capped bool) { setTotal(ctx, total, capped) }

func setTotal(ctx context.Context, total int64, capped bool) {
	p, ok := ctx.Value(pageKey{}).(page)
	e, serving := ctx.Value(exchangeKey).(exchange)
	if !ok || !serving || p.whole {
		return
	}
	last := max(1, (total+p.size-1)/p.size)
	links := []string{pageLink(ctx, e.r, 1, "first")}
	if capped {
		e.w.Header().Set("Total-Number-Is-Capped", "true")
	} else {
		links = append(links, pageLink(ctx, e.r, last, "last"))
	}
	if p.number > 1 {
		links = append(links, pageLink(ctx, e.r, min(p.number-1, last), "prev"))
	}
	if p.number < last && !capped {
		links = append(links, pageLink(ctx, e.r, p.number+1, "next"))
	}
	e.w.Header().Set("Total-Number", strconv.FormatInt(total, 10))
	e.w.Header().Set("Link", strings.Join(links, ", "))
}

func pageLink(ctx context.Context, r *http.Request, number int64, rel string) string {
	query := r.URL.Query()
	query.Set("page", strconv.FormatInt(number, 10))
	path := (&url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath}).EscapedPath()
	return fmt.Sprintf("<%s%s?%s>; rel=%q", Info(ctx).Base, path, query.Encode(), rel)
}

// Query returns the query of the request that is being served, for parameters
// whose names no field can hold; it is empty outside of one.
func Query(ctx context.Context) url.Values {
	if e, ok := ctx.Value(exchangeKey).(exchange); ok {
		return e.r.URL.Query()
	}
	return url.Values{}
}

// Flag is a query parameter that is on or off: on for 1, true, y, yes, yep and
// yeah in any case.
type Flag string

// On reports whether the flag is raised.
func (f Flag) On() bool {
	switch strings.ToLower(string(f)) {
	case "1", "true", "y", "yes", "yep", "yeah":
		return true
	}
	return false
}
