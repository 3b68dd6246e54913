// Package dashboard counts the people of a tenant for those who operate it: all
// of them, the new ones, and how many were active. A user is active on the days
// on which an access token is issued to them, so an application that refreshes
// in the background counts, and machines do not. Who was active is kept for
// Kept; of every finished day its counts stay for good.
package dashboard

import "time"

// Day is a day of the server's calendar: days since 1970-01-01.
type Day int64

const (
	hours  = 24 * time.Hour
	layout = time.DateOnly
)

// DayOf returns the day on which t falls in its own time zone.
func DayOf(t time.Time) Day {
	year, month, day := t.Date()
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / int64(hours/time.Second))
}

// ParseDay reads a day that is written as 2006-01-02.
func ParseDay(text string) (Day, error) {
	t, err := time.Parse(layout, text)
	if err != nil {
		return 0, err
	}
	return DayOf(t), nil
}

// String writes the day as 2006-01-02.
func (d Day) String() string { return d.midnight(time.UTC).Format(layout) }

// Begins returns when the day begins in a time zone, in epoch milliseconds.
func (d Day) Begins(zone *time.Location) int64 { return d.midnight(zone).UnixMilli() }

func (d Day) midnight(zone *time.Location) time.Time {
	return time.Date(1970, time.January, 1+int(d), 0, 0, 0, 0, zone)
}
