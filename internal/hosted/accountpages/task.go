package accountpages

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"signet/internal/hosted"
)

// The query of a task, a page that changes one thing, for applications that send
// people there.
const (
	queryRedirect    = "redirect"
	queryShowSuccess = "show_success"
	queryIdentifier  = "identifier"
)

const (
	// maxRedirect bounds a redirect in bytes: it travels in queries within queries.
	maxRedirect = 1024
	// maxIdentifier bounds what a field is filled with, in bytes.
	maxIdentifier = 256
)

// task is what the query of a task asks for. What is no use in it counts for
// nothing.
type task struct {
	// redirect is where success leads, nil to the settings.
	redirect *url.URL
	// showSuccess says that a page tells of the success first.
	showSuccess bool
	// identifier is what the field holds at first, "" what the account has.
	identifier string
}

func (v *visit) task() task {
	query := v.r.URL.Query()
	t := task{showSuccess: isTrue(query.Get(queryShowSuccess)), identifier: query.Get(queryIdentifier)}
	if text := query.Get(queryRedirect); len(text) <= maxRedirect {
		t.redirect = hosted.RedirectURL(text)
	}
	if len(t.identifier) > maxIdentifier || !utf8.ValidString(t.identifier) || strings.ContainsFunc(t.identifier, unicode.IsControl) {
		t.identifier = ""
	}
	return t
}

func isTrue(text string) bool {
	return !slices.Contains([]string{"", "0", "false"}, strings.ToLower(text))
}

// with adds what the next page of the task has to know to its query.
func (t task) with(query url.Values) url.Values {
	if query == nil {
		query = url.Values{}
	}
	if t.identifier != "" {
		query.Set(queryIdentifier, t.identifier)
	}
	if t.redirect != nil {
		query.Set(queryRedirect, t.redirect.String())
		if t.showSuccess {
			query.Set(queryShowSuccess, "true")
		}
	}
	return query
}

// place names where the task leads, if that is a site of others.
func (t task) place(v *visit) string {
	if t.redirect == nil || strings.EqualFold(t.redirect.Host, v.tenant.Endpoint.Host) {
		return ""
	}
	return t.redirect.Host
}

// taskForm posts to a path from which the task may lead on.
func (p *Pages) taskForm(v *visit, path string, query url.Values) hosted.Form {
	t := v.task()
	form := p.formTo(v, path, t.with(query))
	if t.redirect != nil {
		form.Next = t.place(v)
		if !t.showSuccess {
			form.LeadsTo = []string{t.redirect.String()}
		}
	}
	return form
}

// successes are the pages that say that a task is done.
var successes = map[string]string{
	doneAvatar: "/account/avatar/success", doneNoAvatar: "/account/avatar/success", doneName: "/account/name/success",
	doneNoName: "/account/name/success", doneUsername: "/account/username/success", donePassword: "/account/password/success", donePasskey: "/account/passkey/success",
}

// finish ends a task: it leads to where the task was asked to lead, else it is done.
func (p *Pages) finish(v *visit, what, id string) error {
	t := v.task()
	target := ""
	switch {
	case t.redirect == nil:
		return p.done(v, what, id)
	case t.showSuccess:
		target = v.tenant.Path(successes[what]) + "?" + t.with(nil).Encode()
	default:
		target = t.redirect.String()
	}
	http.Redirect(v.w, v.r, target, http.StatusSeeOther)
	return nil
}

// succeeded shows the page that says that a task is done.
func (p *Pages) succeeded(title string) func(v *visit) error {
	return func(v *visit) error {
		t := v.task()
		page := hosted.TaskDone{Menu: p.menu(v), Title: hosted.Say(title), DoneURL: v.tenant.Path("/account"), Next: t.place(v)}
		if t.redirect != nil {
			page.DoneURL = t.redirect.String()
		}
		return p.render(v, http.StatusOK, page)
	}
}
