package asset

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"signet/internal/platform/db"
)

const columns = `id, path, kind, content_type, size, content_hash, owner_user_id, pending_until, created_at`

func insert(ctx context.Context, q db.Q, a *Asset) error {
	_, err := q.Exec(ctx, `INSERT INTO assets (tenant_id, `+columns+`, storage)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'disk')`,
		a.ID, a.Path, a.Kind, a.ContentType, a.Size, a.ContentHash, a.OwnerUserID, a.PendingUntil, a.CreatedAt)
	return err
}

// hasRoom returns ErrFull if nothing more of a kind may wait for its owner.
func hasRoom(ctx context.Context, q db.Q, kind Kind) error {
	n, err := db.One[int64](ctx, q, `SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM assets
		WHERE tenant_id = $1 AND kind = $2 AND pending_until IS NOT NULL AND owner_user_id IS NULL`, kind)
	if err == nil && n >= MaxPending {
		return ErrFull
	}
	return err
}

// fileName is what Accept calls files, bundleID what AcceptBundle calls user
// interfaces.
var (
	fileName = regexp.MustCompile(`^[0-9a-z]{21}\.[a-z]{3,4}$`)
	bundleID = regexp.MustCompile(`^[0-9a-z]{8}$`)
)

// pathOf spreads files over directories.
func pathOf(name string) string { return name[:2] + "/" + name }

// ByName returns the asset whose URL ends with a name, or ErrNotFound.
func ByName(ctx context.Context, q db.Q, now int64, name string) (*Asset, error) {
	if !fileName.MatchString(name) {
		return nil, ErrNotFound
	}
	a, err := db.One[Asset](ctx, q, `SELECT `+columns+` FROM assets
		WHERE tenant_id = $1 AND path = $2 AND (pending_until IS NULL OR pending_until > $3)`, pathOf(name), now)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrNotFound
	}
	return &a, err
}

// Keep gives a pending asset to its owner, for good. One that has gone, or was
// kept before, is left alone.
func Keep(ctx context.Context, tx *db.Tx, now int64, id, ownerID string) error {
	_, err := tx.Exec(ctx, `UPDATE assets SET pending_until = NULL, owner_user_id = $3
		WHERE tenant_id = $1 AND id = $2 AND pending_until > $4`, id, ownerID, now)
	return err
}

// Choose makes a user interface stay, or returns ErrNotFound. The one that was
// chosen before, "" for none, goes after Retention: it may be wanted back.
func Choose(ctx context.Context, tx *db.Tx, now int64, id, previous string) error {
	if id == previous {
		return nil
	}
	if id != "" {
		n, err := tx.Exec(ctx, `UPDATE assets SET pending_until = NULL
			WHERE tenant_id = $1 AND id = $2 AND kind = $3 AND (pending_until IS NULL OR pending_until > $4)`, id, CustomUI, now)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNotFound
		}
	}
	_, err := tx.Exec(ctx, `UPDATE assets SET pending_until = $4 WHERE tenant_id = $1 AND id = $2 AND kind = $3`,
		previous, CustomUI, now+Retention.Milliseconds())
	return err
}

// Drop lets an asset go at the next purge.
func Drop(ctx context.Context, q db.Q, id string) error {
	_, err := q.Exec(ctx, `UPDATE assets SET pending_until = 0 WHERE tenant_id = $1 AND id = $2`, id)
	return err
}

// DropOf lets the pictures of a user go.
func DropOf(ctx context.Context, tx *db.Tx, ownerID string) error {
	_, err := tx.Exec(ctx, `UPDATE assets SET pending_until = 0 WHERE tenant_id = $1 AND owner_user_id = $2`, ownerID)
	return err
}

// DropAt lets the picture of a user go that a URL shows, if it is one of ours.
func DropAt(ctx context.Context, tx *db.Tx, ownerID, url string) error {
	_, name, ok := strings.Cut(url, URLPath)
	if !ok || !fileName.MatchString(name) {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE assets SET pending_until = 0 WHERE tenant_id = $1 AND path = $2 AND owner_user_id = $3`,
		pathOf(name), ownerID)
	return err
}

// settle makes an asset stay, and of its owner's older ones those that are
// within the limit or in use.
func settle(ctx context.Context, tx *db.Tx, a *Asset, inUse string) error {
	a.PendingUntil = nil
	if _, err := tx.Exec(ctx, `UPDATE assets SET pending_until = NULL WHERE tenant_id = $1 AND id = $2`, a.ID); err != nil {
		return err
	}
	if a.OwnerUserID == nil {
		return nil
	}
	all, err := db.All[Asset](ctx, tx, `SELECT `+columns+` FROM assets
		WHERE tenant_id = $1 AND owner_user_id = $2 AND pending_until IS NULL AND id <> $3
		ORDER BY created_at DESC, id`, *a.OwnerUserID, a.ID)
	if err != nil || len(all) < AvatarsKept {
		return err
	}
	for i := range all[AvatarsKept-1:] {
		old := &all[AvatarsKept-1+i]
		if old.isAt(inUse) {
			continue
		}
		if err := Drop(ctx, tx, old.ID); err != nil {
			return err
		}
	}
	return nil
}
