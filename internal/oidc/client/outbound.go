package client

import (
	"context"
	"fmt"
	"net/http"

	"signet/internal/platform/fetch"
)

// get returns what a client publishes at an address, at most limit bytes of it.
// Whatever is not a plain 200 is an error: a redirect, too.
func get(ctx context.Context, outbound *http.Client, uri string, limit int64) ([]byte, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, nil)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Signet")
	res, err := outbound.Do(req)
	if err != nil {
		return nil, nil, err
	}
	body, err := fetch.Read(res, limit)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %d", req.URL.Host, res.StatusCode)
	}
	return body, res.Header, err
}
