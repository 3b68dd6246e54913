-- +goose Up
-- By the id of a grant alone, which no other tenant has either. An index that begins
-- with the tenant looks to PostgreSQL, until it has analyzed the table, like a way to
-- a single token: it would read all of the tenant's.
DROP INDEX access_tokens_grant;
CREATE INDEX access_tokens_grant ON access_tokens (grant_id) WHERE grant_id IS NOT NULL;
DROP INDEX refresh_tokens_grant;
CREATE INDEX refresh_tokens_grant ON refresh_tokens (grant_id);
