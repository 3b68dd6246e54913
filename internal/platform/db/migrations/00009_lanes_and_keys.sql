-- +goose Up
-- Deferred work of one lane shares a few places, so that a service which is slow
-- to answer keeps nobody else's work waiting.
ALTER TABLE jobs ADD COLUMN lane TEXT NOT NULL DEFAULT '';

-- Keys that sign beside the primary one, with other algorithms, for applications
-- that choose them.
ALTER TABLE signing_keys ADD COLUMN role TEXT NOT NULL DEFAULT 'primary' CHECK (role IN ('primary', 'additional'));
DROP INDEX signing_keys_slot;
CREATE UNIQUE INDEX signing_keys_slot ON signing_keys (tenant_id, purpose, role, algorithm, status) WHERE status <> 'Previous';
