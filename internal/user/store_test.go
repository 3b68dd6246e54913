package user

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"signet/internal/platform/crypt/digest"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

const now = int64(1_700_000_000_000)

func create(t *testing.T, d *db.DB, n New) (u *User, err error) {
	t.Helper()
	err = d.Tx(t.Context(), func(tx *db.Tx) error {
		u, err = Create(t.Context(), tx, now, n)
		return err
	})
	return u, err
}

func mustCreate(t *testing.T, d *db.DB, n New) *User {
	t.Helper()
	u, err := create(t, d, n)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func update(t *testing.T, d *db.DB, id string, p Patch) (u *User, err error) {
	t.Helper()
	err = d.Tx(t.Context(), func(tx *db.Tx) error {
		u, err = Update(t.Context(), tx, now+1, id, p)
		return err
	})
	return u, err
}

func mustFind(t *testing.T, d *db.DB, id string) *User {
	t.Helper()
	u, err := ByID(t.Context(), d, id)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestCreate_StoresEveryField(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		if any, err := HasAny(t.Context(), d); any || err != nil {
			t.Fatalf("HasAny = %v, %v on an empty database", any, err)
		}
		u := mustCreate(t, d, New{
			Username: "Ada", PrimaryEmail: "Ada@Example.org", PrimaryPhone: "441632960961", Name: "Ada King", Avatar: "https://example.org/a.png",
			PasswordHash: "$argon2id$x", Profile: Profile{Nickname: ptr("A"), Address: &Address{Locality: ptr("London")}},
			CustomData: map[string]any{"a": map[string]any{"b": "c"}}, IsMFAEnabled: ptr(false),
			ApplicationID: "app", CIMDClientID: "https://client.example", CaseSensitive: true,
		})
		if len(u.ID) != 12 || *u.PasswordAlgorithm != "Argon2id" || *u.PasswordChangedAt != now || u.CreatedAt != now || u.UpdatedAt != now {
			t.Errorf("user = %+v", u)
		}
		if stored := mustFind(t, d, u.ID); !reflect.DeepEqual(stored, u) {
			t.Errorf("stored %+v, want %+v", stored, u)
		}
		text, err := db.One[string](t.Context(), d, `SELECT search_text FROM users WHERE tenant_id = $1 AND id = $2`, u.ID)
		if want := "\x1f" + u.ID + "\x1fada@example.org\x1f441632960961\x1fada\x1fada king\x1f"; err != nil || text != want {
			t.Errorf("search text = %q, %v, want %q", text, err, want)
		}
		if any, err := HasAny(t.Context(), d); !any || err != nil {
			t.Errorf("HasAny = %v, %v", any, err)
		}
		if any, err := HasAny(t.Context(), p.For("admin")); any || err != nil {
			t.Errorf("HasAny = %v, %v in another tenant", any, err)
		}
		if _, err := ByID(t.Context(), p.For("admin"), u.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("found in another tenant: %v", err)
		}
	})
}

func TestCreate_NothingIsRequired(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		a, b := mustCreate(t, d, New{}), mustCreate(t, d, New{})
		u := mustFind(t, d, a.ID)
		if u.Username != nil || u.PasswordHash != nil || u.PasswordAlgorithm != nil || u.IsMFAEnabled != nil || u.HasPassword() ||
			u.CustomData == nil || len(u.CustomData) != 0 || !reflect.DeepEqual(u.Profile, Profile{}) {
			t.Errorf("user = %+v", u)
		}
		if u.DisplayName() != u.ID || a.ID == b.ID {
			t.Errorf("display name %q of %s and %s", u.DisplayName(), a.ID, b.ID)
		}
	})
}

func TestIdentifiers_BelongToOneUserHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		mustCreate(t, d, New{Username: "Ada", PrimaryEmail: "Zo\u00eb@Example.org", PrimaryPhone: "441632960961"})
		other := mustCreate(t, d, New{Username: "bob"})
		for name, c := range map[string]struct {
			n    New
			want error
		}{
			"username":             {New{Username: "Ada"}, ErrUsernameTaken},
			"username, other case": {New{Username: "aDA"}, ErrUsernameTaken},
			"email":                {New{PrimaryEmail: "Zo\u00eb@Example.org"}, ErrEmailTaken},
			"email, other case":    {New{PrimaryEmail: "ZO\u00cb@EXAMPLE.ORG"}, ErrEmailTaken},
			"email, decomposed":    {New{PrimaryEmail: "zoe\u0308@example.org"}, ErrEmailTaken},
			"email, outer space":   {New{PrimaryEmail: " zo\u00eb@example.org "}, ErrEmailTaken},
			"phone":                {New{PrimaryPhone: "441632960961"}, ErrPhoneTaken},
			"phone, written out":   {New{PrimaryPhone: "+44 1632 960961"}, ErrPhoneTaken},
		} {
			if _, err := create(t, d, c.n); !errors.Is(err, c.want) {
				t.Errorf("create %s: %v, want %v", name, err, c.want)
			}
			patch := Patch{Username: &c.n.Username, PrimaryEmail: &c.n.PrimaryEmail, PrimaryPhone: &c.n.PrimaryPhone}
			if _, err := update(t, d, other.ID, patch); !errors.Is(err, c.want) {
				t.Errorf("update %s: %v, want %v", name, err, c.want)
			}
		}
		if users, err := List(t.Context(), d, 10, 0); err != nil || len(users) != 2 {
			t.Errorf("%d users, %v, want 2", len(users), err)
		}
		if u := mustFind(t, d, other.ID); *u.Username != "bob" || u.PrimaryEmail != nil || u.UpdatedAt != now {
			t.Errorf("a refused update changed %+v", u)
		}
		// Neither dots nor tags make two mailboxes one, nor do tenants share names.
		mustCreate(t, d, New{PrimaryEmail: "zo.\u00eb@example.org"})
		mustCreate(t, d, New{PrimaryEmail: "zo\u00eb+tag@example.org"})
		mustCreate(t, p.For("admin"), New{Username: "ada"})
	})
}

func TestUsernames_CaseCountsWhereThePolicySaysSo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		upper := mustCreate(t, d, New{Username: "Ada", CaseSensitive: true})
		lower := mustCreate(t, d, New{Username: "ada", CaseSensitive: true})
		for username, want := range map[string]string{"Ada": upper.ID, "ada": lower.ID} {
			if u, err := ByUsername(t.Context(), d, username, true); err != nil || u.ID != want {
				t.Errorf("%q: %v, %v", username, u, err)
			}
		}
		if _, err := ByUsername(t.Context(), d, "ADA", true); !errors.Is(err, ErrNotFound) {
			t.Errorf("ADA: %v", err)
		}
		if u, err := ByUsername(t.Context(), d, "ADA", false); err != nil || u.ID != lower.ID {
			t.Errorf("ADA, ignoring case: %v, %v", u, err)
		}
	})
}

// Attack 27: parallel registrations of one name make one user.
func TestCreate_ParallelRegistrationsOfOneNameMakeOneUser(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		var created atomic.Int64
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				username := []string{"ada", "Ada", "ADA"}[i%3]
				_, err := create(t, d, New{Username: username})
				switch {
				case err == nil:
					created.Add(1)
				case !errors.Is(err, ErrUsernameTaken):
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		users, err := List(t.Context(), d, 100, 0)
		if created.Load() != 1 || len(users) != 1 || err != nil {
			t.Errorf("%d created, %d stored, %v, want 1", created.Load(), len(users), err)
		}
	})
}

func TestLookups_FindTheStoredSpelling(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		u := mustCreate(t, d, New{PrimaryEmail: "Ada@Example.org", PrimaryPhone: "441632960961"})
		for _, email := range []string{"Ada@Example.org", "ada@example.org", " ADA@EXAMPLE.ORG"} {
			if got, err := ByEmail(t.Context(), d, email); err != nil || got.ID != u.ID || *got.PrimaryEmail != "Ada@Example.org" {
				t.Errorf("ByEmail(%q) = %v, %v", email, got, err)
			}
		}
		for _, phone := range []string{"441632960961", "+44 1632 960961"} {
			if got, err := ByPhone(t.Context(), d, phone); err != nil || got.ID != u.ID {
				t.Errorf("ByPhone(%q) = %v, %v", phone, got, err)
			}
		}
		for _, email := range []string{"", "ada@example.com", "a.da@example.org"} {
			if _, err := ByEmail(t.Context(), d, email); !errors.Is(err, ErrNotFound) {
				t.Errorf("ByEmail(%q): %v", email, err)
			}
		}
		if _, err := ByPhone(t.Context(), d, ""); !errors.Is(err, ErrNotFound) {
			t.Errorf("ByPhone of nothing: %v", err)
		}
	})
}

func TestUpdate_ChangesOnlyWhatIsSet(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		before := mustCreate(t, d, New{Username: "Ada", Name: "Ada King", Avatar: "https://example.org/a.png", PasswordHash: "$old",
			Profile:    Profile{Nickname: ptr("A"), Website: ptr("w"), Address: &Address{Locality: ptr("London"), Country: ptr("UK")}},
			CustomData: map[string]any{"a": "1", "b": "2"}, CaseSensitive: true})

		got, err := update(t, d, before.ID, Patch{
			Name: ptr(""), IsSuspended: ptr(true), IsMFAEnabled: ptr(true), IsMFAPromptSkipped: ptr(true), IsMFASkippedOnSignIn: ptr(true),
			IsMFASuggestionSkipped: ptr(true), IsPasskeyPromptSkipped: ptr(true), IsPasswordExpired: ptr(true),
			Profile:         &Profile{Nickname: ptr(""), Address: &Address{Country: ptr("FR")}},
			MergeCustomData: map[string]any{"b": "3", "c": "4"},
		})
		want := *before
		want.Name, want.IsSuspended, want.IsMFAEnabled, want.UpdatedAt = nil, true, ptr(true), now+1
		want.IsMFAPromptSkipped, want.IsMFASkippedOnSignIn, want.IsMFASuggestionSkipped, want.IsPasskeyPromptSkipped = true, true, true, true
		want.IsPasswordExpired = true
		want.Profile = Profile{Nickname: ptr(""), Website: ptr("w"), Address: &Address{Country: ptr("FR")}}
		want.CustomData = map[string]any{"a": "1", "b": "3", "c": "4"}
		if err != nil || !reflect.DeepEqual(got, &want) {
			t.Errorf("updated %+v, %v, want %+v", got, err, want)
		}
		if stored := mustFind(t, d, before.ID); !reflect.DeepEqual(stored, &want) {
			t.Errorf("stored %+v, want %+v", stored, want)
		}
		if err := got.Usable(); !errors.Is(err, ErrSuspended) {
			t.Errorf("Usable = %v", err)
		}
		// The name was not patched, so its key was not either.
		if _, err := ByUsername(t.Context(), d, "Ada", true); err != nil {
			t.Errorf("the username's key changed: %v", err)
		}

		got, err = update(t, d, before.ID, Patch{CustomData: &map[string]any{"z": "9"}, Username: ptr("Countess"), CaseSensitive: false})
		if err != nil || !reflect.DeepEqual(got.CustomData, map[string]any{"z": "9"}) {
			t.Errorf("custom data = %v, %v", got.CustomData, err)
		}
		if u, err := ByUsername(t.Context(), d, "COUNTESS", false); err != nil || u.ID != before.ID {
			t.Errorf("renamed: %v, %v", u, err)
		}
		if _, err := ByUsername(t.Context(), d, "Ada", true); !errors.Is(err, ErrNotFound) {
			t.Errorf("the old username still leads somewhere: %v", err)
		}
		text, _ := db.One[string](t.Context(), d, `SELECT search_text FROM users WHERE tenant_id = $1 AND id = $2`, before.ID)
		if !strings.Contains(text, "\x1fcountess\x1f") {
			t.Errorf("search text = %q", text)
		}
		if _, err := update(t, d, "nobody", Patch{Name: ptr("x")}); !errors.Is(err, ErrNotFound) {
			t.Errorf("update of nobody: %v", err)
		}
	})
}

func TestUpdate_ParallelMergesLoseNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		u := mustCreate(t, d, New{})
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				if _, err := update(t, d, u.ID, Patch{MergeCustomData: map[string]any{fmt.Sprint(i): true}}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := mustFind(t, d, u.ID); len(got.CustomData) != 10 {
			t.Errorf("custom data = %v, want ten keys", got.CustomData)
		}
	})
}

func TestUpdate_RefusesOverlongValues(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		u := mustCreate(t, d, New{Name: "Ada"})
		long, avatar := strings.Repeat("é", 129), strings.Repeat("a", 2049)
		for name, patch := range map[string]Patch{
			"name": {Name: &long}, "username": {Username: &long}, "email": {PrimaryEmail: &long}, "phone": {PrimaryPhone: &long}, "avatar": {Avatar: &avatar},
		} {
			if _, err := update(t, d, u.ID, patch); !errors.Is(err, ErrValueTooLong) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := create(t, d, New{Name: long}); !errors.Is(err, ErrValueTooLong) {
			t.Errorf("create: %v", err)
		}
		if got := mustFind(t, d, u.ID); *got.Name != "Ada" || got.UpdatedAt != now {
			t.Errorf("a refused update changed %+v", got)
		}
		longest := strings.Repeat("é", 128)
		if _, err := update(t, d, u.ID, Patch{Name: &longest}); err != nil {
			t.Errorf("128 characters: %v", err)
		}
	})
}

func TestPassword_ChangeSetsTimeAndLiftsExpiry(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		u := mustCreate(t, d, New{PasswordHash: "$one"})
		if _, err := update(t, d, u.ID, Patch{IsPasswordExpired: ptr(true)}); err != nil {
			t.Fatal(err)
		}
		got, err := update(t, d, u.ID, Patch{PasswordHash: ptr("$two")})
		if err != nil || *got.PasswordHash != "$two" || *got.PasswordChangedAt != now+1 || got.IsPasswordExpired {
			t.Errorf("user = %+v, %v", got, err)
		}
	})
}

func TestImportedPasswordHash(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		imported := New{PasswordHash: "5f4dcc3b5aa765d61d8327deb882cf99", PasswordAlgorithm: digest.MD5}
		u := mustFind(t, d, mustCreate(t, d, imported).ID)
		if *u.PasswordHash != imported.PasswordHash || *u.PasswordAlgorithm != digest.MD5 || *u.PasswordChangedAt != now {
			t.Errorf("user = %+v", u)
		}
		if stored, err := StorePasswordHash(t.Context(), d, u.ID, imported.PasswordHash, "$strong"); !stored || err != nil {
			t.Fatalf("stored = %v, %v", stored, err)
		}
		if u := mustFind(t, d, u.ID); *u.PasswordHash != "$strong" || *u.PasswordAlgorithm != digest.Argon2id {
			t.Errorf("upgraded user = %+v", u)
		}
		other := mustCreate(t, d, imported)
		if u, err := update(t, d, other.ID, Patch{PasswordHash: ptr("$new")}); err != nil || *u.PasswordAlgorithm != digest.Argon2id {
			t.Errorf("a new password keeps the algorithm of the old: %+v, %v", u, err)
		}
		if u := mustCreate(t, d, New{PasswordAlgorithm: digest.MD5}); u.PasswordAlgorithm != nil || u.HasPassword() {
			t.Errorf("an algorithm without a hash: %+v", u)
		}
		before, err := List(t.Context(), d, 100, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := create(t, d, New{PasswordHash: strings.Repeat("x", 257), PasswordAlgorithm: digest.Legacy}); !errors.Is(err, ErrValueTooLong) {
			t.Errorf("a long hash: %v", err)
		}
		if after, err := List(t.Context(), d, 100, 0); err != nil || !reflect.DeepEqual(after, before) {
			t.Errorf("a refused user was stored: %v", err)
		}
	})
}

func TestStorePasswordHash_UpgradesOnlyTheHashItVerified(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		u := mustCreate(t, d, New{PasswordHash: "$weak"})
		if stored, err := StorePasswordHash(t.Context(), d, u.ID, "$weak", "$strong"); !stored || err != nil {
			t.Fatalf("stored = %v, %v", stored, err)
		}
		got := mustFind(t, d, u.ID)
		if *got.PasswordHash != "$strong" || *got.PasswordChangedAt != now || got.UpdatedAt != now {
			t.Errorf("user = %+v: an upgrade is no change of password", got)
		}
		// Somebody changes the password between check and upgrade.
		if stored, err := StorePasswordHash(t.Context(), d, u.ID, "$weak", "$stale"); stored || err != nil {
			t.Errorf("stored = %v, %v", stored, err)
		}
		if got := mustFind(t, d, u.ID); *got.PasswordHash != "$strong" {
			t.Errorf("hash = %s: an upgrade undid a change", *got.PasswordHash)
		}
	})
}

func TestMarkSignedIn_IsNoChangeOfTheUser(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		u := mustCreate(t, d, New{})
		if err := MarkSignedIn(t.Context(), d, now+5, u.ID); err != nil {
			t.Fatal(err)
		}
		if got := mustFind(t, d, u.ID); *got.LastSignInAt != now+5 || got.UpdatedAt != now {
			t.Errorf("user = %+v", got)
		}
	})
}

func TestDelete_FreesTheIdentifiersAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		u := mustCreate(t, d, New{Username: "ada", PrimaryEmail: "ada@example.org"})
		remove := func(h *db.DB) error {
			return h.Tx(t.Context(), func(tx *db.Tx) error { return Delete(t.Context(), tx, u.ID) })
		}
		if err := remove(p.For("admin")); !errors.Is(err, ErrNotFound) {
			t.Errorf("delete by another tenant: %v", err)
		}
		mustFind(t, d, u.ID)
		if err := remove(d); err != nil {
			t.Fatal(err)
		}
		if err := remove(d); !errors.Is(err, ErrNotFound) {
			t.Errorf("second delete: %v", err)
		}
		if again := mustCreate(t, d, New{Username: "ada", PrimaryEmail: "ada@example.org"}); again.ID == u.ID {
			t.Error("the id was used again")
		}
	})
}

func TestList_IsNewestFirst(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		var want []string
		for i := range 5 {
			err := d.Tx(t.Context(), func(tx *db.Tx) error {
				u, err := Create(t.Context(), tx, now+int64(i), New{})
				if err == nil {
					want = append([]string{u.ID}, want...)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		for offset := 0; offset < 6; offset += 2 {
			page, err := List(t.Context(), d, 2, offset)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range page {
				got = append(got, u.ID)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("list = %v, want %v", got, want)
		}
	})
}

// Attack 7: text that PostgreSQL cannot hold is a refusal, not a failure.
func TestCreate_UnstorableTextIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		d := p.For("default")
		for _, name := range []string{"a\x00b", "a\xffb"} {
			if _, err := create(t, d, New{Name: name}); !errors.Is(err, db.ErrText) {
				t.Errorf("%q: %v", name, err)
			}
		}
		if any, err := HasAny(t.Context(), d); any || err != nil {
			t.Errorf("a user was stored: %v, %v", any, err)
		}
	})
}
