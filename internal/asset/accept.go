package asset

import (
	"context"
	"errors"
	"path"

	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
)

// Accept stores an uploaded file in the tenant of h. It is refused with
// ErrTypeNotAllowed, an error of the file, ErrNotConfigured, ErrFull or
// ErrUpload, and then nothing is left of it.
func (d *Disk) Accept(ctx context.Context, h *db.DB, up Upload) (*Asset, error) {
	if d == nil {
		return nil, ErrNotConfigured
	}
	if up.Pending {
		if err := hasRoom(ctx, h, up.Kind); err != nil {
			return nil, err
		}
	}
	draft, err := d.receive(up.File)
	if err != nil {
		return nil, err
	}
	defer draft.discard()
	is, kept, err := up.Kind.judge(up.File.ContentType, draft.File, draft.size)
	if err != nil {
		return nil, err
	}
	if err := draft.cut(kept); err != nil {
		return nil, err
	}
	id, now := ids.Long(), d.clock.Millis()
	until := now + Retention.Milliseconds()
	a := &Asset{
		ID: id, Path: pathOf(id + "." + is.extension), Kind: up.Kind, ContentType: is.contentType,
		Size: draft.size, ContentHash: draft.hash, PendingUntil: &until, CreatedAt: now,
	}
	if up.OwnerID != "" {
		a.OwnerUserID = &up.OwnerID
	}
	// The row comes first: a file without one would never be found again.
	if err := insert(ctx, h, a); err != nil {
		return nil, err
	}
	if err := draft.place(path.Join(h.TenantID(), a.Path)); err != nil {
		return nil, errors.Join(err, Drop(ctx, h, a.ID))
	}
	if up.Pending {
		return a, nil
	}
	return a, h.Tx(ctx, func(tx *db.Tx) error { return settle(ctx, tx, a, up.InUse) })
}

// seen returns an error that clients may see, or ErrUpload for any other one.
func seen(err error) error {
	if _, ok := errs.As(err); ok {
		return err
	}
	return ErrUpload.Wrap(err)
}
