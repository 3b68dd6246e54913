package signin_test

import (
	"encoding/hex"
	"fmt"
	"strings"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
)

// row is what a row of the database says, as far as walks may change it. Owner is the
// user to whom it belongs.
type row struct {
	Kind  string `db:"kind"`
	ID    string `db:"id"`
	Owner string `db:"owner"`
	Value string `db:"value"`
}

// The kinds of rows.
const (
	userRow        = "user"
	keyRow         = "key"
	sessionRow     = "session"
	interactionRow = "interaction"
	grantRow       = "grant"
	codeRow        = "code"
	tokenRow       = "token"
)

// rows are those that have not expired, by kind and id.
type rows map[[2]string]row

const everything = `
SELECT 'user' AS kind, id, id AS owner, COALESCE(username, '') || ' ' || COALESCE(password_hash, '') || ' ' || COALESCE(name, '')
	|| CASE WHEN is_suspended THEN ' suspended' ELSE '' END || CASE WHEN is_mfa_enabled THEN ' mfa' ELSE '' END
	|| CASE WHEN is_mfa_prompt_skipped THEN ' skipped' ELSE '' END AS value FROM users WHERE tenant_id = $1
UNION ALL SELECT 'key', {credential_id}, user_id, CAST(sign_count AS TEXT) FROM webauthn_credentials WHERE tenant_id = $1
UNION ALL SELECT 'session', uid, COALESCE(user_id, ''), {id_hash} || ' ' || COALESCE(CAST(login_at AS TEXT), '') || ' ' || COALESCE(CAST(amr AS TEXT), '')
	FROM sessions WHERE tenant_id = $1 AND expires_at > $2
UNION ALL SELECT 'interaction', {id_hash}, COALESCE(user_id, ''), CAST(version AS TEXT) FROM interactions WHERE tenant_id = $1 AND expires_at > $2
UNION ALL SELECT 'grant', id, user_id, client_id || ' ' || oidc_scope || CASE WHEN revoked_at IS NULL THEN '' ELSE ' revoked' END
	FROM grants WHERE tenant_id = $1 AND expires_at > $2
UNION ALL SELECT 'code', {code_hash}, g.user_id, CASE WHEN c.consumed_at IS NULL THEN '' ELSE 'used' END FROM authorization_codes c
	JOIN grants g ON g.tenant_id = c.tenant_id AND g.id = c.grant_id WHERE c.tenant_id = $1 AND c.expires_at > $2
UNION ALL SELECT 'token', {r.token_hash}, g.user_id, CASE WHEN r.consumed_at IS NULL THEN '' ELSE 'used' END FROM refresh_tokens r
	JOIN grants g ON g.tenant_id = r.tenant_id AND g.id = r.grant_id WHERE r.tenant_id = $1 AND r.expires_at > $2`

// look reads the rows.
func (w *world) look() rows {
	w.t.Helper()
	query := everything
	for _, column := range []string{"credential_id", "id_hash", "code_hash", "r.token_hash"} {
		expression := "lower(hex(" + column + "))"
		if w.app.Pool.Dialect() == db.Postgres {
			expression = "encode(" + column + ", 'hex')"
		}
		query = strings.ReplaceAll(query, "{"+column+"}", expression)
	}
	list, err := db.All[row](w.t.Context(), w.app.DB(), query, w.app.Clock.Now().UnixMilli())
	if err != nil {
		w.t.Fatal(err)
	}
	all := rows{}
	for _, r := range list {
		all[[2]string{r.Kind, r.ID}] = r
	}
	return all
}

// change is a row that came (+), went (-) or became another (~).
type change struct {
	row
	how byte
}

func (c change) String() string { return fmt.Sprintf("%c%s %.12s of %s", c.how, c.Kind, c.ID, c.Owner) }

// since lists what is different now.
func (now rows) since(before rows) []change {
	var changes []change
	for key, r := range now {
		if old, ok := before[key]; !ok {
			changes = append(changes, change{r, '+'})
		} else if old != r {
			changes = append(changes, change{r, '~'})
		}
	}
	for key, r := range before {
		if _, ok := now[key]; !ok {
			changes = append(changes, change{r, '-'})
		}
	}
	return changes
}

// forget removes what earlier walks have left.
func (w *world) forget() {
	w.t.Helper()
	for _, table := range []string{"interactions", "sessions", "users"} {
		if _, err := w.app.DB().Exec(w.t.Context(), `DELETE FROM `+table+` WHERE tenant_id = $1`); err != nil {
			w.t.Fatal(err)
		}
	}
}

// rowOf is the id of an interaction's row.
func rowOf(uid string) string { return hex.EncodeToString(crypt.Hash(uid)) }
