// Package token keeps what an OpenID Provider hands out: browser sessions,
// grants, authorization and device codes, refresh tokens and opaque access tokens,
// the keys that sign ID tokens and cookies, and the claims that ID tokens and
// userinfo carry. What ends a session leaves notices for the applications that
// want to be told; package logout delivers them. It decides no request: packages
// grant, authorize, logout and oidcapi compose its functions.
//
// Sessions, codes and tokens are 256 random bits, stored as their SHA-256
// digest. What may happen once is decided by the row count of one conditional
// statement. Whatever mints under a grant first locks the grant's row, so that
// nothing is minted past a revocation.
package token

import "time"

const (
	// GrantTTL is how long an authorization lives, whatever its tokens do.
	GrantTTL = 180 * 24 * time.Hour
	// CodeTTL is how long an authorization code may be redeemed.
	CodeTTL = 60 * time.Second
	// DeviceTTL is how long a device waits for a person, and may then fetch its
	// tokens.
	DeviceTTL = 10 * time.Minute
	// AccessTTL is the life of an opaque access token.
	AccessTTL = time.Hour
	// ReuseLeeway is how long a consumed refresh token still answers with its
	// successor: clients that refresh in parallel or lose an answer need it.
	ReuseLeeway = 3 * time.Second
)

// millis is a duration in the unit of stored timestamps.
func millis(d time.Duration) int64 { return d.Milliseconds() }
