-- +goose Up
-- Devices that wait for a person to sign them in (RFC 8628).
CREATE TABLE device_codes (
  tenant_id TEXT NOT NULL,
  code_hash BLOB NOT NULL,
  user_code_hash BLOB NOT NULL,
  client_id TEXT NOT NULL,
  params TEXT CHECK (json_valid(params)) NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'denied')),
  grant_id TEXT,
  approval TEXT CHECK (json_valid(approval)),
  expires_at INTEGER NOT NULL,
  consumed_at INTEGER,
  PRIMARY KEY (tenant_id, code_hash),
  UNIQUE (tenant_id, user_code_hash),
  FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX device_codes_grant ON device_codes (tenant_id, grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX device_codes_purge ON device_codes (expires_at);
