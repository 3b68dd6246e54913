-- +goose Up
-- Authorization requests that clients have sent ahead (RFC 9126).
CREATE TABLE pushed_requests (
  tenant_id TEXT NOT NULL,
  uri_hash BLOB NOT NULL,
  client_id TEXT NOT NULL,
  params TEXT CHECK (json_valid(params)) NOT NULL,
  expires_at INTEGER NOT NULL,
  consumed_at INTEGER,
  PRIMARY KEY (tenant_id, uri_hash)
) STRICT;
CREATE INDEX pushed_requests_purge ON pushed_requests (expires_at);
