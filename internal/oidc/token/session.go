package token

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"signet/internal/platform/crypt"
	"signet/internal/platform/db"
	"signet/internal/platform/errs"
	"signet/internal/platform/ids"
)

// ErrSessionNotFound says that no such session is alive.
var ErrSessionNotFound = errs.New(404, "oidc.session_not_found")

// sessionRenewal is how old a session's last renewal is before use renews it
// again: an hour, so that reading pages does not write a row each time.
const sessionRenewal = time.Hour

// Session is a browser's session with the provider. It exists before anybody
// signs in, so that an interaction can be bound to it; times are milliseconds.
type Session struct {
	// UID names the session for its whole life; the cookie's value is another
	// one, which rotates when somebody signs in.
	UID            string
	UserID         *string
	LoginAt        *int64
	ClientID       *string // the application at which the user signed in
	AMR            []string
	LastSubmission json.RawMessage // what the last sign-in consisted of
	CreatedAt      int64
	RenewedAt      int64
	ExpiresAt      int64
}

// TTL is how long the session lives from its last renewal.
func (s *Session) TTL() time.Duration {
	return time.Duration(s.ExpiresAt-s.RenewedAt) * time.Millisecond
}

// Login is what a completed sign-in adds to a session.
type Login struct {
	UserID     string
	AMR        []string // RFC 8176 values
	ClientID   string
	Submission json.RawMessage // nil keeps the session's last one
}

type sessionRow struct {
	UID            string                    `db:"uid"`
	UserID         *string                   `db:"user_id"`
	LoginAt        *int64                    `db:"login_at"`
	ClientID       *string                   `db:"client_id"`
	AMR            *db.JSON[[]string]        `db:"amr"`
	LastSubmission *db.JSON[json.RawMessage] `db:"last_submission"`
	CreatedAt      int64                     `db:"created_at"`
	RenewedAt      int64                     `db:"renewed_at"`
	ExpiresAt      int64                     `db:"expires_at"`
}

const selectSession = `SELECT uid, user_id, login_at, client_id, amr, last_submission, created_at, renewed_at, expires_at
	FROM sessions WHERE tenant_id = $1 AND `

func (r sessionRow) session() *Session {
	s := &Session{
		UID: r.UID, UserID: r.UserID, LoginAt: r.LoginAt, ClientID: r.ClientID,
		CreatedAt: r.CreatedAt, RenewedAt: r.RenewedAt, ExpiresAt: r.ExpiresAt,
	}
	if r.AMR != nil {
		s.AMR = r.AMR.V
	}
	if r.LastSubmission != nil {
		s.LastSubmission = r.LastSubmission.V
	}
	return s
}

// SessionByCookie returns the live session of a cookie value; nil if there is
// none.
func SessionByCookie(ctx context.Context, q db.Q, now int64, cookie string) (*Session, error) {
	if cookie == "" {
		return nil, nil
	}
	return oneSession(ctx, q, `id_hash = $2 AND expires_at > $3`, crypt.Hash(cookie), now)
}

// SessionByUID returns a live session by its stable id; nil if there is none.
func SessionByUID(ctx context.Context, q db.Q, now int64, uid string) (*Session, error) {
	return oneSession(ctx, q, `uid = $2 AND expires_at > $3`, uid, now)
}

func oneSession(ctx context.Context, q db.Q, where string, args ...any) (*Session, error) {
	row, err := db.One[sessionRow](ctx, q, selectSession+where, args...)
	if errors.Is(err, db.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return row.session(), nil
}

// SessionsOf returns the live sessions of a user, the newest first.
func SessionsOf(ctx context.Context, q db.Q, now int64, userID string) ([]Session, error) {
	rows, err := db.All[sessionRow](ctx, q, selectSession+`user_id = $2 AND expires_at > $3 ORDER BY uid DESC`, userID, now)
	if err != nil {
		return nil, err
	}
	sessions := make([]Session, 0, len(rows))
	for _, row := range rows {
		sessions = append(sessions, *row.session())
	}
	return sessions, nil
}

// StartSession makes a session that nobody has signed in to yet and returns it
// with the value of its cookie.
func StartSession(ctx context.Context, tx *db.Tx, now int64, ttl time.Duration) (*Session, string, error) {
	cookie := ids.Token()
	s := &Session{
		UID: ids.Ordered(time.UnixMilli(now)), CreatedAt: now, RenewedAt: now, ExpiresAt: now + millis(ttl),
	}
	err := tx.Queue(ctx, `INSERT INTO sessions (tenant_id, uid, id_hash, created_at, renewed_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6)`, s.UID, crypt.Hash(cookie), s.CreatedAt, s.RenewedAt, s.ExpiresAt)
	if err != nil {
		return nil, "", err
	}
	return s, cookie, nil
}

// LoginSession signs a user in to the session, renews it, and returns the new
// value of its cookie: the old value dies, so a value planted before the sign-in
// is worth nothing after it. A session of another user, or one that has ended
// meanwhile, is ErrSessionNotFound.
func LoginSession(ctx context.Context, tx *db.Tx, now int64, s *Session, l Login) (string, error) {
	cookie := ids.Token()
	submission := s.LastSubmission
	if l.Submission != nil {
		submission = l.Submission
	}
	expiresAt := now + millis(s.TTL())
	n, err := tx.Exec(ctx, `UPDATE sessions SET id_hash = $3, user_id = $4, login_at = $5, amr = $6, client_id = $7,
			last_submission = $8, renewed_at = $5, expires_at = $9
		WHERE tenant_id = $1 AND uid = $2 AND expires_at > $5 AND (user_id IS NULL OR user_id = $4)`,
		s.UID, crypt.Hash(cookie), l.UserID, now, db.JSON[[]string]{V: l.AMR}, l.ClientID, nullJSON(submission), expiresAt)
	if err != nil {
		return "", err
	}
	if n == 0 {
		return "", ErrSessionNotFound
	}
	s.UserID, s.LoginAt, s.ClientID, s.AMR = &l.UserID, &now, &l.ClientID, l.AMR
	s.LastSubmission, s.RenewedAt, s.ExpiresAt = submission, now, expiresAt
	return cookie, nil
}

// nullJSON is the column value of an optional document.
func nullJSON(raw json.RawMessage) *db.JSON[json.RawMessage] {
	if raw == nil {
		return nil
	}
	return &db.JSON[json.RawMessage]{V: raw}
}

// RenewSession extends a session that is in use to its full life again, at most
// once an hour; it reports whether it did, so that the cookie can follow.
func RenewSession(ctx context.Context, q db.Q, now int64, s *Session, ttl time.Duration) (bool, error) {
	if now-s.RenewedAt < millis(sessionRenewal) {
		return false, nil
	}
	expiresAt := now + millis(ttl)
	n, err := q.Exec(ctx, `UPDATE sessions SET renewed_at = $3, expires_at = $4
		WHERE tenant_id = $1 AND uid = $2 AND renewed_at < $3 AND expires_at > $3`, s.UID, now, expiresAt)
	if err != nil || n == 0 {
		return false, err
	}
	s.RenewedAt, s.ExpiresAt = now, expiresAt
	return true, nil
}

// EndSession destroys a session as DropSession does. Grants made in it are
// revoked, except those with offline_access, which lose only the tokens that
// were bound to the session.
func EndSession(ctx context.Context, tx *db.Tx, now int64, uid string) error {
	grants, err := db.All[string](ctx, tx, `SELECT id FROM grants
		WHERE tenant_id = $1 AND session_uid = $2 AND NOT is_offline AND revoked_at IS NULL ORDER BY id`, uid)
	if err != nil {
		return err
	}
	for _, id := range grants {
		if err := RevokeGrant(ctx, tx, now, id); err != nil {
			return err
		}
	}
	return DropSession(ctx, tx, now, uid)
}

// DropSession destroys a session and the tokens that were bound to it, but no
// grant, and leaves a notice for each of its applications that wants one.
func DropSession(ctx context.Context, tx *db.Tx, now int64, uid string) error {
	for _, table := range []string{"refresh_tokens", "access_tokens"} {
		_, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE tenant_id = $1 AND session_uid = $2
			AND grant_id IN (SELECT id FROM grants WHERE tenant_id = $1 AND session_uid = $2)`, uid)
		if err != nil {
			return err
		}
	}
	userID, members, err := dropSessions(ctx, tx, `uid = $2`, uid)
	if err != nil {
		return err
	}
	return notify(ctx, tx, now, userID, members)
}

// HoldSession locks a session until tx ends: nobody joins it meanwhile.
func HoldSession(ctx context.Context, tx *db.Tx, uid string) error {
	_, err := db.All[string](ctx, tx, `SELECT uid FROM sessions WHERE tenant_id = $1 AND uid = $2`+tx.Dialect().ForUpdate(), uid)
	return err
}

// dropSessions deletes sessions, all of one user, and returns who that is and
// which applications took part. The rows are locked first: nobody joins a session
// unnoticed that is about to end, and of two that end it one alone tells.
func dropSessions(ctx context.Context, tx *db.Tx, where, arg string) (userID string, members []membership, err error) {
	users, err := db.All[*string](ctx, tx, `SELECT user_id FROM sessions WHERE tenant_id = $1 AND `+where+` ORDER BY uid`+
		tx.Dialect().ForUpdate(), arg)
	if err != nil || len(users) == 0 {
		return "", nil, err
	}
	if users[0] != nil {
		userID = *users[0]
		members, err = db.All[membership](ctx, tx, `SELECT client_id, sid FROM session_clients WHERE tenant_id = $1
			AND session_uid IN (SELECT uid FROM sessions WHERE tenant_id = $1 AND `+where+`) ORDER BY session_uid, client_id`, arg)
		if err != nil {
			return "", nil, err
		}
	}
	_, err = tx.Exec(ctx, `DELETE FROM sessions WHERE tenant_id = $1 AND `+where, arg)
	return userID, members, err
}

// SessionClient is an application that the user of a session has signed in to.
type SessionClient struct {
	ClientID string `db:"client_id"`
	// SID names the pair of session and application towards the application
	// (OpenID Connect Front- and Back-Channel Logout).
	SID                string  `db:"sid"`
	GrantID            *string `db:"grant_id"`
	IsLogoutPersistent bool    `db:"is_logout_persistent"` // the grant outlives the session
}

// AuthorizeClient notes that a session has authorized an application under a
// grant, and returns the sid of the pair, which stays the same each time. It is
// ErrSessionNotFound if the session has ended meanwhile.
func AuthorizeClient(ctx context.Context, tx *db.Tx, sessionUID, clientID, grantID string, persistent bool) (string, error) {
	sid, err := db.One[string](ctx, tx, `INSERT INTO session_clients (tenant_id, session_uid, client_id, sid, grant_id, is_logout_persistent)
		SELECT $1, uid, $3, $4, $5, CASE WHEN $6 THEN TRUE ELSE FALSE END
		FROM sessions WHERE tenant_id = $1 AND uid = $2`+tx.Dialect().ForReference()+`
		ON CONFLICT (tenant_id, session_uid, client_id) DO UPDATE SET grant_id = excluded.grant_id,
			is_logout_persistent = session_clients.is_logout_persistent OR excluded.is_logout_persistent
		RETURNING sid`, sessionUID, clientID, ids.Token(), grantID, persistent)
	if errors.Is(err, db.ErrNoRows) {
		err = ErrSessionNotFound
	}
	return sid, err
}

// SessionClients returns the applications of a session, ordered by their ids.
func SessionClients(ctx context.Context, q db.Q, sessionUID string) ([]SessionClient, error) {
	return db.All[SessionClient](ctx, q, `SELECT client_id, sid, grant_id, is_logout_persistent
		FROM session_clients WHERE tenant_id = $1 AND session_uid = $2 ORDER BY client_id`, sessionUID)
}

// ClientsOf returns the applications of each of a user's sessions by its UID, ordered
// by their ids.
func ClientsOf(ctx context.Context, q db.Q, userID string) (map[string][]SessionClient, error) {
	type row struct {
		SessionUID string `db:"session_uid"`
		SessionClient
	}
	rows, err := db.All[row](ctx, q, `SELECT session_uid, client_id, sid, grant_id, is_logout_persistent
		FROM session_clients WHERE tenant_id = $1
			AND session_uid IN (SELECT uid FROM sessions WHERE tenant_id = $1 AND user_id = $2)
		ORDER BY session_uid, client_id`, userID)
	if err != nil {
		return nil, err
	}
	clients := map[string][]SessionClient{}
	for _, r := range rows {
		clients[r.SessionUID] = append(clients[r.SessionUID], r.SessionClient)
	}
	return clients, nil
}

// SIDOf returns the sid of the session and application that a grant belongs to;
// "" once the session has ended, or the grant is no longer its latest there.
func SIDOf(ctx context.Context, q db.Q, grantID string) (string, error) {
	sid, err := db.One[string](ctx, q, `SELECT sid FROM session_clients WHERE tenant_id = $1 AND grant_id = $2 LIMIT 1`, grantID)
	if errors.Is(err, db.ErrNoRows) {
		return "", nil
	}
	return sid, err
}
