package hosted

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// Brand is how a tenant looks. The zero Brand is Signet's own look.
type Brand struct {
	// Color and DarkColor are hex colours, "#rgb" or "#rrggbb". An empty or
	// malformed Color leaves ours; an empty DarkColor is derived from Color.
	Color, DarkColor string
	// Dark lets pages follow the system's colour scheme; otherwise they are light.
	Dark bool
	// Logo, DarkLogo, Favicon and DarkFavicon are http(s) URLs, each optional.
	Logo, DarkLogo, Favicon, DarkFavicon string
	// CustomCSS follows our rules and wins over them.
	CustomCSS string
}

// Surfaces that brand-coloured text may lie on: surface, canvas and hover of
// signet.css in each scheme. The fourth, brand-wash, depends on the brand.
var (
	lightSurfaces = []rgb{mustHex("#ffffff"), mustHex("#f5f6f8"), mustHex("#f2f4f7")}
	darkSurfaces  = []rgb{mustHex("#16191f"), mustHex("#0e1014"), mustHex("#22272f"), mustHex("#1d2128")}
)

const (
	readable = 4.5 // WCAG 2.2, success criterion 1.4.3
	visible  = 3.0 // WCAG 2.2, success criterion 1.4.11, for parts of controls
)

// scheme holds the three tokens of one colour scheme.
type scheme struct{ brand, on, ink rgb }

// lightScheme and darkScheme compute what a tenant cannot be trusted to pick:
// text on its colour, and its colour as text, both at 4.5:1 or better.
func lightScheme(brand rgb) scheme {
	return schemeOf(brand, append(lightSurfaces, mix(brand, lightSurfaces[0], .09)), rgb{})
}

func darkScheme(brand rgb) scheme {
	return schemeOf(brand, append(darkSurfaces, mix(brand, darkSurfaces[0], .20)), rgb{1, 1, 1})
}

func schemeOf(brand rgb, surfaces []rgb, towards rgb) scheme {
	s := scheme{brand: brand, on: rgb{1, 1, 1}}
	if contrast(brand, s.on) < readable {
		s.on = rgb{}
	}
	s.ink = shift(brand, towards, surfaces, readable)
	return s
}

// deriveDark brightens a light scheme's colour until a button of it stands out
// from dark surfaces.
func deriveDark(brand rgb) rgb {
	return shift(brand, rgb{1, 1, 1}, darkSurfaces[:2], visible)
}

// shift moves c towards another colour in small steps until it contrasts with
// every surface.
func shift(c, towards rgb, surfaces []rgb, ratio float64) rgb {
	for step := 0.0; step <= 1; step += .02 {
		moved := mix(towards, c, step).rounded()
		if contrastsWithAll(moved, surfaces, ratio) {
			return moved
		}
	}
	return towards
}

func contrastsWithAll(c rgb, surfaces []rgb, ratio float64) bool {
	for _, s := range surfaces {
		if contrast(c, s) < ratio {
			return false
		}
	}
	return true
}

// Stylesheet returns the rules of this brand: six tokens, then the custom CSS.
// It is safe inside a style element.
func (b Brand) Stylesheet() template.CSS {
	var out strings.Builder
	if brand, err := parseHex(b.Color); err == nil {
		dark, err := parseHex(b.DarkColor)
		if err != nil {
			dark = deriveDark(brand)
		}
		light, night := lightScheme(brand), darkScheme(dark)
		fmt.Fprintf(&out, ":root{--brand-light:%s;--on-brand-light:%s;--brand-ink-light:%s;"+
			"--brand-dark:%s;--on-brand-dark:%s;--brand-ink-dark:%s}",
			light.brand, light.on, light.ink, night.brand, night.on, night.ink)
	}
	// "</" would end the element; in CSS "<\/" means the same characters.
	out.WriteString(strings.ReplaceAll(b.CustomCSS, "</", `<\/`))
	return template.CSS(out.String())
}

// rgb is a colour in gamma-encoded sRGB, each channel from 0 to 1.
type rgb [3]float64

func mustHex(text string) rgb {
	c, err := parseHex(text)
	if err != nil {
		panic(err)
	}
	return c
}

func parseHex(text string) (rgb, error) {
	digits, ok := strings.CutPrefix(text, "#")
	if len(digits) == 3 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	value, err := strconv.ParseUint(digits, 16, 32)
	if !ok || len(digits) != 6 || err != nil {
		return rgb{}, fmt.Errorf("hosted: %q is no hex colour", text)
	}
	return rgb{float64(value>>16) / 255, float64(value>>8&255) / 255, float64(value&255) / 255}, nil
}

func (c rgb) String() string {
	return fmt.Sprintf("#%02x%02x%02x", channel(c[0]), channel(c[1]), channel(c[2]))
}

// rounded returns the colour that String writes, so that what was measured is
// what is sent.
func (c rgb) rounded() rgb {
	return rgb{float64(channel(c[0])) / 255, float64(channel(c[1])) / 255, float64(channel(c[2])) / 255}
}

func channel(v float64) uint8 { return uint8(math.Round(math.Min(1, math.Max(0, v)) * 255)) }

// contrast returns the WCAG contrast ratio of two colours, 1 to 21.
func contrast(a, b rgb) float64 {
	la, lb := a.luminance(), b.luminance()
	return (math.Max(la, lb) + .05) / (math.Min(la, lb) + .05)
}

func (c rgb) luminance() float64 {
	l := c.linear()
	return .2126*l[0] + .7152*l[1] + .0722*l[2]
}

func (c rgb) linear() (out [3]float64) {
	for i, v := range c {
		if v <= .04045 {
			out[i] = v / 12.92
		} else {
			out[i] = math.Pow((v+.055)/1.055, 2.4)
		}
	}
	return out
}

// mix returns color-mix(in oklab, a share, b), as the stylesheet does.
func mix(a, b rgb, share float64) rgb {
	la, lb := a.oklab(), b.oklab()
	for i := range la {
		la[i] = la[i]*share + lb[i]*(1-share)
	}
	return fromOklab(la)
}

// The matrices are those of Björn Ottosson's OKLab, as CSS Color 4 has them.
func (c rgb) oklab() [3]float64 {
	l := c.linear()
	x := math.Cbrt(.4122214708*l[0] + .5363325363*l[1] + .0514459929*l[2])
	y := math.Cbrt(.2119034982*l[0] + .6806995451*l[1] + .1073969566*l[2])
	z := math.Cbrt(.0883024619*l[0] + .2817188376*l[1] + .6299787005*l[2])
	return [3]float64{
		.2104542553*x + .7936177850*y - .0040720468*z,
		1.9779984951*x - 2.4285922050*y + .4505937099*z,
		.0259040371*x + .7827717662*y - .8086757660*z,
	}
}

func fromOklab(lab [3]float64) (out rgb) {
	x := lab[0] + .3963377774*lab[1] + .2158037573*lab[2]
	y := lab[0] - .1055613458*lab[1] - .0638541728*lab[2]
	z := lab[0] - .0894841775*lab[1] - 1.2914855480*lab[2]
	x, y, z = x*x*x, y*y*y, z*z*z
	for i, v := range [3]float64{
		4.0767416621*x - 3.3077115913*y + .2309699292*z,
		-1.2684380046*x + 2.6097574011*y - .3413193965*z,
		-.0041960863*x - .7034186147*y + 1.7076147010*z,
	} {
		if v <= .0031308 {
			out[i] = 12.92 * v
		} else {
			out[i] = 1.055*math.Pow(v, 1/2.4) - .055
		}
		out[i] = math.Min(1, math.Max(0, out[i]))
	}
	return out
}
