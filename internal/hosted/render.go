package hosted

import (
	"bytes"
	"crypto/rand"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"unicode"

	"signet/internal/platform/i18n"
)

//go:embed templates
var templateFiles embed.FS

// Renderer turns page structs into answers. It is safe for concurrent use.
type Renderer struct {
	assets *Assets
	pages  map[string]func() *template.Template // parsed when first shown
	site   func(*http.Request) Site
}

// NewRenderer returns a renderer of all pages; site, for example SiteOf, says what the
// pages of a request share.
func NewRenderer(site func(*http.Request) Site) *Renderer {
	r := &Renderer{assets: newAssets(), pages: map[string]func() *template.Template{}, site: site}
	parts := template.Must(template.New("parts").
		Funcs(template.FuncMap{"icon": icon, "initials": initials}).
		ParseFS(templateFiles, "templates/parts/*.html"))
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		panic(err)
	}
	for _, file := range files {
		name := path.Base(file)
		// Each page holds a copy of all parts, and few servers ever show them all.
		r.pages[strings.TrimSuffix(name, ".html")] = sync.OnceValue(func() *template.Template {
			return template.Must(template.Must(parts.Clone()).ParseFS(templateFiles, file)).Lookup(name)
		})
	}
	return r
}

// Assets returns the handler of GET /assets/{name}.
func (r *Renderer) Assets() http.Handler { return r.assets }

// Lang returns the language in which the pages of a request are shown.
func (r *Renderer) Lang(req *http.Request) string { return r.site(req).Lang }

// Render answers with a page. Nothing has been written when it fails, which
// only a broken template can cause.
func (r *Renderer) Render(w http.ResponseWriter, req *http.Request, status int, page Page) error {
	site := r.site(req)
	rememberLanguage(req.Context(), w, req, site.Lang)
	return r.render(w, site, status, page)
}

func (r *Renderer) render(w http.ResponseWriter, site Site, status int, page Page) error {
	tmpl, ok := r.pages[page.template()]
	if !ok {
		return fmt.Errorf("hosted: no template %q", page.template())
	}
	v := &view{Site: site, Page: page, Nonce: rand.Text(), assets: r.assets}
	if p, ok := page.(interface{ accountMenu() *Menu }); ok {
		v.Menu = p.accountMenu()
	}
	var body bytes.Buffer
	if err := tmpl().Execute(&body, v); err != nil {
		return fmt.Errorf("hosted: page %q: %w", page.template(), err)
	}
	var leadsTo []string
	if p, ok := page.(interface{ leadsTo() []string }); ok {
		leadsTo = p.leadsTo()
	}
	protect(w.Header(), site, v.Nonce, leadsTo)
	w.WriteHeader(status)
	_, _ = w.Write(bytes.TrimLeft(body.Bytes(), "\n")) // the client is gone: nobody is left to tell
	return nil
}

// view is what a template sees: the Site, the page struct, and the functions
// that need either.
type view struct {
	Site
	Page  Page
	Menu  *Menu
	Nonce string

	assets  *Assets
	focused bool
}

// T translates key; args are names and values in turn.
func (v *view) T(key string, args ...any) string { return i18n.T(v.Lang, key, pairs(args)) }

// Say translates a phrase.
func (v *view) Say(p Phrase) string { return i18n.T(v.Lang, p.Key, p.Args) }

// Asset returns the URL of a file of assets/.
func (v *view) Asset(name string) string { return v.Base + v.assets.path(name) }

// Logo and its siblings return the brand's pictures, if they are links at all.
func (v *view) Logo() string     { return webURL(v.Brand.Logo) }
func (v *view) DarkLogo() string { return webURL(v.Brand.DarkLogo) }
func (v *view) Favicon() string  { return webURL(v.Brand.Favicon) }

// DarkFavicon returns the favicon for dark systems.
func (v *view) DarkFavicon() string { return webURL(v.Brand.DarkFavicon) }

// Terms and Privacy return the tenant's links, if they are links at all.
func (v *view) Terms() string   { return webURL(v.TermsURL) }
func (v *view) Privacy() string { return webURL(v.PrivacyURL) }

// Styles returns the brand's rules.
func (v *view) Styles() template.CSS { return v.Brand.Stylesheet() }

// language is one entry of the language menu.
type language struct {
	Tag, Name, Dir, URL string
	Current             bool
}

// Languages returns the language menu, the current one named first by template.
func (v *view) Languages() []language {
	var all []language
	for _, tag := range i18n.Tags() {
		all = append(all, language{
			Tag: tag, Name: i18n.T(tag, "language.name", nil), Dir: i18n.Dir(tag),
			URL: v.languageURL(tag), Current: tag == v.Lang,
		})
	}
	return all
}

// control is what the parts "input" and "password" draw.
type control struct {
	*view
	Field        Field
	Name         string
	Label        string
	Autocomplete string
	Hint         string
	Focus        bool
	// Optional lets the control be sent empty.
	Optional bool
}

// Control prepares a form control. The first one with an error takes the focus.
func (v *view) Control(f Field, name, label, autocomplete, hint string) *control {
	c := &control{view: v, Field: f, Name: name, Label: label, Autocomplete: autocomplete, Hint: hint}
	if (len(f.Errors) > 0 || f.Focus) && !v.focused {
		c.Focus, v.focused = true, true
	}
	return c
}

// MayBeEmpty lets the control be sent empty.
func (c *control) MayBeEmpty() *control {
	c.Optional = true
	return c
}

// Describes returns the ids of what explains the control.
func (c *control) Describes() string {
	var ids []string
	if c.Field.Focus {
		ids = append(ids, "trouble")
	}
	if len(c.Field.Errors) > 0 {
		ids = append(ids, c.Name+"-error")
	}
	if c.Hint != "" {
		ids = append(ids, c.Name+"-hint")
	}
	return strings.Join(ids, " ")
}

// With hands a part the view and one value.
func (v *view) With(value any) part { return part{view: v, Value: value} }

// Outcome hands the part "notice" what has happened. It takes the focus, so that
// it is read first and the keyboard goes on from there.
func (v *view) Outcome(n *Notice) part {
	p := v.With(n)
	if n != nil && !v.focused {
		p.Focus, v.focused = true, true
	}
	return p
}

type part struct {
	*view
	Value any
	// Focus moves the focus to a notice.
	Focus bool
}

func initials(name string) string {
	var letters []rune
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		letters = append(letters, unicode.ToUpper([]rune(word)[0]))
	}
	switch len(letters) {
	case 0:
		return "?"
	case 1:
		return string(letters)
	}
	return string(letters[0]) + string(letters[len(letters)-1])
}
