package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"signet/test/flow"
)

// measurePage loads the sign-in page as a browser does that was never here:
// the document and all that it and its files refer to.
func measurePage(ctx context.Context, server *flow.Process) ([]figure, error) {
	progress("loading the sign-in page")
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	v := visit{client: &http.Client{Jar: jar, Transport: &http.Transport{DisableCompression: true}}}
	authorize := server.Base + "/oidc/auth?" + url.Values{
		"client_id": {"account-center"}, "redirect_uri": {server.Base + "/account"}, "response_type": {"code"}, "scope": {"openid"},
		"code_challenge": {strings.Repeat("A", 43)}, "code_challenge_method": {"S256"},
	}.Encode()
	if err := v.load(ctx, authorize); err != nil {
		return nil, err
	}
	if len(v.seen) < 2 || !strings.Contains(v.seen[0], "/sign-in") {
		return nil, fmt.Errorf("this is not the sign-in page with its files: %q", v.seen)
	}
	return []figure{
		figure{name: "First load of the sign-in page, compressed", value: float64(v.bytes) / 1e3, digits: 1, unit: "KB"}.atMost(30),
		figure{name: "First load of the sign-in page, requests", value: float64(len(v.seen))}.atMost(4),
	}, nil
}

// visit is one person's first visit.
type visit struct {
	client *http.Client
	seen   []string
	bytes  int
}

// load fetches a document or file, then everything it refers to, once each.
func (v *visit) load(ctx context.Context, address string) error {
	if slices.Contains(v.seen, address) {
		return nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("Accept", "text/html,*/*;q=0.8")
	res, err := v.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d", address, res.StatusCode)
	}
	v.seen = append(v.seen, res.Request.URL.String())
	v.bytes += len(body)
	if res.Header.Get("Content-Encoding") == "gzip" {
		if body, err = unzip(body); err != nil {
			return err
		}
	}
	for _, reference := range references(res.Header.Get("Content-Type"), string(body)) {
		target, err := res.Request.URL.Parse(reference)
		if err != nil {
			return err
		}
		if err := v.load(ctx, target.String()); err != nil {
			return err
		}
	}
	return nil
}

var (
	inHTML   = regexp.MustCompile(`<link\s[^>]*\bhref="([^"]+)"|<(?:script|img)\s[^>]*\bsrc="([^"]+)"`)
	inCSS    = regexp.MustCompile(`url\(["']?([^"')]+)["']?\)|@import\s+["']([^"']+)["']`)
	inScript = regexp.MustCompile(`\bimport\b[^"';()]*\(?["']([./][^"']+)["']`)
)

// references lists the files that a browser fetches for this content.
func references(contentType, content string) []string {
	var all []string
	for kind, pattern := range map[string]*regexp.Regexp{"text/html": inHTML, "text/css": inCSS, "text/javascript": inScript} {
		if !strings.HasPrefix(contentType, kind) {
			continue
		}
		for _, match := range pattern.FindAllStringSubmatch(content, -1) {
			reference := strings.Join(match[1:], "")
			if !strings.HasPrefix(reference, "data:") && !strings.HasPrefix(reference, "#") {
				all = append(all, strings.ReplaceAll(reference, "&amp;", "&"))
			}
		}
	}
	return all
}

func unzip(body []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}
