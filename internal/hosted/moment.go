package hosted

import (
	"html/template"
	"strconv"
	"strings"
	"time"
)

// Day returns a date in words, "3 March 2026", within a time element. page.js
// shows it in the reader's own time zone; without script it is in UTC.
func (v *view) Day(ms int64) template.HTML { return v.moment(ms, "day") }

// Moment is Day with hours and minutes.
func (v *view) Moment(ms int64) template.HTML { return v.moment(ms, "minute") }

func (v *view) moment(ms int64, precision string) template.HTML {
	at := time.UnixMilli(ms).UTC()
	months := strings.Split(v.T("date.months"), ",")
	text := v.T("date.day", "day", strconv.Itoa(at.Day()), "month", months[at.Month()-1], "year", strconv.Itoa(at.Year()))
	if precision == "minute" {
		text = v.T("date.minute", "date", text, "time", at.Format("15:04"))
	}
	return template.HTML(`<time datetime="` + at.Format(time.RFC3339) + `" data-local="` + precision + `">` +
		template.HTMLEscapeString(text) + `</time>`)
}
