-- +goose Up
-- What a client that registered itself (RFC 7591) was registered for; null for those
-- that operators register.
ALTER TABLE applications ADD COLUMN registration TEXT CHECK (json_valid(registration));
CREATE INDEX applications_registered ON applications (tenant_id, created_at) WHERE registration IS NOT NULL;

-- With which a client reads, changes and deletes its own registration (RFC 7592).
CREATE TABLE registration_tokens (
  tenant_id TEXT NOT NULL,
  application_id TEXT NOT NULL,
  token_hash BLOB NOT NULL,
  PRIMARY KEY (tenant_id, application_id),
  FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX registration_tokens_hash ON registration_tokens (tenant_id, token_hash);

-- With which somebody may register clients.
CREATE TABLE initial_access_tokens (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  token_hash BLOB NOT NULL,
  max_uses INTEGER,
  uses INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE UNIQUE INDEX initial_access_tokens_hash ON initial_access_tokens (tenant_id, token_hash);
CREATE INDEX initial_access_tokens_purge ON initial_access_tokens (expires_at) WHERE expires_at IS NOT NULL;
