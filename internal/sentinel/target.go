package sentinel

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"signet/internal/platform/crypt"
)

// Action is what was tried; passwords, codes and one-time tokens share their
// pools, so that a guesser gains nothing by changing between them.
type Action string

// The actions.
const (
	Password         Action = "Password"
	VerificationCode Action = "VerificationCode"
	OneTimeToken     Action = "OneTimeToken"
	TOTP             Action = "MfaTotp"
	WebAuthn         Action = "WebAuthn"
	BackupCode       Action = "MfaBackupCode"
)

// The pools in which failures are counted.
const (
	poolIdentifier = "identifier"
	poolUser       = "user"
)

var factorPools = map[Action]string{TOTP: "totp", WebAuthn: "webauthn", BackupCode: "backup-code"}

// Target is what an attempt is counted against.
type Target struct {
	pool   string
	action Action
	hash   []byte
	// kind and value name the target in an event, as it was typed.
	kind, value string
}

// ForIdentifier returns the targets of an attempt to prove an identifier: the
// identifier in any spelling and, so that changing between a user's identifiers
// gains nothing, the user. kind is "username", "email" or "phone"; userID is ""
// if nobody has the identifier, which costs the same.
func ForIdentifier(action Action, kind, value, userID string) []Target {
	folded := foldIdentifier(value)
	user := Target{pool: poolUser, action: action, kind: kind, value: value}
	if userID == "" {
		user.hash = crypt.Hash("nobody\x00" + folded)
	} else {
		user.hash = crypt.Hash(userID)
	}
	return []Target{{pool: poolIdentifier, action: action, hash: crypt.Hash(folded), kind: kind, value: value}, user}
}

// ForUser returns the target of an attempt by somebody who is known already: a
// second factor, each kind of which has a pool of its own, or the password
// before a change of the account, which shares the pool of signing in.
func ForUser(action Action, userID string) []Target {
	pool := poolUser
	if own, ok := factorPools[action]; ok {
		pool = own
	}
	return []Target{{pool: pool, action: action, hash: crypt.Hash(userID), kind: "userId", value: userID}}
}

// foldIdentifier gives every spelling that could mean the same principal one
// form: compatibility-composed, case-folded, without outer space. It may join
// what are two users; that shares their lockout, not their accounts.
func foldIdentifier(value string) string {
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(strings.TrimSpace(value))))
}

// inLockOrder sorts targets so that two attempts never wait for each other.
func inLockOrder(targets []Target) []Target {
	sorted := slices.Clone(targets)
	slices.SortFunc(sorted, func(a, b Target) int {
		return cmp.Or(cmp.Compare(a.pool, b.pool), bytes.Compare(a.hash, b.hash))
	})
	return sorted
}
