-- +goose Up
-- What the Management API administers: organizations, more of users and
-- applications, one-time tokens, counts and search. Written as 00001 is.

--pg CREATE EXTENSION IF NOT EXISTS pg_trgm;
--pg CREATE EXTENSION IF NOT EXISTS btree_gin;

CREATE TABLE entity_counts (             -- sharded row counts behind Total-Number, usersCount
  tenant_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  ref_id TEXT NOT NULL DEFAULT '',
  shard INTEGER NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, kind, ref_id, shard)
) STRICT, WITHOUT ROWID;
--pg ALTER TABLE entity_counts SET (fillfactor = 50);

CREATE TABLE assets (                    -- uploads: avatars, logos, custom UI zips
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  path TEXT NOT NULL,
  kind TEXT NOT NULL,
  content_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  content_hash BLOB NOT NULL,
  storage TEXT NOT NULL,                 -- 'inline' or the provider's name
  data BLOB,
  owner_user_id TEXT,
  pending_until INTEGER,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, path)
) STRICT;
CREATE INDEX assets_pending ON assets (pending_until) WHERE pending_until IS NOT NULL;

CREATE TABLE user_identities (           -- social
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  target TEXT NOT NULL,
  identity_id TEXT NOT NULL,
  details TEXT CHECK (json_valid(details)),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, user_id, target),
  UNIQUE (tenant_id, target, identity_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE totp_factors (              -- one per user
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  id TEXT NOT NULL,
  secret_sealed BLOB NOT NULL,
  last_used_step INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER,
  PRIMARY KEY (tenant_id, user_id),
  UNIQUE (tenant_id, id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE backup_code_sets (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX backup_code_sets_user ON backup_code_sets (tenant_id, user_id);

CREATE TABLE backup_codes (              -- one row per code
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  code_hash BLOB NOT NULL,               -- HMAC over user and code
  set_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  code_sealed BLOB NOT NULL,             -- the Account API shows codes again
  used_at INTEGER,
  PRIMARY KEY (tenant_id, user_id, code_hash, set_id),
  FOREIGN KEY (tenant_id, set_id) REFERENCES backup_code_sets (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX backup_codes_set ON backup_codes (tenant_id, set_id, position);

CREATE TABLE personal_access_tokens (
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  name TEXT NOT NULL,
  value_hash BLOB NOT NULL,
  value_sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (tenant_id, user_id, name),
  UNIQUE (tenant_id, value_hash),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE subject_tokens (            -- impersonation, single use
  tenant_id TEXT NOT NULL,
  token_hash BLOB NOT NULL,
  user_id TEXT NOT NULL,
  creator_id TEXT NOT NULL,
  context TEXT CHECK (json_valid(context)) NOT NULL DEFAULT '{}',
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  consumed_at INTEGER,
  PRIMARY KEY (tenant_id, token_hash),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX subject_tokens_user ON subject_tokens (tenant_id, user_id);
CREATE INDEX subject_tokens_purge ON subject_tokens (expires_at);

CREATE TABLE daily_active_users (
  tenant_id TEXT NOT NULL,
  day INTEGER NOT NULL,                  -- days since 1970-01-01
  user_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, day, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE daily_stats (               -- one row per tenant and finished day
  tenant_id TEXT NOT NULL,
  day INTEGER NOT NULL,
  dau INTEGER NOT NULL, wau INTEGER NOT NULL, mau INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE daily_token_usage (         -- each node adds to its own row
  tenant_id TEXT NOT NULL,
  day INTEGER NOT NULL,                  -- UTC
  node TEXT NOT NULL,
  user_tokens INTEGER NOT NULL DEFAULT 0,
  m2m_tokens INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, day, node)
) STRICT, WITHOUT ROWID;

CREATE TABLE sso_connectors (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  provider_name TEXT NOT NULL,
  connector_name TEXT NOT NULL,
  config_sealed BLOB NOT NULL,
  branding TEXT CHECK (json_valid(branding)) NOT NULL DEFAULT '{}',
  is_sync_profile INT CHECK (is_sync_profile IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  is_token_storage_enabled INT CHECK (is_token_storage_enabled IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, connector_name)
) STRICT;

CREATE TABLE sso_connector_domains (     -- "which SSO for this e-mail domain" is one index read
  tenant_id TEXT NOT NULL,
  domain TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, domain, connector_id),
  FOREIGN KEY (tenant_id, connector_id) REFERENCES sso_connectors (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX sso_connector_domains_connector ON sso_connector_domains (tenant_id, connector_id, position);

CREATE TABLE user_sso_identities (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  issuer TEXT NOT NULL,
  identity_id TEXT NOT NULL,
  detail TEXT CHECK (json_valid(detail)) NOT NULL DEFAULT '{}',
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, connector_id, issuer, identity_id),
  UNIQUE (tenant_id, user_id, connector_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, connector_id) REFERENCES sso_connectors (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE organizations (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  search_text TEXT NOT NULL,
  is_mfa_required INT CHECK (is_mfa_required IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  is_trusted_device_allowed INT CHECK (is_trusted_device_allowed IN (FALSE, TRUE)) NOT NULL DEFAULT TRUE,
  custom_data TEXT CHECK (json_valid(custom_data)) NOT NULL DEFAULT '{}',
  color TEXT CHECK (json_valid(color)) NOT NULL DEFAULT '{}',
  branding TEXT CHECK (json_valid(branding)) NOT NULL DEFAULT '{}',
  custom_css TEXT,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE INDEX organizations_created ON organizations (tenant_id, created_at, id);
--pg CREATE INDEX organizations_search ON organizations USING gin (tenant_id, search_text gin_trgm_ops);

CREATE TABLE organization_roles (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  type TEXT NOT NULL DEFAULT 'User' CHECK (type IN ('User', 'MachineToMachine')),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name)
) STRICT;

CREATE TABLE organization_scopes (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name)
) STRICT;

CREATE TABLE organization_role_scopes (
  tenant_id TEXT NOT NULL,
  organization_role_id TEXT NOT NULL,
  organization_scope_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, organization_role_id, organization_scope_id),
  FOREIGN KEY (tenant_id, organization_role_id) REFERENCES organization_roles (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, organization_scope_id) REFERENCES organization_scopes (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX organization_role_scopes_scope ON organization_role_scopes (tenant_id, organization_scope_id);

CREATE TABLE organization_role_resource_scopes (
  tenant_id TEXT NOT NULL,
  organization_role_id TEXT NOT NULL,
  scope_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, organization_role_id, scope_id),
  FOREIGN KEY (tenant_id, organization_role_id) REFERENCES organization_roles (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, scope_id) REFERENCES scopes (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX organization_role_resource_scopes_scope ON organization_role_resource_scopes (tenant_id, scope_id);

CREATE TABLE organization_users (
  tenant_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, organization_id, user_id),
  FOREIGN KEY (tenant_id, organization_id) REFERENCES organizations (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX organization_users_user ON organization_users (tenant_id, user_id);

CREATE TABLE organization_user_roles (
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  organization_role_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, user_id, organization_id, organization_role_id),
  FOREIGN KEY (tenant_id, organization_id, user_id) REFERENCES organization_users (tenant_id, organization_id, user_id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, organization_role_id) REFERENCES organization_roles (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX organization_user_roles_role ON organization_user_roles (tenant_id, organization_role_id);
CREATE INDEX organization_user_roles_member ON organization_user_roles (tenant_id, organization_id, user_id);

CREATE TABLE organization_jit_email_domains (
  tenant_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  email_domain TEXT NOT NULL,
  domain_key TEXT NOT NULL,
  PRIMARY KEY (tenant_id, organization_id, email_domain),
  FOREIGN KEY (tenant_id, organization_id) REFERENCES organizations (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX organization_jit_email_domains_domain ON organization_jit_email_domains (tenant_id, domain_key);

CREATE TABLE organization_jit_sso_connectors (
  tenant_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  sso_connector_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, organization_id, sso_connector_id),
  FOREIGN KEY (tenant_id, organization_id) REFERENCES organizations (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, sso_connector_id) REFERENCES sso_connectors (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX organization_jit_sso_connectors_connector ON organization_jit_sso_connectors (tenant_id, sso_connector_id);

CREATE TABLE organization_jit_roles (
  tenant_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  organization_role_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, organization_id, organization_role_id),
  FOREIGN KEY (tenant_id, organization_id) REFERENCES organizations (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, organization_role_id) REFERENCES organization_roles (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX organization_jit_roles_role ON organization_jit_roles (tenant_id, organization_role_id);

CREATE TABLE organization_invitations (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  inviter_id TEXT,
  invitee TEXT NOT NULL,
  invitee_key TEXT NOT NULL,
  accepted_user_id TEXT,
  status TEXT NOT NULL DEFAULT 'Pending' CHECK (status IN ('Pending', 'Accepted', 'Expired', 'Revoked')),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, organization_id) REFERENCES organizations (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, inviter_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, accepted_user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX organization_invitations_pending ON organization_invitations (tenant_id, organization_id, invitee) WHERE status = 'Pending';
CREATE INDEX organization_invitations_created ON organization_invitations (tenant_id, organization_id, created_at DESC);
CREATE INDEX organization_invitations_invitee ON organization_invitations (tenant_id, invitee_key);
CREATE INDEX organization_invitations_inviter ON organization_invitations (tenant_id, inviter_id) WHERE inviter_id IS NOT NULL;
CREATE INDEX organization_invitations_accepted ON organization_invitations (tenant_id, accepted_user_id) WHERE accepted_user_id IS NOT NULL;

CREATE TABLE organization_invitation_roles (
  tenant_id TEXT NOT NULL,
  invitation_id TEXT NOT NULL,
  organization_role_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, invitation_id, organization_role_id),
  FOREIGN KEY (tenant_id, invitation_id) REFERENCES organization_invitations (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, organization_role_id) REFERENCES organization_roles (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX organization_invitation_roles_role ON organization_invitation_roles (tenant_id, organization_role_id);

CREATE TABLE application_sign_in_experiences (
  tenant_id TEXT NOT NULL,
  application_id TEXT NOT NULL,
  display_name TEXT, terms_of_use_url TEXT, privacy_policy_url TEXT, custom_css TEXT,
  color TEXT CHECK (json_valid(color)) NOT NULL DEFAULT '{}',
  branding TEXT CHECK (json_valid(branding)) NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, application_id),
  FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE application_roles (         -- machine-to-machine
  tenant_id TEXT NOT NULL,
  application_id TEXT NOT NULL,
  role_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, application_id, role_id),
  FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX application_roles_role ON application_roles (tenant_id, role_id);

CREATE TABLE organization_applications (
  tenant_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  application_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, organization_id, application_id),
  FOREIGN KEY (tenant_id, organization_id) REFERENCES organizations (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX organization_applications_application ON organization_applications (tenant_id, application_id);

CREATE TABLE organization_application_roles (
  tenant_id TEXT NOT NULL,
  application_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  organization_role_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, application_id, organization_id, organization_role_id),
  FOREIGN KEY (tenant_id, organization_id, application_id) REFERENCES organization_applications (tenant_id, organization_id, application_id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, organization_role_id) REFERENCES organization_roles (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX organization_application_roles_role ON organization_application_roles (tenant_id, organization_role_id);
CREATE INDEX organization_application_roles_member ON organization_application_roles (tenant_id, organization_id, application_id);

CREATE TABLE consent_scopes (            -- what a third-party client may ask; application_id null = ceiling of URL clients
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  application_id TEXT,
  kind TEXT NOT NULL CHECK (kind IN ('user', 'organization', 'resource', 'organization-resource')),
  user_scope TEXT,
  organization_scope_id TEXT,
  scope_id TEXT,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, organization_scope_id) REFERENCES organization_scopes (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, scope_id) REFERENCES scopes (tenant_id, id) ON DELETE CASCADE,
  CHECK (CASE kind WHEN 'user' THEN user_scope IS NOT NULL AND organization_scope_id IS NULL AND scope_id IS NULL
                   WHEN 'organization' THEN user_scope IS NULL AND organization_scope_id IS NOT NULL AND scope_id IS NULL
                   ELSE user_scope IS NULL AND organization_scope_id IS NULL AND scope_id IS NOT NULL END)
) STRICT;
CREATE UNIQUE INDEX consent_scopes_item ON consent_scopes (tenant_id, (coalesce(application_id, '')), kind, (coalesce(user_scope, organization_scope_id, scope_id)));
CREATE INDEX consent_scopes_application ON consent_scopes (tenant_id, application_id);
CREATE INDEX consent_scopes_organization_scope ON consent_scopes (tenant_id, organization_scope_id) WHERE organization_scope_id IS NOT NULL;
CREATE INDEX consent_scopes_scope ON consent_scopes (tenant_id, scope_id) WHERE scope_id IS NOT NULL;

CREATE TABLE application_user_organizations (   -- organizations a user opened to a third-party app
  tenant_id TEXT NOT NULL,
  application_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, application_id, user_id, organization_id),
  FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, organization_id, user_id) REFERENCES organization_users (tenant_id, organization_id, user_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX application_user_organizations_member ON application_user_organizations (tenant_id, organization_id, user_id);

CREATE TABLE application_access_rules (  -- any matching row admits
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  application_id TEXT NOT NULL,
  user_id TEXT,
  role_id TEXT,
  organization_id TEXT,
  organization_role_id TEXT,             -- together with organization_id
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, organization_id) REFERENCES organizations (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, organization_role_id) REFERENCES organization_roles (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX application_access_rules_item ON application_access_rules (tenant_id, application_id, (coalesce(user_id, '')), (coalesce(role_id, '')), (coalesce(organization_id, '')), (coalesce(organization_role_id, '')));
CREATE INDEX application_access_rules_user ON application_access_rules (tenant_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX application_access_rules_role ON application_access_rules (tenant_id, role_id) WHERE role_id IS NOT NULL;
CREATE INDEX application_access_rules_org ON application_access_rules (tenant_id, organization_id) WHERE organization_id IS NOT NULL;
CREATE INDEX application_access_rules_org_role ON application_access_rules (tenant_id, organization_role_id) WHERE organization_role_id IS NOT NULL;

CREATE TABLE one_time_tokens (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  email TEXT NOT NULL,
  token_hash BLOB NOT NULL,
  token_sealed BLOB NOT NULL,            -- the list shows it
  context TEXT CHECK (json_valid(context)) NOT NULL DEFAULT '{}',
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  consumed_at INTEGER,
  revoked_at INTEGER,
  expired_at INTEGER,                    -- set by status writes; overdue rows read as expired anyway
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, token_hash)
) STRICT;
CREATE INDEX one_time_tokens_email ON one_time_tokens (tenant_id, email, created_at DESC);
CREATE INDEX one_time_tokens_created ON one_time_tokens (tenant_id, created_at DESC, id DESC);
CREATE INDEX one_time_tokens_purge ON one_time_tokens (expires_at);

-- Substring search over users: search_text puts every field between 0x1f marks.
-- Each search reads the whole list of what the index has yet to take in, and one
-- writer pays for emptying it: 256 kB of it are few.
--pg CREATE INDEX users_search ON users USING gin (tenant_id, search_text gin_trgm_ops) WITH (gin_pending_list_limit = 256);
-- sqlite>
CREATE VIRTUAL TABLE users_search USING fts5(text, content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1');
-- +goose StatementBegin
CREATE TRIGGER users_search_ai AFTER INSERT ON users BEGIN
  INSERT INTO users_search (rowid, text) VALUES (new.seq, new.search_text);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER users_search_ad AFTER DELETE ON users BEGIN
  DELETE FROM users_search WHERE rowid = old.seq;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER users_search_au AFTER UPDATE OF search_text ON users WHEN old.search_text <> new.search_text BEGIN
  DELETE FROM users_search WHERE rowid = old.seq;
  INSERT INTO users_search (rowid, text) VALUES (new.seq, new.search_text);
END;
-- +goose StatementEnd
INSERT INTO users_search (rowid, text) SELECT seq, search_text FROM users;
-- <sqlite

-- What is there already is counted once; from now on each change counts itself.
INSERT INTO entity_counts (tenant_id, kind, ref_id, shard, n) SELECT tenant_id, 'user', '', 0, count(*) FROM users GROUP BY tenant_id;
INSERT INTO entity_counts (tenant_id, kind, ref_id, shard, n) SELECT tenant_id, 'role-user', role_id, 0, count(*) FROM user_roles GROUP BY tenant_id, role_id;
