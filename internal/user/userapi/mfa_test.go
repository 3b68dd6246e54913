package userapi_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"image/png"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"signet/internal/apptest"
	"signet/internal/mfa"
	"signet/internal/platform/db"
	"signet/internal/tenant"
)

// givenCodes is a set of backup codes as a client sends it.
const givenCodes = `["0000000000","1111111111","2222222222","3333333333","4444444444","5555555555","6666666666","7777777777","8888888888","AbCdEf0123"]`

func addPasskey(t *testing.T, app *apptest.App, userID, id string) {
	t.Helper()
	agent, name := "Firefox", "Key"
	app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
		return mfa.Insert(ctx, tx, &mfa.Credential{
			ID: id, UserID: userID, CredentialID: []byte(id), PublicKey: []byte("key"), Transports: db.JSON[[]string]{V: []string{}},
			UserAgent: &agent, Name: &name, CreatedAt: app.Clock.Now().UnixMilli(),
		})
	})
}

func TestFactors_Live(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		robin := app.CreateUser(t, "robin").ID
		o := app.Operator(t)
		path := "/api/users/" + robin + "/mfa-verifications"
		if a := o.Want(200, "GET", path, ""); a.Text != "[]" {
			t.Errorf("at first %s", a.Text)
		}
		totp := o.Want(200, "POST", path, `{"type":"Totp"}`)
		if !regexp.MustCompile(`^[A-Z2-7]{32}$`).MatchString(totp.String("secret")) || totp.String("type") != "Totp" || strings.Contains(totp.Text, "codes") {
			t.Errorf("made %s", totp.Text)
		}
		image, _ := strings.CutPrefix(totp.String("secretQrCode"), "data:image/png;base64,")
		raw, err := base64.StdEncoding.DecodeString(image)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(bytes.NewReader(raw)); err != nil {
			t.Errorf("the QR code is no image: %v", err)
		}
		app.Clock.Advance(time.Second)
		addPasskey(t, app, robin, "passkey")
		app.Clock.Advance(time.Second)
		codes := o.Want(200, "POST", path, `{"type":"BackupCode"}`)
		if n := len(regexp.MustCompile(`"[0-9a-f]{10}"`).FindAllString(codes.Text, -1)); n != 10 || codes.String("type") != "BackupCode" || strings.Contains(codes.Text, "secret") {
			t.Errorf("made %s", codes.Text)
		}
		list := o.Want(200, "GET", path, "")
		var factors []map[string]any
		list.JSON(t, &factors)
		if len(factors) != 3 || factors[0]["type"] != "Totp" || factors[1]["agent"] != "Firefox" || factors[1]["name"] != "Key" || factors[2]["remainCodes"] != 10.0 {
			t.Fatalf("listed %s", list.Text)
		}
		if at := app.Clock.Now().UTC().Format("2006-01-02T15:04:05.000Z"); factors[2]["createdAt"] != at || len(factors[0]) != 3 || len(factors[2]) != 4 {
			t.Errorf("listed %s, want the time %s", list.Text, at)
		}
		for i := range factors {
			o.Want(204, "DELETE", path+"/"+factors[i]["id"].(string), "")
		}
		if a := o.Want(200, "GET", path, ""); a.Text != "[]" {
			t.Errorf("left %s", a.Text)
		}
		if n := app.Count(t, tenant.Default, "backup_codes", "TRUE"); n != 0 {
			t.Errorf("%d codes without their set", n)
		}
		if names := app.EventNames(t, tenant.Default); len(names) != 0 {
			t.Errorf("there are no events of this, got %v", names)
		}
	})
}

func TestFactors_GivenSecretAndCodesAreSealed(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		robin := app.CreateUser(t, "robin").ID
		o := app.Operator(t)
		path := "/api/users/" + robin + "/mfa-verifications"
		const secret = "JBSWY3DPEHPK3PXP"
		if a := o.Want(200, "POST", path, `{"type":"Totp","secret":"`+secret+`"}`); a.String("secret") != secret {
			t.Errorf("made %s", a.Text)
		}
		made := o.Want(200, "POST", path, `{"type":"BackupCode","codes":`+givenCodes+`}`)
		var got struct{ Codes json.RawMessage }
		made.JSON(t, &got)
		if string(got.Codes) != givenCodes {
			t.Errorf("made %s", made.Text)
		}
		d := app.Pool.For(tenant.Default)
		type sealed struct {
			ID     string `db:"id"`
			Secret []byte `db:"secret_sealed"`
		}
		row, err := db.One[sealed](t.Context(), d, `SELECT id, secret_sealed FROM totp_factors WHERE tenant_id = $1 AND user_id = $2`, robin)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := app.Keyring.Open(row.Secret, "totp_factors", "secret_sealed", tenant.Default, row.ID); err != nil || string(plain) != secret {
			t.Errorf("sealed %q, %v", plain, err)
		}
		// Used up, the set makes room for another; the code counts in any case.
		if n := app.Count(t, tenant.Default, "backup_codes", "code_hash = $2", app.Keyring.MAC("backup code", robin, "abcdef0123")); n != 1 {
			t.Errorf("%d rows of the code", n)
		}
		app.Tx(t, tenant.Default, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE backup_codes SET used_at = 1 WHERE tenant_id = $1 AND user_id = $2`, robin)
			return err
		})
		o.Want(200, "POST", path, `{"type":"BackupCode","codes":`+givenCodes+`}`)
		if a := o.Want(200, "GET", path, ""); !strings.Contains(a.Text, `"remainCodes":0`) || !strings.Contains(a.Text, `"remainCodes":10`) {
			t.Errorf("listed %s", a.Text)
		}
	})
}

func TestFactors_Refuse(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		robin := "/api/users/" + app.CreateUser(t, "robin").ID + "/mfa-verifications"
		ann := app.CreateUser(t, "ann").ID
		addPasskey(t, app, ann, "passkey")
		full := "/api/users/" + ann + "/mfa-verifications"
		o := app.Operator(t)
		foreign := "/api/users/" + app.CreateUserIn(t, tenant.Admin, "zoe").ID + "/mfa-verifications"
		app.Refused(t,
			"POST "+full+` {"type":"BackupCode","codes":[]} -> 422 user.wrong_backup_code_format`,
			"POST "+full+` {"type":"BackupCode","codes":`+strings.Replace(givenCodes, "0000000000", "000000000g", 1)+`} -> 422 user.wrong_backup_code_format`,
			"POST "+full+` {"type":"BackupCode","codes":`+strings.Replace(givenCodes, "0000000000", "aBcDeF0123", 1)+`} -> 422 user.wrong_backup_code_format`,
			"POST "+full+` {"type":"BackupCode","codes":`+strings.Replace(givenCodes, "[", `["9999999999",`, 1)+`} -> 422 user.wrong_backup_code_format`,
		)
		o.Want(200, "POST", full, `{"type":"Totp"}`)
		o.Want(200, "POST", full, `{"type":"BackupCode"}`)
		app.Refused(t,
			"POST "+full+` {"type":"Totp"} -> 422 user.totp_already_in_use`,
			"POST "+full+` {"type":"Totp","secret":"short"} -> 422 user.totp_secret_invalid`,
			"POST "+full+` {"type":"BackupCode","codes":[]} -> 422 user.backup_code_already_in_use`,
			"POST "+robin+` {"type":"BackupCode","codes":[]} -> 422 session.mfa.backup_code_can_not_be_alone`,
			"POST "+robin+` {"type":"Totp","secret":"JBSWY3DPEHPK3PX"} -> 422 user.totp_secret_invalid`,
			"POST "+robin+` {"type":"Totp","secret":"JBSWY3DPEHPK3PXPA"} -> 422 user.totp_secret_invalid`,
			"POST "+robin+` {"type":"Totp","secret":"jbswy3dpehpk3pxp"} -> 422 user.totp_secret_invalid`,
			"POST "+robin+` {"type":"Totp","secret":"`+strings.Repeat("A", 33)+`"} -> 422 user.totp_secret_invalid`,
			"POST "+robin+` {"type":"Totp","secret":7} -> 400 guard.invalid_input`,
			"POST "+robin+` {"type":"WebAuthn"} -> 400 guard.invalid_input`,
			"POST "+robin+` {} -> 400 guard.invalid_input`,
			"POST "+foreign+` {"type":"Totp"} -> 404 entity.not_found`,
			"POST "+foreign+` {"type":"BackupCode"} -> 404 entity.not_found`,
			"GET "+foreign+` -> 404 entity.not_found`,
			"DELETE "+robin+`/passkey -> 404 entity.not_found`,
			"DELETE "+full+`/none -> 404 entity.not_found`,
		)
	})
}

// Of parallel sets of backup codes one is stored.
func TestFactors_ParallelBackupCodes(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, app *apptest.App) {
		path := "/api/users/" + app.CreateUser(t, "robin").ID + "/mfa-verifications"
		o := app.Operator(t)
		o.Want(200, "POST", path, `{"type":"Totp"}`)
		var group sync.WaitGroup
		for range 12 {
			group.Go(func() {
				if a := o.Do("POST", path, `{"type":"BackupCode"}`); a.StatusCode != 200 && a.Code() != "user.backup_code_already_in_use" {
					t.Errorf("%d %s", a.StatusCode, a.Text)
				}
			})
		}
		group.Wait()
		if n := app.Count(t, tenant.Default, "backup_codes", "TRUE"); n != 10 {
			t.Errorf("%d codes", n)
		}
	})
}
