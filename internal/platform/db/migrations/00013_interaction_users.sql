-- +goose Up
-- What ends everything of a user ends the authorizations that are under way too.
CREATE INDEX interactions_user ON interactions (tenant_id, user_id) WHERE user_id IS NOT NULL;
