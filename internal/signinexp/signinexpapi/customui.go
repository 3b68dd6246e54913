package signinexpapi

import (
	"context"
	"errors"

	"signet/internal/asset"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/web"
	"signet/internal/signinexp"
	"signet/internal/tenant"
)

var (
	errAdminTenant = errs.New(400, "guard.not_allowed_for_admin_tenant")
	// errSharedOrigin: what an interface of users does there, it could do to
	// operators.
	errSharedOrigin = errs.New(400, "sign_in_experiences.custom_ui_needs_admin_endpoint")
)

type uploadUIIn struct {
	File *web.File `file:"file"`
}

type uploadUIOut struct {
	CustomUIAssetID string `json:"customUiAssetId" example:"k3v9x2m8"`
}

func (a *API) uploadUI(ctx context.Context, in *uploadUIIn) (*uploadUIOut, error) {
	t := tenant.From(ctx)
	switch {
	case t.ID == tenant.Admin:
		return nil, errAdminTenant
	case !a.Apart:
		return nil, errSharedOrigin
	}
	stored, err := a.Disk.AcceptBundle(ctx, t.DB, in.File)
	if err != nil {
		return nil, err
	}
	return &uploadUIOut{stored.ID}, nil
}

// chooseUI makes the chosen interface stay, and lets the one before it go.
func chooseUI(ctx context.Context, tx *db.Tx, now int64, chosen, previous *signinexp.CustomUIAssets) error {
	id := func(ui *signinexp.CustomUIAssets) string {
		if ui == nil {
			return ""
		}
		return ui.ID
	}
	err := asset.Choose(ctx, tx, now, id(chosen), id(previous))
	if errors.Is(err, asset.ErrNotFound) {
		return web.Invalid("customUiAssets", "There is no user interface of that id")
	}
	return err
}
