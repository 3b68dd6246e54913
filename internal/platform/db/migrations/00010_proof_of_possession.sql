-- +goose Up
-- The key that a code or token is bound to (RFC 9449), as its RFC 7638 thumbprint.
ALTER TABLE authorization_codes ADD COLUMN key_thumbprint TEXT;
ALTER TABLE refresh_tokens ADD COLUMN key_thumbprint TEXT;
ALTER TABLE access_tokens ADD COLUMN key_thumbprint TEXT;
-- How the user was authenticated, where the client has asked (OpenID Connect acr and amr).
ALTER TABLE authorization_codes ADD COLUMN authentication TEXT CHECK (json_valid(authentication));
ALTER TABLE refresh_tokens ADD COLUMN authentication TEXT CHECK (json_valid(authentication));
