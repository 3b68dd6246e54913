package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// client calls the Management API as a machine.
type client struct {
	base, token string
	http        *http.Client
}

// answer is what the measuring looks at of a list's answer.
type answer struct {
	total    int
	isCapped bool
	// isRefused says that the search was too broad to be finished.
	isRefused bool
}

// credentials are those of the machine.
type credentials struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
}

// connect gets an access token.
func connect(ctx context.Context, base string, as credentials) (*client, error) {
	c := &client{base: base, http: &http.Client{Transport: newTransport()}}
	form := url.Values{"grant_type": {"client_credentials"}, "resource": {"https://default.logto.app/api"}, "scope": {"all"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/oidc/token", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth(as.ID, as.Secret)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var tokens struct {
		Access string `json:"access_token"`
	}
	if _, err := c.send(req, &tokens); err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	c.token = tokens.Access
	return c, nil
}

// call calls an operation; in and out are JSON and may be nil.
func (c *client) call(ctx context.Context, method, path string, in, out any) (answer, error) {
	var body io.Reader
	if in != nil {
		encoded, err := json.Marshal(in)
		if err != nil {
			return answer{}, err
		}
		body = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return answer{}, err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	return c.send(req, out)
}

func (c *client) send(req *http.Request, out any) (answer, error) {
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return answer{}, err
	case res.StatusCode == http.StatusUnprocessableEntity && bytes.Contains(body, []byte(`"request.search_too_broad"`)):
		return answer{isRefused: true}, nil
	case res.StatusCode >= 300:
		return answer{}, fmt.Errorf("%s %s: status %d: %.300s", req.Method, req.URL, res.StatusCode, body)
	}
	a := answer{isCapped: res.Header.Get("Total-Number-Is-Capped") == "true"}
	if total := res.Header.Get("Total-Number"); total != "" {
		if a.total, err = strconv.Atoi(total); err != nil {
			return answer{}, err
		}
	}
	if out == nil {
		return a, nil
	}
	return a, json.Unmarshal(body, out)
}
