// Package mfa knows second factors: the WebAuthn credentials of users, and the
// ceremonies that register and use them. Ceremonies are pure functions over a
// Challenge, which the caller keeps between its two halves; they verify every
// step of WebAuthn Level 3 sections 7.1 and 7.2 and store nothing. What a user
// has to prove, and when, is decided by the packages above.
package mfa

import (
	"signet/internal/platform/db"
)

// Credential is a public key that a user registered: a security key, a device
// or a synced passkey. It serialises to JSON, so that a verified registration
// can wait for being bound.
type Credential struct {
	ID     string `db:"id" json:"id"`
	UserID string `db:"user_id" json:"userId"`
	// RPID is the relying party that it answers to; nil until its first use if
	// it was imported from elsewhere.
	RPID         *string `db:"rp_id" json:"rpId,omitempty"`
	CredentialID []byte  `db:"credential_id" json:"credentialId"`
	// PublicKey is a COSE key (RFC 9052 section 7), Algorithm its number.
	PublicKey  []byte            `db:"public_key" json:"publicKey"`
	Algorithm  int64             `db:"algorithm" json:"algorithm"`
	SignCount  int64             `db:"sign_count" json:"signCount"`
	Transports db.JSON[[]string] `db:"transports" json:"transports"`
	// AAGUID names the model; all zero if the browser hid it.
	AAGUID            []byte  `db:"aaguid" json:"aaguid,omitempty"`
	AttestationFormat *string `db:"attestation_format" json:"attestationFormat,omitempty"`
	// The flags are nil where nothing is known.
	IsDiscoverable   *bool `db:"is_discoverable" json:"isDiscoverable,omitempty"`
	IsBackupEligible *bool `db:"is_backup_eligible" json:"isBackupEligible,omitempty"`
	IsBackedUp       *bool `db:"is_backed_up" json:"isBackedUp,omitempty"`
	IsUVInitialized  *bool `db:"is_uv_initialized" json:"isUvInitialized,omitempty"`
	// UserAgent is the browser that registered it, as it named itself.
	UserAgent  *string `db:"user_agent" json:"userAgent,omitempty"`
	Name       *string `db:"name" json:"name,omitempty"`
	CreatedAt  int64   `db:"created_at" json:"createdAt"`
	LastUsedAt *int64  `db:"last_used_at" json:"lastUsedAt,omitempty"`
}
