package signinapi_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"signet/internal/application"
	"signet/internal/apptest"
	"signet/internal/platform/crypt/digest"
	"signet/internal/platform/db"
	"signet/internal/tenant"
	"signet/internal/user"
)

// imported are hashes of other systems, by the username of who has one.
var imported = map[string]struct{ algorithm, hash, password string }{
	"argon2i":  {digest.Argon2i, "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA", "password"},
	"argon2d":  {digest.Argon2d, "$argon2d$v=19$m=64,t=1,p=1$c29tZXNhbHQ$hydAX9B8MseNZPVH8kFQ0/LnA6ifmBoZ", "password"},
	"argon2id": {digest.Argon2id, "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password"},
	"bcrypt":   {digest.Bcrypt, "$2a$10$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga", "allmine"},
	"md5":      {digest.MD5, "900150983cd24fb0d6963f7d28e17f72", "abc"},
	"sha1":     {digest.SHA1, "a9993e364706816aba3e25717850c26c9cd0d89d", "abc"},
	"sha256":   {digest.SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "abc"},
	"legacy":   {digest.Legacy, `["ripemd160", ["ab", "@"], "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"]`, "c"},
	"pbkdf2":   {digest.Legacy, `["pbkdf2", ["salt", 4096, 20, "sha1", "@"], "4b007901b765489abead49d926f721d065a429c1"]`, "password"},
	"firebase": {digest.Legacy, `["firebase-scrypt", ["42xEC+ixf3L2lw==", "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==", "Bw==", 8, 14, "@"], "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="]`, "user1password"},
}

// Whoever comes with a hash of another system signs in with the old password,
// and from then on has one of ours.
func TestImportedHash_BecomesOursAtTheFirstSignIn(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		c := app.CreateApp(t, application.Application{})
		reload := func(id string) (u *user.User) {
			app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) (err error) {
				u, err = user.ByID(ctx, tx, id)
				return err
			})
			return u
		}
		for name, from := range imported {
			before := app.CreateUserIn(t, tenant.Default, name, func(n *user.New) {
				n.PasswordHash, n.PasswordAlgorithm = from.hash, from.algorithm
			})
			app.Clock.Advance(time.Minute)
			b := app.Browser(t)
			b.Authorize(c)
			b.Step("PUT", "", `{"interactionEvent":"SignIn"}`)
			for _, wrong := range []string{from.password + "x", from.hash, "@"} {
				want(t, b.VerifyPassword(name, wrong), 422, "session.invalid_credentials")
			}
			if u := reload(before.ID); *u.PasswordHash != from.hash || *u.PasswordAlgorithm != from.algorithm {
				t.Errorf("%s: a wrong password changed the hash", name)
			}
			app.Browser(t).SignIn(c, name, from.password)
			u := reload(before.ID)
			if !strings.HasPrefix(*u.PasswordHash, "$argon2id$v=19$m=64,t=1,p=1$") || *u.PasswordAlgorithm != digest.Argon2id {
				t.Errorf("%s: after a sign-in the hash is %s of %s", name, *u.PasswordHash, *u.PasswordAlgorithm)
			}
			if *u.PasswordChangedAt != *before.PasswordChangedAt {
				t.Errorf("%s: the password became younger", name)
			}
			app.Browser(t).SignIn(c, name, from.password)
			if again := reload(before.ID); *again.PasswordHash != *u.PasswordHash {
				t.Errorf("%s: our own hash was replaced", name)
			}
		}
	})
}

// Attack 36: neither work nor answer tell a cheap imported hash, or one that
// cannot be used, from nobody.
func TestImportedHash_AnswersAsNobodyDoes(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		for name, stored := range map[string][2]string{
			"cheap":   {digest.MD5, "900150983cd24fb0d6963f7d28e17f72"},
			"broken":  {digest.Argon2id, "$argon2id$broken"},
			"endless": {digest.Bcrypt, "$2a$31$XajjQvNhvvRt5GSeFk1xFeyqRrsxkhBkUiQeg0dt.wU1qD4aFDcga"},
			"unknown": {"ROT13", "nop"},
		} {
			app.CreateUserIn(t, tenant.Default, name, func(n *user.New) { n.PasswordHash, n.PasswordAlgorithm = stored[1], stored[0] })
		}
		b, _ := arrive(t, app)
		want(t, put(b, "", `{"interactionEvent":"SignIn"}`), 204, "")
		nobody := b.VerifyPassword("nobody", "wrong")
		want(t, nobody, 422, "session.invalid_credentials")
		for _, name := range []string{"cheap", "broken", "endless", "unknown"} {
			before := app.Hasher.Computed()
			if a := b.VerifyPassword(name, "wrong"); a.StatusCode != nobody.StatusCode || a.Text != nobody.Text {
				t.Errorf("%s: %d %s", name, a.StatusCode, a.Text)
			}
			if n := app.Hasher.Computed() - before; n != 1 {
				t.Errorf("%s: %d hashes", name, n)
			}
		}
	})
}
