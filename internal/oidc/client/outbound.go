package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"signet/internal/platform/fetch"
)

// away is why an address does not answer now, which tells nothing of what is there.
type away struct{ error }

func (a away) Unwrap() error { return a.error }

// get returns what a client publishes at an address, at most limit bytes of it.
// Whatever is not a plain 200 is an error: a redirect, too. It is away where nobody
// answers to the end, or says to come again (RFC 9110 section 15.6, RFC 6585 section 4).
func get(ctx context.Context, outbound *http.Client, uri string, limit int64) ([]byte, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, nil)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Signet")
	res, err := outbound.Do(req)
	if err != nil {
		return nil, nil, away{err}
	}
	body, err := fetch.Read(res, limit)
	switch status := res.StatusCode; {
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests:
		err = away{fmt.Errorf("%s answers %d", req.URL.Host, status)}
	case status != http.StatusOK:
		err = fmt.Errorf("%s answers %d", req.URL.Host, status)
	case err != nil && !errors.Is(err, fetch.ErrTooLarge):
		err = away{err}
	}
	return body, res.Header, err
}
