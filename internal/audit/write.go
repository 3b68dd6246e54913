package audit

import (
	"context"
	"errors"
	"time"

	"signet/internal/platform/db"
)

const (
	// batchSize is reached while the database is slow. Else what one statement stores
	// is a batch: a longer one has whoever needs a processor, or SQLite's writer, wait
	// for several milliseconds.
	batchSize = 96
	// gather is how long the first entry of a batch waits for others, so that not
	// every request has its commit.
	gather = 100 * time.Millisecond
	// storeTime bounds one attempt to store a batch.
	storeTime = 10 * time.Second
	// longestRest is the longest that a database which is away is left alone: for so
	// long requests may be refused although it has come back.
	longestRest = 2 * time.Second
	// lastWhile is for how long Close tries without success.
	lastWhile = 5 * time.Second
)

func (t *Trail) run() {
	for {
		select {
		case r := <-t.queue:
			t.write(t.batch(r))
		case <-t.stop:
			for len(t.queue) > 0 {
				t.write(t.batch(<-t.queue))
			}
			return
		}
	}
}

// batch gathers what comes soon after first, and what is queued by then. A mark, and
// the end, wait no more.
func (t *Trail) batch(first row) []row {
	rows := []row{first}
	enough := time.NewTimer(gather)
	defer enough.Stop()
	for isWaiting := true; isWaiting && len(rows) < perInsert && rows[len(rows)-1].reached == nil; {
		select {
		case r := <-t.queue:
			rows = append(rows, r)
		case <-enough.C:
			return rows
		case <-t.stop:
			isWaiting = false
		}
	}
	for len(rows) < batchSize && len(t.queue) > 0 {
		rows = append(rows, <-t.queue)
	}
	return rows
}

// write stores rows, but for those that the database refuses.
func (t *Trail) write(rows []row) {
	byTenant := map[string][]row{}
	for _, r := range rows {
		if r.reached != nil {
			defer close(r.reached)
			continue
		}
		byTenant[r.tenantID] = append(byTenant[r.tenantID], r)
	}
	for tenantID, group := range byTenant {
		t.keep(t.pool.For(tenantID), group)
	}
}

// keep stores the rows of a tenant, together or, if the database refuses them, in
// halves, so that one which it can never store takes no other with it.
func (t *Trail) keep(d *db.DB, rows []row) {
	err := t.persist(d, rows)
	switch {
	case err == nil:
	case len(rows) == 1 || t.life.Err() != nil:
		t.lose(rows, err)
	default:
		half := len(rows) / 2
		t.keep(d, rows[:half])
		t.keep(d, rows[half:])
	}
}

// persist stores rows and waits for a database that is away, with growing patience and
// for as long as it takes, while requests go on until the queue is full. An error is
// what the database has against them, or the end of the trail.
func (t *Trail) persist(d *db.DB, rows []row) error {
	for rest := 50 * time.Millisecond; ; rest = min(2*rest, t.longest) {
		ctx, cancel := context.WithTimeout(t.life, storeTime)
		err := t.store(ctx, d, rows)
		isAway := errors.Is(err, db.ErrUnavailable) || ctx.Err() != nil
		cancel()
		if err == nil {
			t.goOn()
		}
		if err == nil || !isAway || t.life.Err() != nil {
			return err
		}
		t.log.Error("cannot write the audit trail", "entries", len(rows), "error", err)
		select {
		case <-time.After(rest):
		case <-t.life.Done():
			return err
		}
	}
}

// goOn gives a trail that is closing more time, as the database takes what is left.
func (t *Trail) goOn() {
	select {
	case <-t.stop:
		t.ending.Reset(t.lastWhile)
	default:
	}
}

// lose says which entries will never be stored. Their data may be personal and stay out
// of the log; it knows more of each request by its id.
func (t *Trail) lose(rows []row, err error) {
	t.log.Error("audit entries are lost", "entries", len(rows), "error", err)
	for _, r := range rows {
		t.log.Error("audit entry lost", "tenant_id", r.tenantID, "key", r.entry.Key, "request_id", r.requestID,
			"at", time.UnixMilli(r.createdAt).UTC(), "id", r.id)
	}
}

// store writes the rows of a tenant and what follows from them.
func (t *Trail) store(ctx context.Context, d *db.DB, rows []row) error {
	var committed []func()
	batch := make([]Happened, len(rows))
	for i, r := range rows {
		batch[i] = Happened{r.entry, r.createdAt}
	}
	err := d.Tx(ctx, func(tx *db.Tx) error {
		committed = nil
		if err := insert(ctx, tx, rows); err != nil {
			return err
		}
		for _, follow := range t.followers {
			done, err := follow(ctx, tx, batch)
			if err != nil {
				return err
			}
			committed = append(committed, done)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, done := range committed {
		done()
	}
	return nil
}
