package authorize

import (
	"context"
	"encoding/json"
	"errors"

	"signet/internal/oidc/proto"
	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/ids"
	"signet/internal/tenant"
)

const interactionColumns = `kind, prompt, client_id, session_uid, user_id, params, state, state_sealed, version, created_at, expires_at, finished_at`

type interactionRow struct {
	Kind        string                    `db:"kind"`
	Prompt      string                    `db:"prompt"`
	ClientID    string                    `db:"client_id"`
	SessionUID  *string                   `db:"session_uid"`
	UserID      *string                   `db:"user_id"`
	Params      db.JSON[Params]           `db:"params"`
	State       *db.JSON[json.RawMessage] `db:"state"`
	StateSealed []byte                    `db:"state_sealed"`
	Version     int                       `db:"version"`
	CreatedAt   int64                     `db:"created_at"`
	ExpiresAt   int64                     `db:"expires_at"`
	FinishedAt  *int64                    `db:"finished_at"`
}

// Begin stores a new interaction: in's kind, prompt, client, session, user,
// parameters and state. It sets UID, version and times.
func Begin(ctx context.Context, q db.Q, now int64, in *Interaction) error {
	in.UID = ids.Token()
	in.Version, in.CreatedAt, in.ExpiresAt, in.FinishedAt = 1, now, now+TTL.Milliseconds(), nil
	return q.Queue(ctx, `INSERT INTO interactions
		(tenant_id, id_hash, kind, prompt, client_id, session_uid, user_id, params, state, state_sealed, version, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		crypt.Hash(in.UID), in.Kind, in.Prompt, in.ClientID, in.SessionUID, in.UserID,
		db.JSON[Params]{V: in.Params}, stateColumn(in.State), in.StateSealed, in.Version, in.CreatedAt, in.ExpiresAt)
}

// ByUID returns the live interaction of that name, ErrNotFound if there is none.
func ByUID(ctx context.Context, q db.Q, now int64, uid string) (*Interaction, error) {
	row, err := db.One[interactionRow](ctx, q, `SELECT `+interactionColumns+` FROM interactions
		WHERE tenant_id = $1 AND id_hash = $2 AND expires_at > $3`, crypt.Hash(uid), now)
	if errors.Is(err, db.ErrNoRows) {
		return nil, ErrNotFound.Describe("interaction session not found")
	}
	if err != nil {
		return nil, err
	}
	in := &Interaction{
		UID: uid, Kind: row.Kind, Prompt: row.Prompt, ClientID: row.ClientID,
		SessionUID: row.SessionUID, UserID: row.UserID, Params: row.Params.V,
		StateSealed: row.StateSealed, Version: row.Version,
		CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt, FinishedAt: row.FinishedAt,
	}
	if row.State != nil {
		in.State = row.State.V
	}
	return in, nil
}

// SaveState stores State, StateSealed and UserID of an unfinished interaction
// if nobody else has saved it since in was loaded; else it is ErrConflict.
func SaveState(ctx context.Context, tx *db.Tx, in *Interaction) error {
	n, err := tx.Exec(ctx, `UPDATE interactions SET state = $4, state_sealed = $5, user_id = $6, version = version + 1
		WHERE tenant_id = $1 AND id_hash = $2 AND version = $3 AND finished_at IS NULL`,
		crypt.Hash(in.UID), in.versionIn(tx), stateColumn(in.State), in.StateSealed, in.UserID)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrConflict
	}
	in.saved++
	return nil
}

// versionIn returns the version that in has within tx. A transaction may be
// rolled back and run again, so what it saved counts only as long as it lasts
// or once it has committed.
func (in *Interaction) versionIn(tx *db.Tx) int {
	if in.tx != tx {
		in.tx, in.saved = tx, 0
		tx.AfterCommit(func() {
			in.Version += in.saved
			in.tx, in.saved = nil, 0
		})
	}
	return in.Version + in.saved
}

// Finish stores who signed in and ends the interaction: in's state is gone, and
// in.FinishedAt is set once tx has committed. The browser must go to redirectTo, where the authorization continues.
func Finish(ctx context.Context, tx *db.Tx, now int64, in *Interaction, l Login) (redirectTo string, err error) {
	return finish(ctx, tx, now, in, outcome{Login: &l})
}

func finish(ctx context.Context, tx *db.Tx, now int64, in *Interaction, o outcome) (string, error) {
	state, err := encode(o)
	if err != nil {
		return "", err
	}
	// What ends everything of a user finds the interaction by the user's id.
	userID := in.UserID
	if o.Login != nil {
		userID = &o.Login.UserID
	}
	n, err := tx.Exec(ctx, `UPDATE interactions SET state = $4, state_sealed = NULL, finished_at = $5, user_id = $6, version = version + 1
		WHERE tenant_id = $1 AND id_hash = $2 AND version = $3 AND finished_at IS NULL AND expires_at > $5`,
		crypt.Hash(in.UID), in.versionIn(tx), stateColumn(state), now, userID)
	if err != nil {
		return "", err
	}
	if n == 0 {
		return "", ErrConflict
	}
	in.saved++
	tx.AfterCommit(func() { in.FinishedAt = &now })
	return tenant.From(ctx).URL(in.resumePath()), nil
}

// take removes a finished interaction. Of several that try, one succeeds; the
// others get ErrNotFound.
func take(ctx context.Context, tx *db.Tx, now int64, in *Interaction) error {
	n, err := tx.Exec(ctx, `DELETE FROM interactions
		WHERE tenant_id = $1 AND id_hash = $2 AND finished_at IS NOT NULL AND expires_at > $3`,
		crypt.Hash(in.UID), now)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrNotFound.Describe("interaction session not found")
	}
	return nil
}

func encode(o outcome) (json.RawMessage, error) { return json.Marshal(o) }

func stateColumn(state json.RawMessage) *db.JSON[json.RawMessage] {
	if len(state) == 0 {
		return nil
	}
	return &db.JSON[json.RawMessage]{V: state}
}

// resumePath is where the authorization of an interaction continues.
func (in *Interaction) resumePath() string {
	if in.Kind == KindDevice {
		return proto.PathDevice + "/" + in.UID
	}
	return proto.PathAuthorization + "/" + in.UID
}
