package hosted

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestBrand_TextOnAndInEveryColourIsReadable(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 11))
	colours := []rgb{mustHex("#000"), mustHex("#fff"), mustHex("#777"), mustHex("#ffff00"), mustHex("#00f"), mustHex("#2f4fd0"), mustHex("#6139F6"), mustHex("#767676")}
	for range 3000 {
		colours = append(colours, rgb{random.Float64(), random.Float64(), random.Float64()}.rounded())
	}
	for _, c := range colours {
		light, dark := lightScheme(c), darkScheme(c)
		for name, pair := range map[string][2]rgb{
			"on brand, light":   {light.on, light.brand},
			"on brand, dark":    {dark.on, dark.brand},
			"ink on light wash": {light.ink, mix(c, lightSurfaces[0], .09)},
			"ink on dark wash":  {dark.ink, mix(c, darkSurfaces[0], .20)},
		} {
			if got := contrast(pair[0], pair[1]); got < readable {
				t.Errorf("%s: %s has %.2f:1 (%s on %s)", c, name, got, pair[0], pair[1])
			}
		}
		for _, s := range lightSurfaces {
			if got := contrast(light.ink, s); got < readable {
				t.Errorf("%s: ink %s on %s has %.2f:1", c, light.ink, s, got)
			}
		}
		for _, s := range darkSurfaces {
			if got := contrast(dark.ink, s); got < readable {
				t.Errorf("%s: ink %s on dark %s has %.2f:1", c, dark.ink, s, got)
			}
		}
		if derived := deriveDark(c); !contrastsWithAll(derived, darkSurfaces[:2], visible) {
			t.Errorf("%s: derived dark colour %s does not stand out", c, derived)
		}
	}
}

func TestBrand_KeepsAColourThatAlreadyReads(t *testing.T) {
	t.Parallel()
	if got := lightScheme(mustHex("#1a1a80")); got.ink != got.brand {
		t.Errorf("ink of #1a1a80 is %s, want it unchanged", got.ink)
	}
}

func TestContrast_KnownRatios(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want float64
	}{{"#000", "#fff", 21}, {"#fff", "#fff", 1}, {"#767676", "#fff", 4.54}, {"#f00", "#fff", 4.00}} {
		if got := contrast(mustHex(c.a), mustHex(c.b)); math.Abs(got-c.want) > .01 {
			t.Errorf("contrast(%s, %s) = %.3f, want %.2f", c.a, c.b, got, c.want)
		}
	}
}

// The expected values are what Chromium computes for color-mix(in oklab, …).
func TestMix_AgreesWithCSS(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b  string
		share float64
		want  string
	}{
		{"#2f4fd0", "#ffffff", 0, "#ffffff"},
		{"#2f4fd0", "#ffffff", 1, "#2f4fd0"},
		{"#000000", "#ffffff", .5, "#636363"},
	} {
		if got := mix(mustHex(c.a), mustHex(c.b), c.share).String(); got != c.want {
			t.Errorf("mix(%s, %s, %.2f) = %s, want %s", c.a, c.b, c.share, got, c.want)
		}
	}
}

func TestParseHex(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"#abc": "#aabbcc", "#A1B2C3": "#a1b2c3"} {
		if c, err := parseHex(text); err != nil || c.String() != want {
			t.Errorf("parseHex(%q) = %v, %v", text, c, err)
		}
	}
	for _, text := range []string{"", "#", "abc", "#12", "#1234", "#12345g", "#+12345", "red;}", "#1234567"} {
		if c, err := parseHex(text); err == nil {
			t.Errorf("parseHex(%q) = %v, want an error", text, c)
		}
	}
}

// Attack 8: values of the tenant's settings never leave the style element.
func TestBrand_StylesheetStaysInsideItsElement(t *testing.T) {
	t.Parallel()
	css := string(Brand{Color: "red;}</style><script>", CustomCSS: "a{}</style><script>alert(1)</script>"}.Stylesheet())
	if strings.Contains(css, "</") {
		t.Errorf("stylesheet may end its element: %s", css)
	}
	if strings.Contains(css, "--brand-light") {
		t.Errorf("malformed colour was used: %s", css)
	}
	if got := (Brand{}).Stylesheet(); got != "" {
		t.Errorf("zero brand has rules: %s", got)
	}
	full := string(Brand{Color: "#0a7", CustomCSS: ".btn{border-radius:0}"}.Stylesheet())
	for _, want := range []string{"--brand-light:#00aa77", "--on-brand-light:#000000", "--brand-dark:", ".btn{border-radius:0}"} {
		if !strings.Contains(full, want) {
			t.Errorf("stylesheet lacks %q: %s", want, full)
		}
	}
}
