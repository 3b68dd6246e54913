-- +goose Up
-- Deferred work of one lane shares a few places, so that a service which is slow
-- to answer keeps nobody else's work waiting.
ALTER TABLE jobs ADD COLUMN lane TEXT NOT NULL DEFAULT '';
