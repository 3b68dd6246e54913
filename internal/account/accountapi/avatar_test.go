package accountapi_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"signet/internal/asset"
	"signet/internal/platform/db"
	"signet/internal/user"
)

// avatar is an upload of the least that counts as a picture.
const avatar = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nGIF89a;\r\n--x--\r\n"

// upload sends a picture that claims to be of a type.
func (p *person) upload(contentType, content string) answer {
	p.t.Helper()
	body := strings.Replace(avatar, "GIF89a;", content, 1)
	return p.call("POST", "/api/my-account/user-assets/avatar", strings.Replace(body, "\r\n\r\n", "\r\nContent-Type: "+contentType+"\r\n\r\n", 1))
}

func TestAvatar_IsUploadedAndThenChosen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		url := ann.upload("application/octet-stream", "GIF89a;").want(t, 200, "").str("url")
		if !strings.HasPrefix(url, origin+asset.URLPath) || !strings.HasSuffix(url, ".gif") {
			t.Fatalf("url %q", url)
		}
		if got := ann.call("GET", "/api/my-account", nil); got.json("avatar") != nil || len(w.events()) > 0 {
			t.Errorf("the upload changed the account: %s", got.text)
		}
		if got := ann.call("PATCH", "/api/my-account", map[string]string{"avatar": url}).want(t, 200, ""); got.str("avatar") != url {
			t.Errorf("avatar %s", got.text)
		}
		owned := func() int {
			n, err := db.One[int](t.Context(), w.db, `SELECT count(*) FROM assets
				WHERE tenant_id = $1 AND kind = 'avatar' AND owner_user_id = $2 AND pending_until IS NULL`, ann.id)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := owned(); n != 1 {
			t.Errorf("%d pictures", n)
		}
		// Pictures go with their owner.
		w.tx(func(ctx context.Context, tx *db.Tx) error { return user.Delete(ctx, tx, ann.id) })
		if n := owned(); n != 0 {
			t.Errorf("%d pictures of nobody", n)
		}
	})
}

// Only pictures of pixels, from the first byte to the last: browsers show them
// in every application.
func TestAvatar_RefusesWhatIsNoPicture(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann := w.person("ann")
		before := ann.state()
		for name, content := range map[string]string{
			"an SVG":                     `<svg xmlns="http://www.w3.org/2000/svg"/>`,
			"an archive":                 "PK\x03\x04",
			"a page":                     "<script>",
			"an icon":                    "\x00\x00\x01\x00\x01\x00",
			"a picture cut off":          "GIF89a",
			"a picture with a tail":      "GIF89a;<script>",
			"a JPEG with a tail":         "\xff\xd8\xff\xe0\xff\xd9PK",
			"a WebP of another length":   "RIFF\x0e\x00\x00\x00WEBPVP8L\x02\x00\x00\x00\x00\x00\x00",
			"a bitmap of another length": "BM\x1f" + strings.Repeat("\x00", 11) + "\x0c" + strings.Repeat("\x00", 15),
			"nothing":                    "",
		} {
			got := ann.upload("image/gif", content)
			if got.status != 400 || got.str("code") != "guard.mime_type_not_allowed" {
				t.Errorf("%s: %d %s", name, got.status, got.text)
			}
		}
		ann.unchanged(before)
	})
}

// One person cannot fill the disk, nor keep it busy.
func TestAvatar_UploadsAreLimited(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ann, ben := w.person("ann"), w.person("ben")
		for range 10 {
			ann.upload("image/gif", "GIF89a;").want(t, 200, "")
		}
		ann.upload("image/gif", "GIF89a;").want(t, http.StatusTooManyRequests, "request.rate_limited")
		ben.upload("image/gif", "GIF89a;").want(t, 200, "")
	})
}
