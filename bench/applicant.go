package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"signet/internal/platform/db"
	"signet/test/flow"
)

// applicant is everybody who asks: a person in each worker, a machine and an
// application with a secret.
type applicant struct {
	base    string
	http    *http.Client
	tokens  []flow.Tokens // of each worker
	spare   []flow.Tokens // the same, for the bare program
	machine credentials
	web     credentials
}

// prepare has new people sign in, those of the given round.
func prepare(ctx context.Context, s *site, round int) (*applicant, error) {
	transport := newTransport()
	a := &applicant{
		base: s.server.Base, http: &http.Client{Transport: transport}, machine: s.Machine,
		tokens: make([]flow.Tokens, workers()), spare: make([]flow.Tokens, workers()),
	}
	if err := s.run(ctx, &a.web, "app", "create", "Web", "--type", "Traditional", "--redirect-uri", "https://app.example/callback"); err != nil {
		return nil, err
	}
	for i := range a.tokens {
		who := person(round*len(a.tokens) + i)
		b := flow.New(a.base, transport)
		var err error
		if a.tokens[i], err = b.Register(ctx, who, password); err != nil {
			return nil, err
		}
		if a.spare[i], err = flow.New(a.base, transport).SignIn(ctx, who, password, nil); err != nil {
			return nil, err
		}
	}
	return a, nil
}

const pathDiscovery, pathKeys = "/oidc/.well-known/openid-configuration", "/oidc/jwks"

// order is what the bare program must know of the server.
func (a *applicant) order(ctx context.Context, o db.Options) (order, error) {
	told := order{Path: o.Path, URL: o.URL, Replayed: map[string]answered{}}
	issued, err := a.send(ctx, a.machineRequest(a.base+"/oidc/token")(0))
	if err != nil {
		return told, err
	}
	var answer flow.Tokens
	if err := json.Unmarshal(issued, &answer); err != nil {
		return told, err
	}
	told.JWT, told.IDToken = answer.Access, a.tokens[0].ID
	for _, path := range []string{pathDiscovery, pathKeys} {
		if told.Replayed[path], err = a.recorded(ctx, path); err != nil {
			return told, err
		}
	}
	return told, nil
}

// duels are the operations, as a table: the server's, and those of the bare program
// at its address.
func (a *applicant) duels(address string, b *bare) []duel {
	return []duel{
		{"Client credentials, beside signing", a.asks(a.machineRequest(a.base + "/oidc/token")), a.asks(a.machineRequest(address + "/token")), 60},
		{"Refresh, beside the statements", a.refreshes(a.base+"/oidc/token", a.tokens), b.refreshes(a.spare), 70},
		{"Refresh, beside a handler of these that signs", a.refreshes(a.base+"/oidc/token", a.tokens), a.refreshes(address+"/refresh", a.spare), 0},
		{"Userinfo, beside the statements", a.asks(a.userRequest(a.base + "/oidc/me")), a.asks(a.userRequest(address + "/userinfo")), 70},
		{"Introspection, beside the statements", a.asks(a.introspectionRequest(a.base + "/oidc/token/introspection")), a.asks(a.introspectionRequest(address + "/introspection")), 70},
		{"JWKS, beside the bytes", a.asks(fetching(a.base + pathKeys)), a.asks(fetching(address + pathKeys)), 80},
		{"Discovery, beside the bytes", a.asks(fetching(a.base + pathDiscovery)), a.asks(fetching(address + pathDiscovery)), 80},
	}
}

// request is what a worker sends.
type request struct {
	method, url, authorization, form string
}

func fetching(address string) func(worker int) request {
	return func(int) request { return request{method: http.MethodGet, url: address} }
}

func (a *applicant) userRequest(address string) func(worker int) request {
	return func(worker int) request {
		return request{method: http.MethodGet, url: address, authorization: "Bearer " + a.tokens[worker].Access}
	}
}

func (a *applicant) introspectionRequest(address string) func(worker int) request {
	return func(worker int) request {
		return request{http.MethodPost, address, a.web.basic(), url.Values{"token": {a.tokens[worker].Access}}.Encode()}
	}
}

func (a *applicant) machineRequest(address string) func(worker int) request {
	form := url.Values{"grant_type": {"client_credentials"}, "resource": {"https://default.logto.app/api"}, "scope": {"all"}}.Encode()
	return func(int) request { return request{http.MethodPost, address, a.machine.basic(), form} }
}

// basic is the header of HTTP Basic authentication.
func (c credentials) basic() string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.ID+":"+c.Secret))
}

// asks sends the request of the worker and throws the answer away.
func (a *applicant) asks(of func(worker int) request) call {
	return func(ctx context.Context, worker, _ int) error {
		_, err := a.send(ctx, of(worker))
		return err
	}
}

// refreshes spends a token of the worker at an address.
func (a *applicant) refreshes(address string, tokens []flow.Tokens) call {
	return func(ctx context.Context, worker, _ int) error {
		form := url.Values{"grant_type": {"refresh_token"}, "client_id": {flow.ClientID}, "refresh_token": {tokens[worker].Refresh}}.Encode()
		answer, err := a.send(ctx, request{method: http.MethodPost, url: address, form: form})
		if err != nil {
			return err
		}
		return json.Unmarshal(answer, &tokens[worker])
	}
}

// refreshes spends a token of the worker without any server.
func (b *bare) refreshes(tokens []flow.Tokens) call {
	return func(ctx context.Context, worker, _ int) (err error) {
		tokens[worker].Refresh, err = b.refresh(ctx, tokens[worker].Refresh)
		return err
	}
}

func (a *applicant) send(ctx context.Context, r request) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, strings.NewReader(r.form))
	if err != nil {
		return nil, err
	}
	if r.form != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if r.authorization != "" {
		req.Header.Set("Authorization", r.authorization)
	}
	res, err := a.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: status %d: %.300s", r.method, r.url, res.StatusCode, body)
	}
	return body, err
}

// recorded is what the server answers, byte by byte on the wire.
func (a *applicant) recorded(ctx context.Context, path string) (answered, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+path, nil)
	if err != nil {
		return answered{}, err
	}
	req.Header.Set("Accept-Encoding", "gzip") // so that nobody unpacks it
	res, err := a.http.Do(req)
	if err != nil {
		return answered{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return answered{res.Header, body}, err
}
