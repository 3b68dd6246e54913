package accountpages_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"signet/internal/apptest"
	"signet/internal/mfa"
	"signet/internal/platform/db"
	"signet/internal/tenant"
)

// have gives a user n further passkeys.
func have(t *testing.T, app *apptest.App, userID string, n int) {
	t.Helper()
	err := app.Pool.For(tenant.Default).Tx(t.Context(), func(tx *db.Tx) error {
		for range n {
			id := strconv.Itoa(int(spareKeys.Add(1)))
			name := "Spare " + id
			c := &mfa.Credential{ID: "spare-" + id, UserID: userID, CredentialID: []byte("spare-" + id), PublicKey: []byte{1}, Name: &name, CreatedAt: 1}
			if err := mfa.Insert(t.Context(), tx, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var spareKeys atomic.Int64

const (
	addLink    = `href="/account/passkey/add"`
	fullReason = "You have 50 passkeys, as many as an account can have. To add another, first remove one."
	fullNotice = "No passkey was added"
)

// An account that is full says so where passkeys are listed and offers no further
// one until one is removed.
func TestAccount_ListSaysThatThereIsRoomForNoFurtherPasskey(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		u := app.CreateUser(t, "robin")
		p := signedIn(t, app, "robin")
		have(t, app, u.ID, mfa.MaxCredentials-1)
		p.open("/account")
		p.doesNotSee(fullReason)
		if !strings.Contains(p.page, addLink) {
			t.Fatal("no way to add the last")
		}
		have(t, app, u.ID, 1)
		p.open("/account")
		p.sees(fullReason)
		p.doesNotSee(fullNotice)
		if strings.Contains(p.page, addLink) {
			t.Error("a further one is offered")
		}
		// Who follows an old link is told before a password is asked for or a key touched.
		p.open("/account/passkey/add")
		p.sees(fullNotice, fullReason)
		if p.code != http.StatusOK || !strings.HasPrefix(p.at, "/account?") {
			t.Errorf("%d %s", p.code, p.at)
		}
		notice := p.at
		p.remove("/account/passkey/spare-")
		p.open(notice)
		p.doesNotSee(fullNotice)
		p.doesNotSee(fullReason)
		if !strings.Contains(p.page, addLink) {
			t.Error("no way to add one in the place of the one removed")
		}
	})
}

// remove removes the first passkey whose page begins with path.
func (p *person) remove(path string) {
	p.t.Helper()
	_, link, ok := strings.Cut(p.page, `href="`+path)
	if !ok {
		p.t.Fatalf("no %s at %s", path, p.at)
	}
	id, _, _ := strings.Cut(link, "/")
	p.open(path + id + "/remove")
	p.send("password", apptest.Password)
	p.send()
	p.sees("The passkey is removed")
}

// Of two tabs that add the last passkey, the later one leads back to the list,
// which says why nothing was added.
func TestAccount_PasskeyOfALaterTabFindsTheAccountFull(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		u := app.CreateUser(t, "robin")
		p := signedIn(t, app, "robin")
		have(t, app, u.ID, mfa.MaxCredentials-1)
		p.open("/account/passkey/add")
		p.send("password", apptest.Password)
		have(t, app, u.ID, 1)
		p.create()
		p.sees(fullNotice, fullReason)
		if n := app.Count(t, tenant.Default, "webauthn_credentials", "user_id = $2", u.ID); n != mfa.MaxCredentials {
			t.Errorf("%d passkeys", n)
		}
	})
}

// So does one whose passkey had to wait for a step-up.
func TestAccount_PasskeyThatWaitedFindsTheAccountFull(t *testing.T) {
	t.Parallel()
	app := apptest.Start(t)
	u := app.CreateUser(t, "robin")
	p := signedIn(t, app, "robin")
	have(t, app, u.ID, mfa.MaxCredentials-1)
	p.createLate()
	p.send("password", apptest.Password)
	p.sees("One more step until the passkey is saved")
	have(t, app, u.ID, 1)
	p.send("name", "Blue key")
	p.sees(fullNotice, fullReason)
}
