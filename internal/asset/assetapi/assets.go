package assetapi

import (
	"context"
	"encoding/base64"
	"net/http"
	"time"

	"signet/internal/asset"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

// statusOut says what can be uploaded, and no more than the status if nothing
// can.
type statusOut struct {
	Status                          string   `json:"status" example:"ready"`
	AllowUploadMimeTypes            []string `json:"allowUploadMimeTypes,omitempty" example:"[\"image/png\"]"`
	MaxUploadFileSize               int64    `json:"maxUploadFileSize,omitempty" example:"20971520"`
	IsExperienceAvatarUploadEnabled bool     `json:"isExperienceAvatarUploadEnabled,omitempty" example:"true"`
}

func (a *API) status(context.Context, *struct{}) (*statusOut, error) {
	if !a.Disk.Ready() {
		return &statusOut{Status: "not_configured"}, nil
	}
	return &statusOut{
		Status: "ready", AllowUploadMimeTypes: asset.ContentTypes, MaxUploadFileSize: web.MaxFile,
		IsExperienceAvatarUploadEnabled: true,
	}, nil
}

type uploadIn struct {
	File *web.File `file:"file"`
}

type uploadOut struct {
	URL string `json:"url" example:"https://auth.example.com/user-assets/k3v9x2m8q1z7r5t0w4y6b.png"`
}

func (a *API) upload(ctx context.Context, in *uploadIn) (*uploadOut, error) {
	t := tenant.From(ctx)
	stored, err := a.Disk.Accept(ctx, t.DB, asset.Upload{Kind: asset.File, File: in.File})
	if err != nil {
		return nil, err
	}
	return &uploadOut{t.URL(stored.URL())}, nil
}

// serve answers with a file, of which nothing may run: not in a page that embeds
// it, not when somebody opens it. The name never comes to mean another file, so
// browsers may keep it.
func (a *API) serve(w http.ResponseWriter, r *http.Request) error {
	t := tenant.From(r.Context())
	stored, err := asset.ByName(r.Context(), t.DB, a.Clock.Millis(), r.PathValue("name"))
	if err != nil {
		return err
	}
	file, err := a.Disk.Content(t.ID, stored)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	h := w.Header()
	h.Set("Content-Type", stored.ContentType)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	if !stored.Inline() {
		h.Set("Content-Disposition", "attachment")
	}
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("ETag", `"`+base64.RawURLEncoding.EncodeToString(stored.ContentHash[:16])+`"`)
	http.ServeContent(w, r, "", time.Time{}, file)
	return nil
}
