package hosted

import "html/template"

// icons are drawn on 20 units, stroke only.
var icons = map[string]string{
	"alert":   `<path d="M8.7 3.6 2.2 14.9A1.5 1.5 0 0 0 3.5 17.2h13a1.5 1.5 0 0 0 1.3-2.3L11.3 3.6a1.5 1.5 0 0 0-2.6 0ZM10 8v3.25M10 14v.01"/>`,
	"back":    `<path d="m12 5.5-4.5 4.5 4.5 4.5"/>`,
	"check":   `<path d="m4.5 10.5 3.75 3.75 7.25-8.5"/>`,
	"clock":   `<circle cx="10" cy="10" r="7.25"/><path d="M10 6v4.25l2.75 1.75"/>`,
	"codes":   `<rect x="3.75" y="2.75" width="12.5" height="14.5" rx="2"/><path d="M7 7h2m2 0h2M7 10h2m2 0h2M7 13h2m2 0h2"/>`,
	"cross":   `<circle cx="10" cy="10" r="7.25"/><path d="m7.5 7.5 5 5m0-5-5 5"/>`,
	"down":    `<path d="m6 8 4 4 4-4"/>`,
	"info":    `<circle cx="10" cy="10" r="7.25"/><path d="M10 9.25v4M10 6.5v.01"/>`,
	"key":     `<circle cx="6.75" cy="13.25" r="3.5"/><path d="m9.25 10.75 7.25-7.25M13.25 6.75l2.5 2.5"/>`,
	"laptop":  `<rect x="3.75" y="4" width="12.5" height="8.75" rx="1.5"/><path d="M1.75 15.75h16.5"/>`,
	"leave":   `<path d="M8 3.25H5a1.75 1.75 0 0 0-1.75 1.75v10A1.75 1.75 0 0 0 5 16.75h3M13 13.5l3.5-3.5L13 6.5M16.25 10H8"/>`,
	"mail":    `<rect x="2.25" y="4.25" width="15.5" height="11.5" rx="2"/><path d="m3 6 7 5 7-5"/>`,
	"next":    `<path d="m8 5.5 4.5 4.5L8 14.5"/>`,
	"person":  `<circle cx="10" cy="6.75" r="3.5"/><path d="M3.25 17.25a6.75 6.75 0 0 1 13.5 0"/>`,
	"phone":   `<rect x="5.75" y="2" width="8.5" height="16" rx="2"/><path d="M9 15.25h2"/>`,
	"swap":    `<path d="M3.5 7.25h13m-3-3 3 3-3 3M16.5 12.75h-13m3 3-3-3 3-3"/>`,
	"token":   `<rect x="5.75" y="7" width="8.5" height="10.75" rx="2"/><path d="M7.75 7V2.5h4.5V7"/><circle cx="10" cy="12.25" r="1.75"/>`,
	"unknown": `<circle cx="10" cy="10" r="7.25"/><path d="M7.75 7.75a2.25 2.25 0 1 1 3.4 1.95c-.7.4-1.15.95-1.15 1.8M10 14v.01"/>`,
}

// turning icons point along the text and are mirrored with it.
var turning = map[string]bool{"back": true, "next": true, "leave": true}

// icon returns a drawing that screen readers pass over. classes adds to its
// classes. An unknown name is a mistake in a template.
func icon(name string, classes ...string) template.HTML {
	drawing, ok := icons[name]
	if !ok {
		panic("hosted: no icon " + name)
	}
	class := "icon"
	if turning[name] {
		class += " icon-turn"
	}
	for _, c := range classes {
		class += " " + c
	}
	return template.HTML(`<svg class="` + class + `" viewBox="0 0 20 20" aria-hidden="true">` + drawing + `</svg>`)
}
