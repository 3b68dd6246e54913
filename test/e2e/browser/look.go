package browser

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// shots is where screenshots land, in the folder of the package under test.
// Git ignores it.
const shots = "screenshots"

// Shot saves the whole page as it looks now.
func (p *Page) Shot(name string) {
	p.t.Helper()
	shot, err := run(p, chromedp.FullScreenshot(100))
	p.must(err)
	p.save(name, shot)
}

// Look saves the page as desktop, phone and the narrowest phone show it, in
// light and dark, and fails where a person would have to scroll sideways.
// Afterwards the page is as it was.
func (p *Page) Look(name string) {
	p.t.Helper()
	for _, width := range []int64{1280, 390, 320} {
		p.resize(width, 900)
		for _, dark := range []bool{false, true} {
			p.scheme(dark)
			scheme := "light"
			if dark {
				scheme = "dark"
			}
			p.Shot(fmt.Sprintf("%s-%d-%s", name, width, scheme))
		}
		p.fits(name, width)
	}
	p.resize(p.options.Width, p.options.Height)
	p.scheme(p.options.Dark)
}

// LookLarge is Look for somebody whose text is twice its size.
func (p *Page) LookLarge(name string) {
	p.t.Helper()
	p.resize(640, 900)
	p.enlarge("200%")
	p.Shot(name + "-large")
	p.fits(name, 640)
	p.enlarge("")
	p.resize(p.options.Width, p.options.Height)
}

func (p *Page) enlarge(size string) {
	p.t.Helper()
	_, err := eval[string](p, fmt.Sprintf(`document.documentElement.style.fontSize = %q`, size))
	p.must(err)
}

// IsDark tells whether the page's background is darker than its text.
func (p *Page) IsDark() bool {
	p.t.Helper()
	dark, err := eval[bool](p, `(() => {
		const light = (color) => { const [r, g, b] = color.match(/[\d.]+/g).map(Number); return 0.3 * r + 0.6 * g + 0.1 * b; };
		const { backgroundColor, color } = getComputedStyle(document.body);
		return light(backgroundColor) < light(color);
	})()`)
	p.must(err)
	return dark
}

func (p *Page) fits(name string, width int64) {
	p.t.Helper()
	needed, err := eval[int64](p, `document.documentElement.scrollWidth`)
	p.must(err)
	if needed > width {
		p.t.Errorf("%s needs %d px and has %d: it scrolls sideways", name, needed, width)
	}
	spilled, err := eval[[]string](p, `[...document.querySelectorAll("a, button, h1, h2, h3, h4, p")]
		.filter((e) => e.checkVisibility() && !e.matches(".unseen, .skip") && e.parentElement.clientWidth > 0 &&
			e.getBoundingClientRect().right > e.parentElement.getBoundingClientRect().right + 1)
		.map((e) => e.innerText)`)
	p.must(err)
	if len(spilled) > 0 {
		p.t.Errorf("%s: words leave their place: %q", name, spilled)
	}
}

func (p *Page) resize(width, height int64) {
	p.t.Helper()
	p.must(p.act(chromedp.EmulateViewport(width, height)))
}

func (p *Page) scheme(dark bool) {
	p.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	p.must(do(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme},
			// While one page fades into the next, Chromium drops clicks. People
			// click again; tests ask for less motion.
			{Name: "prefers-reduced-motion", Value: "reduce"},
		},
	}))
}

func (p *Page) save(name string, png []byte) {
	if err := os.MkdirAll(shots, 0o755); err != nil {
		p.t.Error(err)
		return
	}
	if err := os.WriteFile(filepath.Join(shots, name+".png"), png, 0o644); err != nil {
		p.t.Error(err)
	}
}
