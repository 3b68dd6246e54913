package main

import (
	_ "embed" // for profiles.md
	"fmt"
	"strings"
	"time"

	"signet/internal/platform/db"
)

// document returns the report as a page of the documentation.
func (r *report) document() string {
	command := "go run ./bench -binary ./bin/signet -write docs/performance.md"
	if r.many > 0 {
		command = fmt.Sprintf("go run ./bench -binary ./bin/signet -users %d -write docs/performance.md", r.many)
	}
	return `# Performance

Written by the program that ` + "`make bench`" + ` runs: ` + "`" + command + "`" + `.
It starts the shipped binary as a program of its own, on a database in a temporary directory, and drives it over the
loopback interface. Clients and server share the cores, so that a server alone does more. A load average beforehand
above one means that others used the machine too: rates are then lower, and times higher, than the product's own.

` + r.machine + `

## A server on SQLite

` + table(r.figures) + fmt.Sprintf(`
- *Healthy* means that `+"`/readyz`"+` answers 204. Starts are medians of %d, with the binary in the page cache.
- *Idle* means five seconds without a request.
- *Bare Argon2id* verifies a password with the server's own parameters and bound on memory, in the measuring program.
  Hashing and signing in take turns, %d rounds of %d each, with %d workers both times.
- *Password sign-in* is authorize, begin, password, identify, submit, resume, consent, resume and token, each time in a
  new browser, over connections that stay open.
- *Processor time beside the hash* is what the server spends on one sign-in, in its code and in the kernel, less the
  processor time of one bare hash.
- *First load* is the document and every file that it refers to, its icon included, as sent.
`, starts, rounds, perRound, workers()) + r.importing() + `
## What applications ask for all day

` + protocols(r.duels) + fmt.Sprintf(`
- *Bare* is a program that does the least that the operation has to, in a program of its own too: it signs the same
  JWT, runs the same statements on the same database or writes the same bytes, those of the header included. For refresh
  it is the statements alone, in transactions of as many workers and without any request; on SQLite each with a commit
  of its own, where the server commits those together who wait for the writer, on PostgreSQL each statement with an
  answer of its own, where the server sends together what nobody waits for. It collects garbage as rarely
  as the server does, and the measuring program does so between turns.
- *A handler of these that signs* answers refreshes over HTTP: it runs the statements as the server does and signs an ID
  token. It checks nothing, so its rate beside that of the statements alone is the most that a server here can reach.
- Server and bare program take turns, %d of about %v each, with %d workers, after some calls that are not measured; at a
  steady rate %d of about %v. They do so in %d rounds, each with new processes of both, as one process may be a tenth
  faster than the next. What is told is the turn in the middle of all: of the shares, and of the tails.
  Before each line PostgreSQL does what the line before left to it (`+"`VACUUM (ANALYZE)`"+`, `+"`CHECKPOINT`"+`).
- *At half load* is the rate at which half of the processors' time is used, by whomever. Calls come steadily, again by
  turns, whatever became of those before, and p50 and p99 include the wait for a worker and for a core. *Tail* is p99
  beside p50, in brackets that of the bare program at the same rate, which is what the machine adds.
- *At half the rate* is the tail at half of Signet's highest rate. That is more than half load: a call that comes alone
  costs more than one of eight at once, as processes are woken for each, and the most part of the processors' time is
  used. So there is no target for it.

`, duels, perDuel, workers(), pacedDuels, perPacedDuel, duelRounds) + profiles + r.management() + `
## Single operations

They have Go benchmarks beside their code; ` + "`go test -run '^$' -bench . ./internal/...`" + ` runs them:

| Package | Benchmarks |
|-|-|
` + strings.Join(r.benchmarks, "\n") + "\n"
}

// dialects are the databases as people call them.
var dialects = map[db.Dialect]string{db.SQLite: "SQLite", db.Postgres: "PostgreSQL"}

// protocols returns a table of all duels.
func protocols(duels []dueled) string {
	var b strings.Builder
	b.WriteString("| | Database | Signet | Bare | Share | Target | At half load: p50, p99 | Tail | Target | At half the rate | |\n|-|-|-|-|-|-|-|-|-|-|-|\n")
	for _, d := range duels {
		wanted, tail, verdict := "", "", ""
		if d.wanted > 0 {
			wanted, tail, verdict = fmt.Sprintf("≥ %.0f %%", d.wanted), fmt.Sprintf("≤ %d", mostTail), "ok"
		}
		if d.missed() {
			verdict = "**missed**"
		}
		fmt.Fprintf(&b, "| %s | %s | %.0f/s | %.0f/s | %.0f %% | %s | %.0f/s: %s, %s | %.1f (%.1f) | %s | %.1f (%.1f) | %s |\n", d.name, dialects[d.dialect],
			d.whole.perSecond(), d.least.perSecond(), d.share(), wanted,
			d.loaded, millis(d.half.ours.quantile(0.5)), millis(d.half.ours.quantile(0.99)), d.half.ours.tail(), d.half.bare.tail(), tail,
			d.halfTheRate.ours.tail(), d.halfTheRate.bare.tail(), verdict)
	}
	return b.String()
}

// profiles say where the time goes; they are written by hand.
//
//go:embed profiles.md
var profiles string

// importing explains the figure of the import, if there is one.
func (r *report) importing() string {
	if r.many == 0 {
		return ""
	}
	return fmt.Sprintf("- *Import* is `signet user import` of %s people with bcrypt hashes and roles into an empty database.\n",
		number(int(min(imported, r.many))))
}

// management is the part of the document about the Management API.
func (r *report) management() string {
	if r.many == 0 {
		return ""
	}
	return fmt.Sprintf(`
## The Management API with %s people

Two servers, one with %s people and one with %s, are asked by turns: first by one client at a time (p50, p99), then by
%d at once (per second). *Ratio* is that of the two p50; *hits* is the `+"`Total-Number`"+` of the larger one, which stops at
10,000. Pages have %d rows. People have names, addresses, profiles and custom data that differ, many belong to %d
organizations and have roles; all of it is drawn from their numbers, so that every run has the same. PostgreSQL runs
with %s, else as it comes. A search that takes more than two seconds is refused, as is a regular expression that names no
three characters in a row and that hardly anybody matches: it is compared with everybody.

%s`, number(int(r.many)), number(fewPeople), number(int(r.many)), workers(), perPage,
		r.many.organizations(), strings.Join(postgresSettings, " and "), comparison(r.compared, r.many))
}

// comparison returns a table for each database.
func comparison(lines []compared, many crowd) string {
	var b strings.Builder
	for i, c := range lines {
		if i == 0 || lines[i-1].dialect != c.dialect {
			fmt.Fprintf(&b, "| %s | %s people | %s people | Ratio | Hits | Target | |\n|-|-|-|-|-|-|-|\n", dialects[c.dialect], number(fewPeople), number(int(many)))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %.2f | %s | %s | %s |\n", c.name, c.few, c.many, c.ratio(), c.hits(), c.target(), c.verdict())
		if i == len(lines)-1 || lines[i+1].dialect != c.dialect {
			b.WriteString("\n")
		}
	}
	return b.String()
}

func (m measured) String() string {
	return fmt.Sprintf("%s, %s, %.0f/s", millis(m.alone.quantile(0.5)), millis(m.alone.quantile(0.99)), m.rate)
}

func (c compared) hits() string {
	switch {
	case c.finds == anything:
		return ""
	case c.many.last.isCapped:
		return "> " + number(c.many.last.total)
	}
	return number(c.many.last.total)
}

func (c compared) verdict() string {
	switch {
	case c.many.last.isRefused:
		return "**refused**: too broad"
	case c.missed():
		return "**missed**"
	}
	return "ok"
}

func (c compared) target() string {
	if c.isSteady {
		return fmt.Sprintf("ratio ≤ %g", mostRatio)
	}
	limit := c.limit(c.dialect)
	if limit < time.Second {
		return fmt.Sprintf("p99 ≤ %d ms", limit.Milliseconds())
	}
	return fmt.Sprintf("p99 ≤ %g s", limit.Seconds())
}

// number writes a number with commas.
func number(n int) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
