package dashboard

import (
	"context"
	"time"

	"signet/internal/platform/db"
	"signet/internal/user"
)

// Lengths of the windows, in days.
const (
	week  = 7
	month = 30
)

// Change is a count and by how much it exceeds the one before it.
type Change struct {
	Count int64 `json:"count"`
	Delta int64 `json:"delta"`
}

func changed(now, before int64) Change { return Change{now, now - before} }

// TotalUsers returns how many users the tenant has.
func TotalUsers(ctx context.Context, q db.Q) (int, error) {
	return db.Total(ctx, q, user.Counted, "")
}

// NewUsers are the users who were created today, compared with yesterday, and in
// the last seven days, compared with the seven before.
type NewUsers struct {
	Today     Change `json:"today"`
	Last7Days Change `json:"last7Days"`
}

// CountNew counts the users who are new on the given day of a time zone.
func CountNew(ctx context.Context, q db.Q, today Day, zone *time.Location) (*NewUsers, error) {
	change := func(days Day) (Change, error) {
		end, middle, begin := today+1, today+1-days, today+1-2*days
		now, err := createdBetween(ctx, q, middle.Begins(zone), end.Begins(zone))
		if err != nil {
			return Change{}, err
		}
		before, err := createdBetween(ctx, q, begin.Begins(zone), middle.Begins(zone))
		return changed(now, before), err
	}
	var out NewUsers
	var err error
	if out.Today, err = change(1); err != nil {
		return nil, err
	}
	out.Last7Days, err = change(week)
	return &out, err
}

// ActiveUsers are how many users were active on each of thirty days, the oldest
// first, on the last of them compared with the day before, and in the seven and
// thirty days up to it compared with as many days before those.
type ActiveUsers struct {
	Curve []Point `json:"dauCurve"`
	DAU   Change  `json:"dau"`
	WAU   Change  `json:"wau"`
	MAU   Change  `json:"mau"`
}

// Point is how many users were active on a day.
type Point struct {
	Date  string `json:"date" example:"2026-09-27"`
	Count int64  `json:"count"`
}

// CountActive counts the users who were active up to a day. Finished days are
// looked up, the others are counted.
func CountActive(ctx context.Context, q db.Q, end Day) (*ActiveUsers, error) {
	settled, err := settledBetween(ctx, q, end-month, end)
	if err != nil {
		return nil, err
	}
	daily, err := dailyCounts(ctx, q, end, settled)
	if err != nil {
		return nil, err
	}
	out := &ActiveUsers{Curve: make([]Point, 0, month), DAU: changed(daily[end], daily[end-1])}
	for day := end - month + 1; day <= end; day++ {
		out.Curve = append(out.Curve, Point{day.String(), daily[day]})
	}
	out.WAU, err = compare(ctx, q, end, week, settled, func(c counts) int64 { return c.WAU })
	if err != nil {
		return nil, err
	}
	out.MAU, err = compare(ctx, q, end, month, settled, func(c counts) int64 { return c.MAU })
	return out, err
}

// dailyCounts returns how many were active on each day of the month up to end.
func dailyCounts(ctx context.Context, q db.Q, end Day, settled map[Day]counts) (map[Day]int64, error) {
	daily := make(map[Day]int64, month)
	var open []int64
	for day := end - month + 1; day <= end; day++ {
		if known, ok := settled[day]; ok {
			daily[day] = known.DAU
		} else {
			open = append(open, int64(day))
		}
	}
	if len(open) == 0 {
		return daily, nil
	}
	found, err := activeOn(ctx, q, open)
	for _, c := range found {
		daily[c.Day] = c.DAU
	}
	return daily, err
}

// compare counts the window of a length that ends on a day, and the one before.
func compare(ctx context.Context, q db.Q, end, length Day, settled map[Day]counts, of func(counts) int64) (Change, error) {
	var n [2]int64
	for i, last := range [2]Day{end, end - length} {
		if known, ok := settled[last]; ok {
			n[i] = of(known)
			continue
		}
		var err error
		if n[i], err = activeBetween(ctx, q, last-length+1, last); err != nil {
			return Change{}, err
		}
	}
	return changed(n[0], n[1]), nil
}
