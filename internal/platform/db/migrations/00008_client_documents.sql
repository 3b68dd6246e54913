-- +goose Up
-- What clients that are known by an address publish there about themselves, as it
-- was fetched last.
CREATE TABLE cimd_clients (
  tenant_id TEXT NOT NULL,
  client_id_hash BLOB NOT NULL,
  client_id TEXT NOT NULL,
  document TEXT CHECK (json_valid(document)) NOT NULL,
  fetched_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, client_id_hash)
) STRICT;
CREATE INDEX cimd_clients_purge ON cimd_clients (expires_at);
