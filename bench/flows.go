package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"signet/internal/platform/crypt"
	"signet/test/flow"
)

const password = "Blue-Harbour-42"

// sample is how often something ran and how long each run took.
type sample struct {
	times   []time.Duration
	elapsed time.Duration
}

func (s sample) rate() float64 { return float64(len(s.times)) / s.elapsed.Seconds() }

func (s sample) quantile(q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(s.times))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func (s sample) figure() string {
	return fmt.Sprintf("%.0f/s, p50 %s, p99 %s", s.rate(), milliseconds(s.quantile(.5)), milliseconds(s.quantile(.99)))
}

// repeat runs fn on several workers for the given time.
func repeat(ctx context.Context, during time.Duration, workers int, fn func(ctx context.Context, worker int) error) (sample, error) {
	var s sample
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	begun := time.Now()
	for worker := range workers {
		group.Go(func() error {
			var own []time.Duration
			for time.Since(begun) < during {
				before := time.Now()
				if err := fn(ctx, worker); err != nil {
					return err
				}
				own = append(own, time.Since(before))
			}
			mu.Lock()
			defer mu.Unlock()
			s.times = append(s.times, own...)
			return nil
		})
	}
	err := group.Wait()
	s.elapsed = time.Since(begun)
	return s, err
}

// newBrowser is somebody else each time, as far as limits by address go.
func newBrowser(base string, transport http.RoundTripper) *flow.Browser {
	b := flow.New(base, transport)
	b.Address = fmt.Sprintf("10.%d.%d.%d", rand.N(256), rand.N(256), rand.N(256))
	return b
}

// signIns measures the password sign-in beside the bare hash.
func signIns(ctx context.Context, server *flow.Process, during time.Duration) ([]row, error) {
	hasher := crypt.NewHasher(crypt.HasherOptions{})
	encoded, err := hasher.Hash(ctx, password)
	if err != nil {
		return nil, err
	}
	cores := runtime.NumCPU()
	before, err := processorTime(os.Getpid())
	if err != nil {
		return nil, err
	}
	hash, err := repeat(ctx, during, cores, func(ctx context.Context, _ int) error {
		_, _, err := hasher.Verify(ctx, encoded, password)
		return err
	})
	if err != nil {
		return nil, err
	}
	after, err := processorTime(os.Getpid())
	if err != nil {
		return nil, err
	}
	hashCPU := (after - before) / time.Duration(len(hash.times))

	const people = 50
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	for i := range people {
		if _, err := newBrowser(server.Base, transport).Register(ctx, fmt.Sprintf("bench%d", i), password); err != nil {
			return nil, fmt.Errorf("register: %w", err)
		}
	}
	before, err = processorTime(server.PID())
	if err != nil {
		return nil, err
	}
	requests := 0
	var mu sync.Mutex
	flows, err := repeat(ctx, during, 2*cores, func(ctx context.Context, _ int) error {
		b := newBrowser(server.Base, transport)
		_, err := b.SignIn(ctx, fmt.Sprintf("bench%d", rand.N(people)), password, nil)
		mu.Lock()
		requests += b.Requests
		mu.Unlock()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	after, err = processorTime(server.PID())
	if err != nil {
		return nil, err
	}
	beside := (after-before)/time.Duration(len(flows.times)) - hashCPU
	return []row{
		{"Argon2id alone", hash.figure(), ""},
		{fmt.Sprintf("password sign-in, %d requests", requests/len(flows.times)), flows.figure(), ""},
		{"password sign-in, share of Argon2id alone", fmt.Sprintf("%.0f %%", 100*flows.rate()/hash.rate()), "≥ 75 %"},
		{"server CPU beside the hash", milliseconds(beside), "≤ 8 ms"},
	}, nil
}

// tokens measures what applications ask for most.
func tokens(ctx context.Context, server *flow.Process, during time.Duration) ([]row, error) {
	workers := 2 * runtime.NumCPU()
	transport := &http.Transport{MaxIdleConnsPerHost: workers}
	browsers, held := make([]*flow.Browser, workers), make([]flow.Tokens, workers)
	for i := range workers {
		browsers[i] = newBrowser(server.Base, transport)
		signedIn, err := browsers[i].SignIn(ctx, fmt.Sprintf("bench%d", i), password, nil)
		if err != nil {
			return nil, err
		}
		held[i] = signedIn
	}
	refresh, err := repeat(ctx, during, workers, func(ctx context.Context, worker int) error {
		next, err := browsers[worker].Refresh(ctx, held[worker].Refresh)
		if err != nil {
			return fmt.Errorf("refresh: %w", err)
		}
		held[worker].Access = next.Access
		if next.Refresh != "" {
			held[worker].Refresh = next.Refresh
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	userinfo, err := repeat(ctx, during, workers, func(ctx context.Context, worker int) error {
		_, err := browsers[worker].Userinfo(ctx, held[worker].Access)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("userinfo: %w", err)
	}
	discovery, err := repeat(ctx, during, workers, func(ctx context.Context, worker int) error {
		return browsers[worker].Get(ctx, "/oidc/.well-known/openid-configuration")
	})
	if err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	return []row{
		{"refresh", refresh.figure(), ""},
		{"userinfo", userinfo.figure(), ""},
		{"discovery", discovery.figure(), ""},
	}, nil
}

var referred = regexp.MustCompile(`<(?:link[^>]*?rel="(?:stylesheet|icon|modulepreload)"[^>]*?href|script[^>]*?src|img[^>]*?src)="([^"]+)"`)

// page measures the first load of the sign-in page. Redirects on the way to it
// are the application's, not the page's.
func page(ctx context.Context, server *flow.Process, _ time.Duration) ([]row, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Jar: jar, Timeout: 10 * time.Second, Transport: &http.Transport{DisableCompression: true}}
	target := server.Base + "/oidc/auth?" + url.Values{
		"client_id": {"demo-app"}, "redirect_uri": {server.Base + "/demo-app"}, "response_type": {"code"}, "scope": {"openid"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"},
	}.Encode()
	html, plain, err := load(ctx, client, target)
	if err != nil {
		return nil, err
	}
	bytes, requests := html, 1
	for _, match := range referred.FindAllStringSubmatch(plain, -1) {
		address, err := url.Parse(server.Base)
		if err != nil {
			return nil, err
		}
		if address, err = address.Parse(match[1]); err != nil {
			return nil, err
		}
		size, _, err := load(ctx, client, address.String())
		if err != nil {
			return nil, err
		}
		bytes += size
		requests++
	}
	return []row{{"first load of the sign-in page", fmt.Sprintf("%.1f KB in %d requests", float64(bytes)/1000, requests), "≤ 30 KB in ≤ 4 requests"}}, nil
}

// load fetches a URL with gzip allowed and returns the bytes sent, and the text.
func load(ctx context.Context, client *http.Client, target string) (int, string, error) {
	sent, err := fetch(ctx, client, target, "gzip")
	if err != nil {
		return 0, "", err
	}
	plain, err := fetch(ctx, client, target, "identity")
	if err != nil {
		return 0, "", err
	}
	return len(sent), string(plain), nil
}

func fetch(ctx context.Context, client *http.Client, target, encoding string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", encoding)
	req.Header.Set("Accept", "text/html,*/*")
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %d", target, res.StatusCode)
	}
	return io.ReadAll(io.LimitReader(res.Body, 1<<20))
}

// processorTime is what the process has used, in user and system mode (proc(5),
// fields 14 and 15 of stat, in hundredths of a second).
func processorTime(pid int) (time.Duration, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond, err
}

// residentBytes is the process's resident set (proc(5), field 2 of statm).
func residentBytes(pid int) (int64, error) {
	statm, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0, err
	}
	pages, err := strconv.ParseInt(strings.Fields(string(statm))[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}
