package db

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	// mostMembers is how many transactions are committed together at most.
	mostMembers = 32
	// groupAge is after what time nobody joins a group any more, whose first member
	// waits all along.
	groupAge = 4 * time.Millisecond
)

// errUndone means that a transaction was rolled back for a fault that was not its own.
var errUndone = errors.New("db: rolled back with the transactions that it would have been committed with")

// group is a transaction of SQLite that callers share who came while others wrote:
// one commit, which waits for the disk, serves them all. They run one after the
// other, each in a savepoint of its own, and nobody is told of success before all of
// it is on disk. PostgreSQL commits together by itself.
type group struct {
	conn    *sql.Conn
	begun   time.Time
	members int   // transactions that have succeeded so far
	spoilt  error // why nothing of it may be committed

	settled chan struct{} // closed once the group has ended
	err     error         // how, for its members; read after settled
}

// together runs fn as a member of a group, a new one or that of others.
func (p *Pool) together(ctx context.Context, w *work, fn func(*work) error) (err error) {
	g, err := p.line.enter(ctx, 2*p.options.LockWait)
	if err != nil {
		return err
	}
	if g == nil {
		if g, err = p.beginGroup(ctx); err != nil {
			p.line.leave()
			return err
		}
	}
	isMember := false
	defer func() { // after a panic of fn too: others' work must not be lost
		settled := p.leave(g)
		if isMember {
			err = settled
		}
	}()
	err = g.run(ctx, w, fn)
	isMember = err == nil
	return err
}

// beginGroup takes the write lock for a group without members.
func (p *Pool) beginGroup(ctx context.Context) (*group, error) {
	conn, err := p.take(ctx, p.writer)
	if err != nil {
		return nil, err
	}
	g := &group{conn: conn, begun: time.Now(), settled: make(chan struct{})}
	if err := g.exec("BEGIN IMMEDIATE"); err != nil {
		p.giveBack(conn, p.writer, err)
		return nil, err
	}
	return g, nil
}

func (g *group) exec(statement string) error {
	_, err := g.conn.ExecContext(context.Background(), statement)
	return err
}

// run runs fn. Unless it returns nil, nothing of fn is left in the group; where that
// cannot be had, the group is spoilt.
func (g *group) run(ctx context.Context, w *work, fn func(*work) error) (err error) {
	isFirst := g.members == 0 // who is alone needs no savepoint
	if err := ctx.Err(); err != nil {
		return err
	}
	if !isFirst {
		if err := g.exec("SAVEPOINT member"); err != nil {
			g.spoilt = err
			return err
		}
	}
	finished := false
	defer func() {
		if !finished {
			g.undo(isFirst, err)
		}
	}()
	w.tx = onConn{g.conn}
	if err := fn(w); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil { // the caller must be there for the commit
		return err
	}
	if !isFirst {
		if err := g.exec("RELEASE member"); err != nil {
			return err
		}
	}
	g.members++
	finished = true
	return nil
}

// undo takes back what a member did that failed with err; nil if it panicked. After
// some errors SQLite has rolled back everything (sqlite.org/lang_transaction.html).
func (g *group) undo(isFirst bool, err error) {
	switch class := classOf(err); {
	case class == busy, class == lost, class == unavailable:
		g.spoilt = err
	case !isFirst:
		g.spoilt = errors.Join(g.exec("ROLLBACK TO member"), g.exec("RELEASE member"))
	}
}

// leave hands the group on to the next caller in line or ends it, and returns what
// became of it.
func (p *Pool) leave(g *group) error {
	if p.line.handOn(g) {
		<-g.settled
		return g.err
	}
	err := g.end()
	if g.err == nil {
		p.committed(g.members)
	}
	p.giveBack(g.conn, p.writer, err)
	p.line.leave()
	close(g.settled)
	return g.err
}

// end commits or rolls back, and returns the error for which the connection may be
// of no use any more.
func (g *group) end() error {
	if g.members > 0 && g.spoilt == nil {
		err := g.exec("COMMIT")
		if err == nil {
			return nil
		}
		g.err = &commitError{err}
		_ = g.exec("ROLLBACK") // unless SQLite has
		return g.err
	}
	g.err = errUndone
	if err := g.exec("ROLLBACK"); err != nil && g.spoilt == nil {
		return &commitError{err}
	}
	return g.spoilt
}

// line is who waits for SQLite's writer, in the order in which they came.
type line struct {
	mu      sync.Mutex
	isTaken bool
	waiting []chan *group

	age time.Duration // groupAge
}

// enter waits for the caller's turn and returns the group to join; nil means to begin
// one. Then follows leave or handOn.
func (l *line) enter(ctx context.Context, patience time.Duration) (*group, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	if !l.isTaken {
		l.isTaken = true
		l.mu.Unlock()
		return nil, nil
	}
	turn := make(chan *group, 1)
	l.waiting = append(l.waiting, turn)
	l.mu.Unlock()
	impatient := time.NewTimer(patience)
	defer impatient.Stop()
	var err error
	select {
	case g := <-turn:
		return g, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-impatient.C:
		err = ErrUnavailable.Wrap(errors.New("db: others are writing"))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if at := slices.Index(l.waiting, turn); at >= 0 {
		l.waiting = slices.Delete(l.waiting, at, at+1)
		return nil, err
	}
	return <-turn, nil // the turn came in the same moment, and others rely on it
}

// handOn gives the turn and the group to the next in line, if somebody is there and
// may join.
func (l *line) handOn(g *group) bool {
	if g.spoilt != nil || g.members == 0 || g.members >= mostMembers || time.Since(g.begun) > l.age {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pass(g)
}

// leave gives the turn to the next in line, to begin a group.
func (l *line) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isTaken = l.pass(nil)
}

// pass gives the turn to the next in line and reports whether there is one.
func (l *line) pass(g *group) bool {
	if len(l.waiting) == 0 {
		return false
	}
	l.waiting[0] <- g
	l.waiting = slices.Delete(l.waiting, 0, 1)
	return true
}
