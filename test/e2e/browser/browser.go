// Package browser lets a test use a page as a person does: it finds buttons,
// links and fields by the names that people see or hear, through Chromium's
// accessibility tree, waits for what it looks for, and has security keys to
// plug in. It offers no selectors on purpose: a page that a test cannot use by
// its words is a page that a screen reader cannot use.
package browser

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Patience is how long an action waits for what it looks for. It is long
// because tests share two cores with a race detector; nothing waits longer
// than it must.
const Patience = 20 * time.Second

// firstAttempt is how long one question to the browser may take: Chromium never
// answers some that meet a change of pages, and they are asked again with
// twice the time.
const firstAttempt = 2 * time.Second

// Options describe the person's device. The zero value is a desktop in light
// mode, in English, with JavaScript.
type Options struct {
	Width, Height int64  // CSS pixels; 1280 × 900 unless set
	Dark          bool   // prefers a dark scheme
	Language      string // Accept-Language; "en" unless set
	NoScript      bool   // JavaScript is off
}

// Page is one tab in a browser profile of its own: no cookie, credential or
// cache is shared with other pages.
type Page struct {
	t        *testing.T
	ctx      context.Context
	options  Options
	attempt  time.Duration
	moving   atomic.Bool // on the way to another page
	mu       sync.Mutex
	problems []string
}

// running is the context of the browser process once it runs.
var running atomic.Pointer[context.Context]

// shared is the one browser process of a test binary; pages are profiles in it.
var shared = sync.OnceValues(func() (context.Context, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true),
	)
	alloc, _ := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, _ := chromedp.NewContext(alloc)
	if err := chromedp.Do(ctx); err != nil {
		return nil, fmt.Errorf("start Chromium (test/setup installs it): %w", err)
	}
	running.Store(&ctx)
	return ctx, nil
})

// Main runs the tests of a package and closes the browser after them; call it
// from TestMain.
func Main(m *testing.M) {
	code := m.Run()
	if ctx := running.Load(); ctx != nil {
		_ = chromedp.Cancel(*ctx)
	}
	os.Exit(code)
}

// New opens an empty page; it closes with the test. A script that throws, or
// anything that the page's security policy blocks, fails the test.
func New(t *testing.T, o Options) *Page {
	t.Helper()
	parent, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	if o.Width == 0 {
		o.Width, o.Height = 1280, 900
	}
	if o.Language == "" {
		o.Language = "en"
	}
	p := &Page{t: t, options: o, attempt: Patience}
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.follow))
	p.ctx = ctx
	messages := chromedp.Console(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for m, err := range messages {
			if err != nil {
				return
			}
			p.note(m)
		}
	}()
	t.Cleanup(func() {
		if t.Failed() {
			p.describe()
		}
		cancel()
		<-watched
		for _, problem := range p.problems {
			t.Errorf("the page complained: %s", problem)
		}
	})
	// Tests share the browser, and each tab must believe it has the focus.
	p.must(do(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}))
	p.resize(o.Width, o.Height)
	p.scheme(o.Dark)
	p.must(do(p, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
		Headers: network.Headers{"Accept-Language": o.Language},
	}))
	p.must(do(p, emulation.SetLocaleOverride, emulation.SetLocaleOverrideParams{Locale: o.Language}))
	if o.NoScript {
		p.must(do(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	}
	return p
}

// follow keeps track of whether the page is being left for another one.
func (p *Page) follow(event any) {
	switch event.(type) {
	case *page.EventFrameRequestedNavigation, *page.EventFrameStartedNavigating, *page.EventFrameStartedLoading:
		p.moving.Store(true)
	case *page.EventFrameStoppedLoading:
		p.moving.Store(false)
	}
}

// settle waits while the page is being left. Chromium's accessibility tree must
// not be asked then: the renderer crashes. Some ways lead nowhere, out of the
// browser for one, so it waits no longer than a page takes.
func (p *Page) settle() {
	const longest = 5 * time.Second
	for begun := time.Now(); p.moving.Load() && time.Since(begun) < longest; {
		time.Sleep(5 * time.Millisecond)
	}
}

// note keeps what a page must never cause. Failed requests are logged by
// Chromium as errors too and are the test's own business.
func (p *Page) note(m chromedp.ConsoleMessage) {
	blocked := strings.Contains(m.Text, "Content Security Policy")
	// The style sheet's transition between two pages ends early when the next
	// page has none; Chromium reports that as a rejected promise of nobody's.
	transition := strings.Contains(m.Text, "Transition was")
	if transition || (m.Type != chromedp.ConsoleException && !blocked) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, m.Text)
}

// Complaint waits for a complaint and takes it off the list; for tests that
// provoke one.
func (p *Page) Complaint() string {
	p.t.Helper()
	var complaint string
	p.eventually(func() string {
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(p.problems) == 0 {
			return "the page does not complain"
		}
		complaint, p.problems = p.problems[0], p.problems[1:]
		return ""
	})
	return complaint
}

// Open goes to a URL and waits until the page has loaded.
func (p *Page) Open(url string) {
	p.t.Helper()
	if err := p.act(chromedp.Navigate(url)); err != nil {
		p.t.Fatalf("open %s: %v", url, err)
	}
}

// Scripts tells whether the pages' own scripts run.
func (p *Page) Scripts() bool { return !p.options.NoScript }

// Reload loads the page again.
func (p *Page) Reload() {
	p.t.Helper()
	p.must(p.act(chromedp.Reload()))
}

// Back goes to the page before this one.
func (p *Page) Back() {
	p.t.Helper()
	p.must(p.act(chromedp.NavigateBack()))
}

// URL is the address that the browser shows.
func (p *Page) URL() string {
	p.t.Helper()
	var url string
	p.eventually(func() string {
		var err error
		if url, err = run(p, chromedp.Location()); err != nil {
			return fmt.Sprintf("no address: %v", err)
		}
		return ""
	})
	return url
}

// AtURL waits until the address begins so, and returns it whole.
func (p *Page) AtURL(prefix string) string {
	p.t.Helper()
	var url string
	p.eventually(func() string {
		if url = p.URL(); strings.HasPrefix(url, prefix) {
			return ""
		}
		return fmt.Sprintf("at %s, want %s…", url, prefix)
	})
	return url
}

// Leaves watches for the page to go to an address with this prefix that the
// browser hands to another program, and returns a function that waits for it.
func (p *Page) Leaves(prefix string) func() string {
	requests := chromedp.Events(p.ctx, network.RequestWillBeSent)
	found := make(chan string, 1)
	go func() {
		for request, err := range requests {
			if err != nil {
				return
			}
			if strings.HasPrefix(request.Request.URL, prefix) {
				found <- request.Request.URL
				return
			}
		}
	}()
	return func() string {
		p.t.Helper()
		select {
		case url := <-found:
			return url
		case <-time.After(Patience):
			p.t.Fatalf("the page never went to %s…", prefix)
			return ""
		}
	}
}

// call runs a protocol command on the page.
func call[P, R any](p *Page, command cdp.Command[P, R], params P) (R, error) {
	ctx, cancel := context.WithTimeout(p.ctx, p.attempt)
	defer cancel()
	return chromedp.Call(ctx, command, params)
}

// do runs a protocol command whose result does not matter.
func do[P, R any](p *Page, command cdp.Command[P, R], params P) error {
	_, err := call(p, command, params)
	return err
}

// run runs an action of chromedp's on the page.
func run[T any](p *Page, action chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, p.attempt)
	defer cancel()
	return chromedp.Run(ctx, action)
}

// act runs actions without a result.
func (p *Page) act(actions ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	return chromedp.Do(ctx, actions...)
}

// eval runs an expression of this package's own in the page. It works with
// JavaScript off too: that switch stops the page's scripts only.
func eval[T any](p *Page, expression string) (T, error) {
	return run(p, chromedp.Evaluate[T](expression))
}

// eventually repeats look until it returns "", or fails the test with what it
// returned last.
func (p *Page) eventually(look func() string) {
	p.t.Helper()
	deadline := time.Now().Add(Patience)
	outer := p.attempt
	defer func() { p.attempt = outer }()
	p.attempt = firstAttempt
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		missing := look()
		if missing == "" {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatal(missing)
		}
		time.Sleep(pause)
		p.attempt = min(2*p.attempt, Patience/2)
	}
}

func (p *Page) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// describe logs where a failed test stood.
func (p *Page) describe() {
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.title + "\n" + (document.body?.innerText ?? "")`))
	if err == nil {
		p.t.Logf("the page at the end: %s", text)
	}
	if shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100)); err == nil {
		p.save("failed-"+strings.ReplaceAll(p.t.Name(), "/", "-"), shot)
	}
}
