package assetapi_test

import (
	"bytes"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"signet/internal/apptest"
	"signet/internal/asset"
	"signet/internal/platform/web"
	"signet/internal/tenant"
)

const path = "/api/user-assets"

func upload(o *apptest.Operator, t *testing.T, contentType, content string) *apptest.Answer {
	t.Helper()
	return o.Do("POST", path, apptest.Upload(t, contentType, content))
}

func encoded(t *testing.T, encode func(*bytes.Buffer, image.Image) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func pngOf(t *testing.T) string {
	return encoded(t, func(b *bytes.Buffer, m image.Image) error { return png.Encode(b, m) })
}

const svg = `<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"><style>.a{fill:red}</style>
<a href="https://example.com"><use xlink:href="#b"/></a><image href="data:image/png;base64,AAAA"/><animate attributeName="r"/></svg>`

func TestUpload_IsServedAsWhatItIs(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o := app.Operator(t)
		pictures := map[string]string{
			"image/png":  pngOf(t),
			"image/jpeg": encoded(t, func(b *bytes.Buffer, m image.Image) error { return jpeg.Encode(b, m, nil) }),
			"image/gif":  encoded(t, func(b *bytes.Buffer, m image.Image) error { return gif.Encode(b, m, nil) }),
			"image/webp": "RIFF\x0e\x00\x00\x00WEBPVP8L\x02\x00\x00\x00\x00\x00", "image/bmp": "BM\x1e\x00\x00\x00\x00\x00\x00\x00\x1a\x00\x00\x00\x0c\x00\x00\x00\x01\x00\x01\x00\x01\x00\x18\x00\x00\x00\x00\x00",
			"image/x-icon": "\x00\x00\x01\x00\x01\x00rest", "image/vnd.microsoft.icon": "\x00\x00\x01\x00\x01\x00rest",
			"image/tiff": "II*\x00rest", "image/svg+xml": svg, "application/zip": "PK\x03\x04rest",
		}
		for _, contentType := range asset.ContentTypes {
			content := pictures[contentType]
			a := upload(o, t, contentType, content)
			location := a.String("url")
			if a.StatusCode != 200 || !regexp.MustCompile(`^`+app.URL+`/user-assets/[0-9a-z]{21}\.[a-z]{3,4}$`).MatchString(location) {
				t.Errorf("%s: %d %s", contentType, a.StatusCode, a.Text)
				continue
			}
			got := apptest.Do(t, app.Client(t), "GET", location, "")
			if got.StatusCode != 200 || got.Text != content {
				t.Errorf("%s: %d %.100q", contentType, got.StatusCode, got.Text)
			}
			want := strings.Replace(contentType, "x-icon", "vnd.microsoft.icon", 1)
			for name, value := range map[string]string{
				"Content-Type": want, "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox",
				"Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "public, max-age=31536000, immutable",
			} {
				if got.Header.Get(name) != value {
					t.Errorf("%s: %s is %q", contentType, name, got.Header.Get(name))
				}
			}
			active := map[string]bool{"image/svg+xml": true, "application/zip": true, "image/tiff": true}[contentType]
			if (got.Header.Get("Content-Disposition") == "attachment") != active {
				t.Errorf("%s: disposition %q", contentType, got.Header.Get("Content-Disposition"))
			}
		}
		if n := len(app.Files(t)); n != len(asset.ContentTypes) {
			t.Errorf("%d files: %v", n, app.Files(t))
		}
	})
}

func TestUpload_ServesPartsAndRevalidates(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	location := upload(app.Operator(t), t, "image/svg+xml", svg).String("url")
	whole := apptest.Do(t, app.Client(t), "GET", location, "", "Accept-Encoding", "identity")
	if a := apptest.Do(t, app.Client(t), "GET", location, "", "If-None-Match", whole.Header.Get("ETag")); a.StatusCode != 304 {
		t.Errorf("unchanged: %d", a.StatusCode)
	}
	if a := apptest.Do(t, app.Client(t), "HEAD", location, ""); a.StatusCode != 200 || a.Text != "" {
		t.Errorf("HEAD: %d %s", a.StatusCode, a.Text)
	}
	part := apptest.Do(t, app.Client(t), "GET", location, "", "Range", "bytes=2-4", "Accept-Encoding", "gzip")
	if part.StatusCode != 206 || part.Text != svg[2:5] || part.Header.Get("Content-Encoding") != "" {
		t.Errorf("part: %d %v %q", part.StatusCode, part.Header, part.Text)
	}
	if a := apptest.Do(t, app.Client(t), "GET", location, "", "Range", "bytes=99999-"); a.StatusCode != 416 {
		t.Errorf("beyond the end: %d", a.StatusCode)
	}
	if a := apptest.Do(t, app.Client(t), "POST", location, "x=y"); a.StatusCode != 405 {
		t.Errorf("POST: %d", a.StatusCode)
	}
}

// Attack 55: what could act in a browser is not taken, or taken for nothing but
// bytes.
func TestUpload_Refuses(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		o, picture := app.Operator(t), pngOf(t)
		before := app.Snapshot(t)
		inSVG := func(inside string) string {
			return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink">` + inside + `</svg>`
		}
		for name, c := range map[string]struct{ contentType, content string }{
			"a page":                    {"text/html", "<script>alert(1)</script>"},
			"a page called a picture":   {"image/png", "<script>alert(1)</script>"},
			"a picture called a page":   {"text/html", picture},
			"a picture called another":  {"image/jpeg", picture},
			"a picture of no type":      {"", picture},
			"an archive called picture": {"image/png", "PK\x03\x04"},
			"a program":                 {"application/octet-stream", "\x7fELF"},
			"nothing":                   {"image/png", ""},
			"the first bytes of a PNG":  {"image/png", "\x89PN"},
			"text called SVG":           {"image/svg+xml", "hello"},
			"a script":                  {"image/svg+xml", inSVG("<script>alert(1)</script>")},
			"entities":                  {"image/svg+xml", `<!DOCTYPE svg [<!ENTITY a "b">]>` + inSVG("&a;")},
		} {
			if a := upload(o, t, c.contentType, c.content); a.StatusCode != 400 || a.Code() != "guard.mime_type_not_allowed" {
				t.Errorf("%s: %d %s", name, a.StatusCode, a.Text)
			}
		}
		if a := upload(o, t, "image/svg+xml", inSVG(strings.Repeat(" ", 2<<20))); a.Code() != "guard.file_size_exceeded" {
			t.Errorf("a large SVG: %d %s", a.StatusCode, a.Text)
		}
		large := upload(o, t, "image/png", picture+strings.Repeat("x", web.MaxFile))
		if large.StatusCode != 400 || large.Code() != "guard.file_size_exceeded" {
			t.Errorf("a large one: %d %s", large.StatusCode, large.Text)
		}
		body := apptest.Upload(t, "image/png", picture)
		if a := apptest.Do(t, app.Client(t), "POST", app.URL+path, body); a.StatusCode != 401 {
			t.Errorf("without a token: %d %s", a.StatusCode, a.Text)
		}
		torn := o.Do("POST", path, body[:len(body)/2])
		if torn.StatusCode != 400 || torn.Code() != "guard.invalid_input" {
			t.Errorf("a torn one: %d %s", torn.StatusCode, torn.Text)
		}
		before.Same(t, app.Snapshot(t))
		if left := app.Files(t); len(left) > 0 {
			t.Errorf("files are left: %v", left)
		}
	})
}

// The largest file passes the limit of bodies.
func TestUpload_TakesTheLargestFile(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	picture := pngOf(t)
	a := upload(app.Operator(t), t, "image/png", picture+strings.Repeat("x", web.MaxFile-len(picture)))
	if got := apptest.Do(t, app.Client(t), "GET", a.String("url"), ""); len(got.Text) != web.MaxFile {
		t.Errorf("%d %s: %d bytes came back", a.StatusCode, a.Text, len(got.Text))
	}
}

// Attack 57: no path leads to a file but its own, and none to another tenant's.
func TestServe_NoOtherPathLeadsToFiles(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		location := upload(app.Operator(t), t, "image/png", pngOf(t)).String("url")
		file, err := url.Parse(location)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(file.Path, "/user-assets/")
		key := "../../signet.key"
		for _, at := range []string{
			"", name[:2] + "/" + name, "default/" + name, name[:21], name + "x", strings.ToUpper(name), name[:21] + ".svg", "%2e%2e%2f" + name,
			"..%2f..%2fdefault%2f" + name[:2] + "%2f" + name, "%252e%252e%252fsignet.key", "..%5c..%5csignet.key", "../" + key, url.PathEscape(key),
			name + "%00", "%00", "tmp", "tmp%2f" + name[:21], "000000000000000000000.png", strings.Repeat("a", 3000), "%ff.png",
		} {
			a := apptest.Do(t, app.Client(t), "GET", app.URL+"/user-assets/"+at, "", "Accept", "text/html")
			if a.StatusCode/100 == 3 {
				a = apptest.Do(t, app.Client(t), "GET", app.URL+a.Header.Get("Location"), "")
			}
			if a.StatusCode != 404 && a.StatusCode != 400 || strings.Contains(a.Header.Get("Content-Type"), "html") {
				t.Errorf("%s: %d %.200s", at, a.StatusCode, a.Text)
			}
		}
		if a := apptest.Do(t, app.Client(t), "GET", app.AdminURL+file.Path, ""); a.StatusCode != 404 {
			t.Errorf("another tenant's: %d", a.StatusCode)
		}
		there := upload(app.OperatorAt(t, app.AdminURL, "x"), t, "image/png", pngOf(t)).String("url")
		if !strings.HasPrefix(there, app.AdminURL+"/user-assets/") || apptest.Do(t, app.Client(t), "GET", there, "").StatusCode != 200 {
			t.Errorf("the admin tenant's own: %s", there)
		}
	})
}

func TestUpload_NoTwoShareAName(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	o, seen := app.Operator(t), map[string]bool{}
	for range 20 {
		seen[upload(o, t, "image/png", pngOf(t)).String("url")] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d names", len(seen))
	}
	if n := app.Count(t, tenant.Default, "assets", "kind = 'file' AND pending_until IS NULL AND owner_user_id IS NULL"); n != 20 {
		t.Errorf("%d rows", n)
	}
}

func TestServiceStatus(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	want := `{"status":"ready","allowUploadMimeTypes":["image/jpeg","image/png","image/gif","image/vnd.microsoft.icon","image/x-icon","image/svg+xml",` +
		`"image/tiff","image/webp","image/bmp","application/zip"],"maxUploadFileSize":20971520,"isExperienceAvatarUploadEnabled":true}`
	if a := app.Operator(t).Want(200, "GET", path+"/service-status", ""); a.Text != want {
		t.Error(a.Text)
	}
	off := apptest.Start(t, apptest.WithoutAssets())
	if a := off.Operator(t).Want(200, "GET", path+"/service-status", ""); a.Text != `{"status":"not_configured"}` {
		t.Error(a.Text)
	}
	if a := upload(off.Operator(t), t, "image/png", pngOf(t)); a.StatusCode != 400 || a.Code() != "storage.not_configured" {
		t.Errorf("%d %s", a.StatusCode, a.Text)
	}
	if a := apptest.Do(t, off.Client(t), "GET", off.URL+"/user-assets/000000000000000000000.png", ""); a.StatusCode != http.StatusNotFound {
		t.Errorf("%d %s", a.StatusCode, a.Text)
	}
}
