package db

import "time"

// Settled reports whether the first look at the versions is over: from then on
// nothing drops cached values but changes and time.
func (p *Pool) Settled() bool { return p.stamps.epoch.Load() > 0 }

// PlanLife is planLife.
const PlanLife = planLife

// InLine returns how many wait for SQLite's writer.
func (p *Pool) InLine() int { return p.line.length() }

// Gather lets groups of transactions grow old, so that on a slow machine too those in
// line are committed together.
func (p *Pool) Gather() { p.line.age = time.Minute }

func (l *line) length() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting)
}
