package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"

	"signet/internal/oidc/proto"
	"signet/internal/platform/bounded"
	"signet/internal/platform/clock"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/sentinel"
)

const (
	// maxDocument bounds a document, in bytes.
	maxDocument = 5 << 10
	// How long a fetched document is used: as long as its Cache-Control says,
	// within these bounds.
	minDocumentLife   = time.Minute
	usualDocumentLife = time.Hour
	maxDocumentLife   = 24 * time.Hour
	// documentPause is how long an address that has no good document is left alone.
	documentPause = 30 * time.Second
	// documentGrace is how much longer a document is used whose place does not answer,
	// but never past maxDocumentLife: an outage there is no reason to sign people out.
	documentGrace = time.Hour
	// maxDocumentFetches is how many are fetched at once: anybody can name an
	// address.
	maxDocumentFetches = 8
	// documentPatience is how long a fetch may take, waiting for others included.
	documentPatience = 15 * time.Second
	// oldDocumentPatience is how long a fetch is waited for while there is an old
	// document that will do. It goes on all the same.
	oldDocumentPatience = 2 * time.Second
)

// documents are the documents of clients, as they were fetched last. All nodes
// share them.
type documents struct {
	outbound *http.Client
	clock    clock.Clock
	limiter  *sentinel.Limiter
	flight   singleflight.Group
	slots    chan struct{}
	// failed are addresses that are left alone, with the time until then and why.
	failed *bounded.Map[string, failure]
}

type failure struct {
	until int64
	err   error
}

// wanted is a document that has to be fetched.
type wanted struct {
	id       string
	now      int64 // milliseconds since 1970
	patience time.Duration
	good     func([]byte) error
}

func newDocuments(o Options) *documents {
	return &documents{
		outbound: o.Outbound, clock: o.Clock, limiter: o.Limiter, slots: make(chan struct{}, maxDocumentFetches),
		failed: bounded.New[string, failure](4096),
	}
}

// errBusy: too many documents are fetched at once, or this one takes too long.
var errBusy = errs.New(http.StatusServiceUnavailable, "request.unavailable")

// errNoDocument: there is no client at the address.
var errNoDocument = proto.ErrInvalidClient.Describe("the client_id is not the address of a client metadata document")

// get returns the document at an address, which good accepts: the stored one as
// long as it lives, then what is there now, and the stored one again while nobody
// can tell. In a transaction nothing is fetched, and a stored one is good however
// old: whoever began had a fresh one.
func (d *documents) get(ctx context.Context, q db.Q, id string, good func([]byte) error) ([]byte, error) {
	stored, err := storedDocument(ctx, q, id)
	if err != nil {
		return nil, err
	}
	_, inTransaction := q.(*db.Tx)
	now := d.clock.Millis()
	switch {
	case stored != nil && (inTransaction || stored.ExpiresAt > now):
		return stored.Document.V, nil
	case inTransaction:
		return nil, errNoDocument
	}
	want := wanted{id: id, now: now, patience: documentPatience, good: good}
	if !stored.isGoodEnough(now) {
		return d.current(ctx, q, want)
	}
	want.patience = oldDocumentPatience
	body, err := d.current(ctx, q, want)
	if err != nil && isUnknown(err) {
		return stored.Document.V, nil
	}
	return body, err
}

// current returns what is at an address now.
func (d *documents) current(ctx context.Context, q db.Q, want wanted) ([]byte, error) {
	key := q.TenantID() + " " + want.id
	if f, ok := d.failed.Get(key); ok && want.now < f.until {
		return nil, f.err
	}
	if err := d.limiter.AllowAddress(ctx, q, d.clock, "client-document", web.Info(ctx).IP, sentinel.ClientDocument); err != nil {
		return nil, err
	}
	return d.renew(ctx, q, key, want)
}

// isUnknown reports whether an error leaves open what is at an address.
func isUnknown(err error) bool {
	_, isAway := errors.AsType[away](err)
	return isAway || errors.Is(err, errBusy) || errors.Is(err, sentinel.ErrRateLimited)
}

// renew fetches a document, once for all who ask for it at the same time, and stores
// it. Whoever is out of patience leaves that to the others, or to nobody.
func (d *documents) renew(ctx context.Context, q db.Q, key string, want wanted) ([]byte, error) {
	renewed := d.flight.DoChan(key, func() (found any, err error) {
		// Nobody else would catch it in a goroutine of its own.
		defer func() {
			if reason := recover(); reason != nil {
				err = fmt.Errorf("client: panic: %v", reason)
			}
		}()
		// Others wait for the same answer: it must not end with one request.
		return d.fetchAndStore(context.WithoutCancel(ctx), q, key, want)
	})
	select {
	case r := <-renewed:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.([]byte), nil
	case <-time.After(want.patience):
		return nil, errBusy
	}
}

func (d *documents) fetchAndStore(ctx context.Context, q db.Q, key string, want wanted) ([]byte, error) {
	body, life, err := d.fetchInTurn(ctx, want.id)
	if errors.Is(err, errBusy) {
		return nil, err
	}
	if err == nil {
		err = want.good(body)
	}
	if err != nil {
		d.failed.Set(key, failure{want.now + documentPause.Milliseconds(), err})
		return nil, err
	}
	return body, storeDocument(ctx, q, want.id, body, want.now, want.now+life.Milliseconds())
}

// fetchInTurn fetches a document as soon as not too many others are fetched.
func (d *documents) fetchInTurn(ctx context.Context, id string) ([]byte, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, documentPatience)
	defer cancel()
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
		return d.fetch(ctx, id)
	case <-ctx.Done():
		return nil, 0, errBusy
	}
}

// fetch returns what is published at an address, and for how long it is good.
func (d *documents) fetch(ctx context.Context, id string) ([]byte, time.Duration, error) {
	body, header, err := get(ctx, d.outbound, id, maxDocument)
	if err != nil {
		return nil, 0, errNoDocument.Wrap(err)
	}
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || (kind != "application/json" && (!strings.HasPrefix(kind, "application/") || !strings.HasSuffix(kind, "+json"))) || !json.Valid(body) {
		return nil, 0, errNoDocument.Wrap(errors.New("client: what is there is no JSON"))
	}
	return body, documentLife(header.Get("Cache-Control")), nil
}

// documentLife reads a Cache-Control header (RFC 9111 section 5.2.2).
func documentLife(control string) time.Duration {
	life := usualDocumentLife
	for directive := range strings.SplitSeq(strings.ToLower(control), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch name {
		case "no-store", "no-cache":
			return minDocumentLife
		case "max-age":
			seconds, err := strconv.ParseInt(strings.Trim(value, `"`), 10, 32)
			if err != nil {
				return minDocumentLife
			}
			life = time.Duration(seconds) * time.Second
		}
	}
	return min(max(life, minDocumentLife), maxDocumentLife)
}

type documentRow struct {
	Document  db.JSON[json.RawMessage] `db:"document"`
	FetchedAt int64                    `db:"fetched_at"`
	ExpiresAt int64                    `db:"expires_at"`
}

// isGoodEnough reports whether a document that has expired may be used where nobody
// can tell what is at its address. There may be none.
func (r *documentRow) isGoodEnough(now int64) bool {
	return r != nil && now < min(r.ExpiresAt+documentGrace.Milliseconds(), r.FetchedAt+maxDocumentLife.Milliseconds())
}

// storedDocument returns what was fetched last from an address; nil if nothing is
// known.
func storedDocument(ctx context.Context, q db.Q, id string) (*documentRow, error) {
	row, err := db.One[documentRow](ctx, q, `SELECT document, fetched_at, expires_at FROM cimd_clients
		WHERE tenant_id = $1 AND client_id_hash = $2`, crypt.Hash(id))
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	return &row, err
}

func storeDocument(ctx context.Context, q db.Q, id string, body []byte, now, until int64) error {
	_, err := q.Exec(ctx, `INSERT INTO cimd_clients (tenant_id, client_id_hash, client_id, document, fetched_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, client_id_hash) DO UPDATE SET
			document = excluded.document, fetched_at = excluded.fetched_at, expires_at = excluded.expires_at`,
		crypt.Hash(id), id, db.JSON[json.RawMessage]{V: body}, now, until)
	return err
}
