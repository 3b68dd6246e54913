package web

import (
	"context"
	"net/http"
	"net/url"

	"golang.org/x/text/language"
)

// RequestInfo is what the whole program may know about the request that it is
// serving: for logs, audit records, events and rate limits.
type RequestInfo struct {
	// ID identifies the request: 16 characters, sent as Logto-Core-Request-Id.
	ID string
	// IP is the client's address, behind trusted proxies the forwarded one.
	IP        string
	UserAgent string
	Method    string
	// Path is the path below Base, the tenant's endpoint.
	Path string
	Base string
	// Route is the pattern that matched the path, and Params what its wildcards
	// stand for; Status is that of the answer if the request succeeds.
	Route  string
	Params map[string]string
	Status int
	// Origin is the request's Origin header, "" if none.
	Origin string

	query, acceptLanguage string // see Locales
}

// Locales returns the languages the client asked for, best first: that of
// ?locale, then those of Accept-Language by weight.
func (i *RequestInfo) Locales() []string {
	var wanted []string
	// Only pairs that cannot be read are an error, and those are passed over.
	query, _ := url.ParseQuery(i.query)
	if locale := query.Get("locale"); locale != "" {
		wanted = append(wanted, clip(locale, 64))
	}
	tags, _, err := language.ParseAcceptLanguage(clip(i.acceptLanguage, 512))
	if err != nil {
		return wanted
	}
	for _, tag := range tags[:min(len(tags), maxLocales)] {
		wanted = append(wanted, tag.String())
	}
	return wanted
}

// maxLocales is how many languages of Accept-Language count.
const maxLocales = 10

type contextKey int

const (
	infoKey contextKey = iota
	exchangeKey
)

type exchange struct {
	w http.ResponseWriter
	r *http.Request
	// status is that of success.
	status *int
}

// Info returns what is known about the request of ctx; outside a request every
// field is empty. It is never nil.
func Info(ctx context.Context) *RequestInfo {
	if info, ok := ctx.Value(infoKey).(*RequestInfo); ok {
		return info
	}
	return &RequestInfo{}
}

// WithInfo returns a context that carries info.
func WithInfo(ctx context.Context, info *RequestInfo) context.Context {
	return context.WithValue(ctx, infoKey, info)
}

// Header returns the header of the answer that a typed handler is preparing.
// Outside a request it is a header that nobody reads.
func Header(ctx context.Context) http.Header {
	if e, ok := ctx.Value(exchangeKey).(exchange); ok {
		return e.w.Header()
	}
	return http.Header{}
}

// SetStatus changes the status of success of the answer that a typed handler is
// preparing, where it depends on what the handler did.
func SetStatus(ctx context.Context, status int) {
	if e, ok := ctx.Value(exchangeKey).(exchange); ok {
		*e.status = status
		Info(ctx).Status = status
	}
}

func withExchange(w http.ResponseWriter, r *http.Request, status *int) context.Context {
	return context.WithValue(r.Context(), exchangeKey, exchange{w, r, status})
}
