package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// canary is a secret that must never be seen again.
const canary = "c4n4ry-5ecret-value"

type request struct {
	ClientID     string
	ClientSecret string
	Nested       map[string]any
}

// both runs a test on each format.
func both(t *testing.T, fn func(t *testing.T, log *slog.Logger, out *bytes.Buffer)) {
	for _, format := range []string{JSON, Text} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			fn(t, New(&out, format, slog.LevelDebug), &out)
		})
	}
}

// Attack 58.
func TestLogs_CanarySecretsNeverAppear(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, log *slog.Logger, out *bytes.Buffer) {
		ctx := context.Background()
		for _, name := range []string{
			"password", "newPassword", "Password", "client_secret", "clientSecret", "access_token", "refreshToken",
			"id_token_hint", "token", "cookie", "Cookie", "set-cookie", "Authorization", "code", "code_verifier",
			"verification_code", "otp", "backupCodes", "SECRET_VAULT_KEK", "api_key", "STATUS_API_KEY", "private_key",
			"client_assertion", "nonce", "one_time_token",
		} {
			log.InfoContext(ctx, "name", name, canary)
			log.Info("group", slog.Group(name, "value", canary))
			log.WithGroup(name).Info("in group", "value", canary)
			log.With(name, canary).Info("with")
			log.Info("map", "data", map[string]any{"deep": []any{map[string]any{name: canary}}})
			log.Info("in a message: " + name + "=" + canary)
			log.Info("text", "body", fmt.Sprintf(`{"user":"ada","%s": "%s"}`, name, canary))
			log.Info("url", "url", "/callback?state=x&"+url.QueryEscape(name)+"="+canary+"&iss=y")
			log.Info("error", "err", errors.New("bad request: "+name+"="+canary))
		}
		log.Info("type", "x", Secret(canary), "y", []Secret{canary}, "z", map[string]Secret{"z": canary})
		log.Info("struct", "in", request{ClientID: "app", ClientSecret: canary, Nested: map[string]any{"password": canary}})
		log.Info("pointer", "in", &request{ClientSecret: canary})
		log.Info("header", "h", http.Header{"Cookie": {"_session=" + canary}, "Authorization": {"Bearer " + canary}, "Accept": {"*/*"}})
		log.Info("values", "v", url.Values{"password": {canary}})
		log.Info("credentials", "text", "Authorization was Bearer "+canary+" and Basic "+canary)
		log.Info("dsn", "err", fmt.Errorf("connect: %w", errors.New("postgres://signet:"+canary+"@db:5432/signet")))
		log.Info("nested", "uri", "/sign-in?to=%2Fcallback%3Fcode%3D"+canary+"%26state%3Dx")
		log.Info("escaped", "body", `"{\"password\":\"`+canary+`\",\"x\":1}"`)
		log.Info("bytes", "raw", []byte(canary))

		if text := out.String(); strings.Contains(text, canary) {
			for line := range strings.Lines(text) {
				if strings.Contains(line, canary) {
					t.Errorf("leaked: %s", line)
				}
			}
		}
		if n := strings.Count(out.String(), "\n"); n != 25*9+10 {
			t.Errorf("%d records, want %d", n, 25*9+10)
		}
	})
}

func TestLogs_KeepWhatIsNotSecret(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, log *slog.Logger, out *bytes.Buffer) {
		for _, name := range []string{
			"user_id", "status_code", "error_code", "token_type", "tokenId", "code_challenge_method",
			"session_id", "path", "tenant", "event", "password_changed_at", "country_code", "keyboard", "decode",
		} {
			log.Info("kept", name, "visible-"+name)
		}
		log.Info("kept", "in", request{ClientID: "visible-struct"}, "url", "/sign-in?app_id=visible-param", "n", 42, "ok", true, "none", nil)
		log.Info("kept", "time", time.Unix(0, 0).UTC(), "err", errors.New("oidc.invalid_token: visible-error"))
		for _, want := range []string{"visible-user_id", "visible-status_code", "visible-error_code", "visible-token_type",
			"visible-tokenId", "visible-code_challenge_method", "visible-session_id", "visible-path", "visible-tenant",
			"visible-event", "visible-password_changed_at", "visible-country_code", "visible-keyboard", "visible-decode",
			"visible-struct", "visible-param", "visible-error", "42", "1970-01-01"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s is missing", want)
			}
		}
	})
}

// Attack 58: whoever chooses a value cannot write a record of his own.
func TestLogs_ForgedLinesStayInOneRecord(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, log *slog.Logger, out *bytes.Buffer) {
		for _, forged := range []string{"a\nlevel=ERROR msg=forged", "a\r\n{\"level\":\"ERROR\"}", "a\x1b[31mred", "a\u2028b"} {
			out.Reset()
			log.Info(forged, "value", forged, forged, "key", "err", errors.New(forged), "map", map[string]string{"x": forged})
			text := strings.TrimSuffix(out.String(), "\n")
			if strings.ContainsAny(text, "\r\n\x1b\u2028") {
				t.Errorf("%q breaks the record: %q", forged, text)
			}
		}
	})
}

func TestLogs_LevelIsTheLeast(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := New(&out, JSON, slog.LevelWarn)
	log.Info("no")
	log.Warn("yes")
	var record map[string]any
	if err := json.Unmarshal(out.Bytes(), &record); err != nil || record["msg"] != "yes" || record["level"] != "WARN" {
		t.Errorf("records = %s, %v", out.String(), err)
	}
}

func TestSecret_NeverPrints(t *testing.T) {
	t.Parallel()
	s := Secret(canary)
	type holder struct{ S Secret }
	texts := []string{fmt.Sprint(s), fmt.Sprintf("%s %q %v %+v %#v %x %d", s, s, s, s, s, s, s),
		fmt.Sprintf("%v %+v %#v", holder{s}, holder{s}, &holder{s})}
	raw, err := json.Marshal(map[string]any{"s": s, "h": holder{s}})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range append(texts, string(raw)) {
		if strings.Contains(text, canary) || strings.Contains(text, fmt.Sprintf("%x", canary)) || !strings.Contains(text, "redacted") {
			t.Errorf("printed: %s", text)
		}
	}
	if s.Reveal() != canary {
		t.Error("Reveal does not")
	}
}

func FuzzClean(f *testing.F) {
	f.Add("password=x", "y")
	f.Add("://a:b@", "Bearer")
	f.Fuzz(func(t *testing.T, before, after string) {
		secret := canary
		if got := Clean(before + " ?client_secret=" + secret + "&" + after); strings.Contains(got, secret) {
			t.Errorf("%q", got)
		}
	})
}

func BenchmarkLogs(b *testing.B) {
	log := New(&bytes.Buffer{}, JSON, slog.LevelInfo)
	for b.Loop() {
		log.Info("request", "method", "GET", "path", "/oidc/auth?client_id=demo-app&code=x", "status", 200)
	}
}
