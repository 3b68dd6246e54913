package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
	"signet/test/flow"
)

const (
	// Server and bare program take turns, so many of so long, so that whatever else
	// the machine does meets both.
	duels, perDuel = 15, 400 * time.Millisecond
	// At a steady rate turns are longer, for they make fewer calls.
	pacedDuels, perPacedDuel = 7, time.Second
	// mostTail is how many medians the slowest hundredth may take at half load.
	mostTail = 3
	// mostLooks is how often the rate is corrected at which half of the processors' time
	// is used, nearEnough how far from it may stay.
	mostLooks, nearEnough = 6, 0.02
)

// duel is an operation of the protocols beside the least that it could be.
type duel struct {
	name       string
	ours, bare call
	// wanted is the share of the bare rate, in percent; 0 if nothing is wanted.
	wanted float64
}

// dueled is what became of it, each of the turn in the middle.
type dueled struct {
	duel
	dialect db.Dialect

	// Those of the two turns after each other whose share is the middle one.
	whole, least result
	half         paired  // at half load
	loaded       float64 // calls a second then
	halfTheRate  paired
}

// paired are calls of both, those with the middle tail, at a rate at which the
// server could do more.
type paired struct{ ours, bare spread }

func share(ours, bare result) float64 { return 100 * ours.perSecond() / bare.perSecond() }

func (d dueled) share() float64 { return share(d.whole, d.least) }

func (d dueled) missed() bool {
	return d.wanted > 0 && (d.share() < d.wanted || d.half.ours.tail() > mostTail)
}

// measureProtocols measures what applications ask for all day, on both databases.
func measureProtocols(ctx context.Context, binary, dir string) ([]dueled, error) {
	// Garbage of this program is collected between turns, and not within them.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(2 << 30))
	lite := filepath.Join(dir, "protocols")
	all, err := measureProtocol(ctx, &site{binary: binary, variables: []string{"DATA_DIR=" + lite}}, db.Options{Path: filepath.Join(lite, "signet.db")})
	if err != nil {
		return nil, err
	}
	cluster, err := dbtest.NewCluster(postgresSettings...)
	if err != nil {
		return nil, err
	}
	defer cluster.Close()
	s, err := onCluster(ctx, cluster, binary, dir, "protocols")
	if err != nil {
		return nil, err
	}
	more, err := measureProtocol(ctx, s, db.Options{URL: cluster.URL("protocols")})
	return append(all, more...), err
}

func measureProtocol(ctx context.Context, s *site, o db.Options) (all []dueled, err error) {
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	b, err := openBare(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	a, err := prepare(ctx, s)
	if err != nil {
		return nil, err
	}
	told, err := a.order(ctx, o)
	if err != nil {
		return nil, err
	}
	address, stop, err := startBare(ctx, told)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, d := range a.duels(address, b) {
		progress("%s: %s", b.pool.Dialect(), d.name)
		if err := settle(ctx, o); err != nil {
			return nil, err
		}
		done, err := d.run(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.name, err)
		}
		done.dialect = b.pool.Dialect()
		all = append(all, done)
	}
	return all, nil
}

// settle has PostgreSQL do now what the calls before left to it, and would have it
// do beside those that are measured next.
func settle(ctx context.Context, o db.Options) error {
	if o.URL == "" {
		return nil
	}
	conn, err := pgx.Connect(ctx, o.URL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, statement := range []string{"VACUUM (ANALYZE)", "CHECKPOINT"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// run has server and bare program take turns, then loads them half.
func (d duel) run(ctx context.Context) (done dueled, err error) {
	done.duel = d
	var pairs [][2]result
	for range duels {
		ours, err := fullTurn(ctx, d.ours)
		if err != nil {
			return done, err
		}
		bare, err := fullTurn(ctx, d.bare)
		if err != nil {
			return done, err
		}
		pairs = append(pairs, [2]result{ours, bare})
	}
	pair := middle(pairs, func(p [2]result) float64 { return share(p[0], p[1]) })
	done.whole, done.least = pair[0], pair[1]
	half := done.whole.perSecond() / 2
	if done.halfTheRate, err = d.pacedTurns(ctx, half); err != nil {
		return done, err
	}
	if done.loaded, err = halfLoad(half, d.busyAt(ctx)); err != nil {
		return done, err
	}
	done.half, err = d.pacedTurns(ctx, done.loaded)
	return done, err
}

// pacedTurns has both take turns with so many calls a second.
func (d duel) pacedTurns(ctx context.Context, perSecond float64) (paired, error) {
	var turns [2][]spread
	for range pacedDuels {
		for side, call := range []call{d.ours, d.bare} {
			turn, err := pacedTurn(ctx, call, perSecond)
			if err != nil {
				return paired{}, err
			}
			turns[side] = append(turns[side], turn)
		}
	}
	return paired{middle(turns[0], spread.tail), middle(turns[1], spread.tail)}, nil
}

// busyAt returns a function that tells which share of the processors' time is used
// when the server gets so many calls a second.
func (d duel) busyAt(ctx context.Context) func(perSecond float64) (float64, error) {
	return func(perSecond float64) (float64, error) {
		return warmed(ctx, d.ours, func(float64) (float64, error) {
			watched, err := watchProcessors()
			if err != nil {
				return 0, err
			}
			if _, err := pace(ctx, perSecond, int(perSecond*perPacedDuel.Seconds()), d.ours); err != nil {
				return 0, err
			}
			now, err := watched()
			return now.busy, err
		})
	}
}

// halfLoad looks for the rate at which half of the processors' time is used, from a
// guess on.
func halfLoad(perSecond float64, busyAt func(perSecond float64) (float64, error)) (float64, error) {
	for range mostLooks {
		busy, err := busyAt(perSecond)
		if err != nil {
			return 0, err
		}
		if math.Abs(busy-0.5) < nearEnough {
			break
		}
		perSecond *= 0.5 / busy
	}
	return perSecond, nil
}

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

func prepare(ctx context.Context, s *site) (*applicant, error) {
	transport := newTransport()
	a := &applicant{
		base: s.server.Base, http: &http.Client{Transport: transport}, machine: s.Machine,
		tokens: make([]flow.Tokens, workers()), spare: make([]flow.Tokens, workers()),
	}
	if err := s.run(ctx, &a.web, "app", "create", "Web", "--type", "Traditional", "--redirect-uri", "https://app.example/callback"); err != nil {
		return nil, err
	}
	for i := range a.tokens {
		b := flow.New(a.base, transport)
		var err error
		if a.tokens[i], err = b.Register(ctx, person(i), password); err != nil {
			return nil, err
		}
		if a.spare[i], err = flow.New(a.base, transport).SignIn(ctx, person(i), password, nil); err != nil {
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
