package apptest

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

var (
	formTag   = regexp.MustCompile(`(?s)<form[^>]* action="([^"]*)".*?</form>`)
	hiddenTag = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)
)

// Send fills in the form of a page and sends it, as browsers do, with the
// hidden fields that it carries. pairs are names and values of the fields; of
// several forms it is the first one that has a field of the first name, or the
// very first if there are no pairs.
func (b *Browser) Send(page *Answer, pairs ...string) *Answer {
	b.t.Helper()
	for _, form := range formTag.FindAllStringSubmatch(page.Text, -1) {
		if len(pairs) > 0 && !strings.Contains(form[0], `name="`+pairs[0]+`"`) {
			continue
		}
		values := url.Values{}
		for _, hidden := range hiddenTag.FindAllStringSubmatch(form[0], -1) {
			values.Set(hidden[1], html.UnescapeString(hidden[2]))
		}
		for i := 0; i+1 < len(pairs); i += 2 {
			values.Set(pairs[i], pairs[i+1])
		}
		action, err := page.Request.URL.Parse(html.UnescapeString(form[1]))
		if err != nil {
			b.t.Fatal(err)
		}
		return b.Do(http.MethodPost, action.String(), values.Encode(), "Accept", "text/html", "Sec-Fetch-Site", "same-origin")
	}
	b.t.Fatalf("%s: %d, no such form in %.3000s", page.Request.URL, page.StatusCode, page.Text)
	return nil
}

// Then follows the redirects of an answer to the page that is shown in the end.
func (b *Browser) Then(a *Answer) *Answer {
	b.t.Helper()
	for range 12 {
		next := a.Header.Get("Location")
		if next == "" {
			return a
		}
		target, err := a.Request.URL.Parse(next)
		if err != nil {
			b.t.Fatal(err)
		}
		a = b.Do(http.MethodGet, target.String(), "", "Accept", "text/html")
	}
	b.t.Fatalf("%s: redirects without end", a.Request.URL)
	return nil
}

// Visit requests a page and follows redirects to the page that is shown in the
// end.
func (b *Browser) Visit(path string) *Answer {
	b.t.Helper()
	return b.Then(b.Do(http.MethodGet, path, "", "Accept", "text/html"))
}
