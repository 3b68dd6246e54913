package accountcenter_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"signet/internal/accountcenter"
	"signet/internal/platform/db"
	"signet/internal/platform/db/dbtest"
)

func TestAccess_PasskeysFollowTheOtherFactorsOnlyWhenUnnamed(t *testing.T) {
	t.Parallel()
	const off, read, edit = accountcenter.Off, accountcenter.ReadOnly, accountcenter.Edit
	type fields = map[accountcenter.Field]accountcenter.Access
	for _, tc := range []struct {
		fields fields
		field  accountcenter.Field
		want   accountcenter.Access
	}{
		{nil, accountcenter.Name, off},
		{fields{"name": read}, accountcenter.Name, read},
		{fields{"mfa": edit}, accountcenter.Passkey, edit},
		{fields{"mfa": edit, "passkey": off}, accountcenter.Passkey, off},
		{fields{"mfa": off, "passkey": edit}, accountcenter.Passkey, edit},
		{fields{"passkey": edit}, accountcenter.MFA, off},
	} {
		s := &accountcenter.Settings{Fields: tc.fields}
		if got := s.Access(tc.field); got != tc.want {
			t.Errorf("%v: %s is %s, want %s", tc.fields, tc.field, got, tc.want)
		}
		if s.Readable(tc.field) != (tc.want != off) || s.Editable(tc.field) != (tc.want == edit) {
			t.Errorf("%v: %s is not as readable or editable as %s", tc.fields, tc.field, tc.want)
		}
	}
}

func TestSeed(t *testing.T) {
	t.Parallel()
	got, _ := json.Marshal(accountcenter.Seed("default"))
	want := `{"tenantId":"default","id":"default","enabled":false,"fields":{},"webauthnRelatedOrigins":[],` +
		`"deleteAccountUrl":null,"customCss":null,"profileFields":null}`
	if string(got) != want {
		t.Errorf("default tenant\n got %s\nwant %s", got, want)
	}
	admin := accountcenter.Seed("admin")
	if !admin.Enabled || len(admin.Fields) != 10 || !admin.Editable(accountcenter.Passkey) || len(admin.ProfileFields) != 2 {
		t.Errorf("admin tenant: %+v", admin)
	}
	product := accountcenter.ProductSeed("default")
	if !product.Enabled || len(product.Fields) != 8 || !product.Editable(accountcenter.Session) || product.Readable(accountcenter.Email) {
		t.Errorf("default tenant of a fresh installation: %+v", product)
	}
}

func TestStore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, p *db.Pool) {
		ctx, d := context.Background(), p.For("t1")
		cache := accountcenter.NewCache(p)
		if _, err := cache.Get(ctx, d); !errors.Is(err, accountcenter.ErrNotSeeded) {
			t.Fatalf("before it is seeded: %v", err)
		}
		insert(t, d, accountcenter.ProductSeed("t1"))
		insert(t, p.For("t2"), accountcenter.Seed("t2"))
		stored, err := cache.Get(ctx, d)
		if err != nil || !reflect.DeepEqual(stored, accountcenter.ProductSeed("t1")) {
			t.Fatalf("stored %+v, %v", stored, err)
		}

		changed := stored.Clone()
		css, url := "a{}", "https://example.com/leave"
		changed.Enabled, changed.CustomCSS, changed.DeleteAccountURL = false, &css, &url
		changed.Fields[accountcenter.MFA] = accountcenter.Off
		changed.WebAuthnRelatedOrigins = []string{"https://example.org"}
		changed.ProfileFields = []accountcenter.ProfileField{{Name: "name"}}
		save := func() error {
			return d.Tx(ctx, func(tx *db.Tx) error { return accountcenter.Save(ctx, tx, 2, changed) })
		}
		if err := save(); err != nil {
			t.Fatal(err)
		}
		if !stored.Editable(accountcenter.MFA) {
			t.Error("a change reached the shared settings")
		}
		again, err := cache.Get(ctx, d)
		changed.Version = 2
		if err != nil || !reflect.DeepEqual(again, changed) {
			t.Errorf("after a change: %+v, %v", again, err)
		}
		changed.Version = 1
		if err := save(); !errors.Is(err, accountcenter.ErrConflict) {
			t.Errorf("a change of an old version: %v", err)
		}
		if other, err := cache.Get(ctx, p.For("t2")); err != nil || other.Enabled {
			t.Errorf("the other tenant: %+v, %v", other, err)
		}
	})
}

func insert(t *testing.T, d *db.DB, s *accountcenter.Settings) {
	t.Helper()
	err := d.Tx(context.Background(), func(tx *db.Tx) error {
		return accountcenter.Insert(context.Background(), tx, 1, s)
	})
	if err != nil {
		t.Fatal(err)
	}
}
