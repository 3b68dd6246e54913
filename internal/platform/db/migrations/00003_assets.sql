-- +goose Up
-- Whose pictures these are: they go with their owner.
CREATE INDEX assets_owner ON assets (tenant_id, owner_user_id) WHERE owner_user_id IS NOT NULL;
