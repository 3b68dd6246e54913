package token

import (
	"time"

	"signet/internal/platform/ids"
)

// logoutType keeps logout tokens apart from all others (OpenID Connect
// Back-Channel Logout section 2.4, RFC 8725 section 3.11).
const logoutType = "logout+jwt"

// logoutEvent is the member of "events" that makes a JWT a logout token.
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// LogoutToken is what an application is told when a user has been signed out
// (OpenID Connect Back-Channel Logout section 2.4).
type LogoutToken struct {
	Issuer   string
	Subject  string
	Audience string
	IssuedAt int64 // epoch milliseconds
	TTL      time.Duration
	SID      string // "" leaves it out: every session of the user has ended
	// Algorithm is that of the application's ID tokens.
	Algorithm string
}

// SignLogout returns the compact serialisation of a logout token.
func (s *KeySet) SignLogout(t LogoutToken) (string, error) {
	issued := t.IssuedAt / 1000
	claims := map[string]any{
		"iss": t.Issuer, "sub": t.Subject, "aud": t.Audience, "iat": issued, "exp": issued + int64(t.TTL.Seconds()),
		"jti": ids.Token(), "events": map[string]any{logoutEvent: struct{}{}},
	}
	if t.SID != "" {
		claims["sid"] = t.SID
	}
	signs, err := s.with(t.Algorithm)
	if err != nil {
		return "", err
	}
	return serialize(signs.logout, claims)
}
