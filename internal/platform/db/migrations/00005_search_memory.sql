-- +goose Up
-- sqlite>
-- What the search index keeps in memory of a transaction before it writes: an
-- import's batch should fit, one person takes some 4 kB.
INSERT INTO users_search (users_search, rank) VALUES ('hashsize', 16777216);
-- <sqlite
--pg SELECT 1;
