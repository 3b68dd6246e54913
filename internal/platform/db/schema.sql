-- Today's tables as the migrations leave them on SQLite: a snapshot to read, never run.
-- Generated: go test ./internal/platform/db -run TestSchemaSnapshot -update

CREATE TABLE access_tokens (             -- opaque only
  tenant_id TEXT NOT NULL,
  token_hash BLOB NOT NULL,
  grant_id TEXT,                         -- null: machine-to-machine
  user_id TEXT,
  client_id TEXT NOT NULL,
  session_uid TEXT,
  scope TEXT NOT NULL,
  claims TEXT CHECK (json_valid(claims)),
  issued_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL, key_thumbprint TEXT,
  PRIMARY KEY (tenant_id, token_hash),
  FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX access_tokens_grant ON access_tokens (grant_id) WHERE grant_id IS NOT NULL;

CREATE INDEX access_tokens_purge ON access_tokens (expires_at);

CREATE TABLE account_centers (
  tenant_id TEXT NOT NULL PRIMARY KEY,
  is_enabled INT CHECK (is_enabled IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  fields TEXT CHECK (json_valid(fields)) NOT NULL DEFAULT '{}',
  webauthn_related_origins TEXT CHECK (json_valid(webauthn_related_origins)) NOT NULL DEFAULT '[]',
  profile_fields TEXT CHECK (json_valid(profile_fields)),
  delete_account_url TEXT,
  custom_css TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE account_logins (            -- account pages as a client of their own: before login
  tenant_id TEXT NOT NULL,
  id_hash BLOB NOT NULL,                 -- pre-login cookie
  client_id TEXT NOT NULL DEFAULT 'account-center',
  state_hash BLOB NOT NULL,
  nonce_hash BLOB,
  code_verifier_sealed BLOB NOT NULL,
  return_path TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  consumed_at INTEGER,
  PRIMARY KEY (tenant_id, id_hash)
) STRICT;

CREATE INDEX account_logins_purge ON account_logins (expires_at);

CREATE TABLE account_sessions (          -- signed in to the account pages; ends with its OIDC session
  tenant_id TEXT NOT NULL,
  id_hash BLOB NOT NULL,
  client_id TEXT NOT NULL DEFAULT 'account-center',
  user_id TEXT NOT NULL,
  session_uid TEXT NOT NULL,
  claims TEXT CHECK (json_valid(claims)),   -- what the ID token said
  verification_id TEXT,                  -- step-up record
  stepped_up_at INTEGER,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id_hash),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, session_uid) REFERENCES sessions (tenant_id, uid) ON DELETE CASCADE
) STRICT;

CREATE INDEX account_sessions_purge ON account_sessions (expires_at);

CREATE INDEX account_sessions_session ON account_sessions (tenant_id, session_uid);

CREATE INDEX account_sessions_user ON account_sessions (tenant_id, user_id);

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

CREATE INDEX application_access_rules_org ON application_access_rules (tenant_id, organization_id) WHERE organization_id IS NOT NULL;

CREATE INDEX application_access_rules_org_role ON application_access_rules (tenant_id, organization_role_id) WHERE organization_role_id IS NOT NULL;

CREATE INDEX application_access_rules_role ON application_access_rules (tenant_id, role_id) WHERE role_id IS NOT NULL;

CREATE INDEX application_access_rules_user ON application_access_rules (tenant_id, user_id) WHERE user_id IS NOT NULL;

CREATE TABLE application_roles (         -- machine-to-machine
  tenant_id TEXT NOT NULL,
  application_id TEXT NOT NULL,
  role_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, application_id, role_id),
  FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX application_roles_role ON application_roles (tenant_id, role_id);

CREATE TABLE application_secrets (
  tenant_id TEXT NOT NULL,
  application_id TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL DEFAULT 'named' CHECK (kind IN ('named', 'legacy', 'internal')),
  secret_hash BLOB NOT NULL,
  secret_sealed BLOB NOT NULL,           -- client_secret_jwt and the API need it back
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (tenant_id, application_id, name),
  FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE UNIQUE INDEX application_secrets_legacy ON application_secrets (tenant_id, application_id, kind) WHERE kind <> 'named';

CREATE TABLE application_sign_in_experiences (
  tenant_id TEXT NOT NULL,
  application_id TEXT NOT NULL,
  display_name TEXT, terms_of_use_url TEXT, privacy_policy_url TEXT, custom_css TEXT,
  color TEXT CHECK (json_valid(color)) NOT NULL DEFAULT '{}',
  branding TEXT CHECK (json_valid(branding)) NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, application_id),
  FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE
) STRICT;

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

CREATE TABLE applications (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  type TEXT NOT NULL CHECK (type IN ('Native', 'SPA', 'Traditional', 'MachineToMachine', 'Protected', 'SAML')),
  is_third_party INT CHECK (is_third_party IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  is_access_control_enabled INT CHECK (is_access_control_enabled IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  oidc_client_metadata TEXT CHECK (json_valid(oidc_client_metadata)) NOT NULL,
  custom_client_metadata TEXT CHECK (json_valid(custom_client_metadata)) NOT NULL DEFAULT '{}',
  protected_app_metadata TEXT CHECK (json_valid(protected_app_metadata)),
  protected_host TEXT,
  custom_data TEXT CHECK (json_valid(custom_data)) NOT NULL DEFAULT '{}',
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL, registration TEXT CHECK (json_valid(registration)),
  PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE INDEX applications_created ON applications (tenant_id, created_at DESC, id DESC);

CREATE UNIQUE INDEX applications_protected_host ON applications (protected_host) WHERE protected_host IS NOT NULL;

CREATE INDEX applications_registered ON applications (tenant_id, created_at) WHERE registration IS NOT NULL;

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

CREATE INDEX assets_owner ON assets (tenant_id, owner_user_id) WHERE owner_user_id IS NOT NULL;

CREATE INDEX assets_pending ON assets (pending_until) WHERE pending_until IS NOT NULL;

CREATE TABLE audit_logs (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,                      -- begins with created_at, so /logs/:id finds its partition
  created_at INTEGER NOT NULL,
  key TEXT NOT NULL,
  is_success INT CHECK (is_success IN (FALSE, TRUE)) NOT NULL,
  is_listed INT CHECK (is_listed IN (FALSE, TRUE)) NOT NULL,   -- false: TriggerHook.*, TrustedDevice.*
  user_id TEXT,
  application_id TEXT,
  session_id TEXT,
  hook_id TEXT,
  payload TEXT CHECK (json_valid(payload)) NOT NULL,
  PRIMARY KEY (tenant_id, created_at, id)
) STRICT;

CREATE INDEX audit_logs_application ON audit_logs (tenant_id, application_id, created_at DESC, id DESC) WHERE application_id IS NOT NULL;

CREATE INDEX audit_logs_hook ON audit_logs (tenant_id, hook_id, created_at DESC, id DESC) WHERE hook_id IS NOT NULL;

CREATE INDEX audit_logs_key ON audit_logs (tenant_id, key, created_at DESC, id DESC);

CREATE INDEX audit_logs_listed ON audit_logs (tenant_id, created_at DESC, id DESC) WHERE is_listed;

CREATE INDEX audit_logs_purge ON audit_logs (created_at);

CREATE INDEX audit_logs_user ON audit_logs (tenant_id, user_id, created_at DESC, id DESC) WHERE user_id IS NOT NULL;

CREATE TABLE authorization_codes (
  tenant_id TEXT NOT NULL,
  code_hash BLOB NOT NULL,
  grant_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  session_uid TEXT,
  redirect_uri TEXT NOT NULL,
  code_challenge TEXT,
  nonce TEXT,
  scope TEXT NOT NULL,
  resources TEXT CHECK (json_valid(resources)) NOT NULL DEFAULT '[]',
  auth_time INTEGER NOT NULL,
  is_auth_time_requested INT CHECK (is_auth_time_requested IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  expires_at INTEGER NOT NULL,
  consumed_at INTEGER, key_thumbprint TEXT, authentication TEXT CHECK (json_valid(authentication)),
  PRIMARY KEY (tenant_id, code_hash),
  FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX authorization_codes_grant ON authorization_codes (tenant_id, grant_id);

CREATE INDEX authorization_codes_purge ON authorization_codes (expires_at);

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

CREATE TABLE config_versions (           -- cache stamps; bumped in the transaction that changes the family
  tenant_id TEXT NOT NULL,
  family TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, family)
) STRICT, WITHOUT ROWID;

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

CREATE INDEX consent_scopes_application ON consent_scopes (tenant_id, application_id);

CREATE UNIQUE INDEX consent_scopes_item ON consent_scopes (tenant_id, (coalesce(application_id, '')), kind, (coalesce(user_scope, organization_scope_id, scope_id)));

CREATE INDEX consent_scopes_organization_scope ON consent_scopes (tenant_id, organization_scope_id) WHERE organization_scope_id IS NOT NULL;

CREATE INDEX consent_scopes_scope ON consent_scopes (tenant_id, scope_id) WHERE scope_id IS NOT NULL;

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

CREATE TABLE device_codes (
  tenant_id TEXT NOT NULL,
  code_hash BLOB NOT NULL,
  user_code_hash BLOB NOT NULL,
  client_id TEXT NOT NULL,
  params TEXT CHECK (json_valid(params)) NOT NULL,
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'denied')),
  grant_id TEXT,
  approval TEXT CHECK (json_valid(approval)),
  expires_at INTEGER NOT NULL,
  consumed_at INTEGER,
  PRIMARY KEY (tenant_id, code_hash),
  UNIQUE (tenant_id, user_code_hash),
  FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX device_codes_grant ON device_codes (tenant_id, grant_id) WHERE grant_id IS NOT NULL;

CREATE INDEX device_codes_purge ON device_codes (expires_at);

CREATE TABLE entity_counts (             -- sharded row counts behind Total-Number, usersCount
  tenant_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  ref_id TEXT NOT NULL DEFAULT '',
  shard INTEGER NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, kind, ref_id, shard)
) STRICT, WITHOUT ROWID;

CREATE TABLE grants (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,                      -- time-ordered
  user_id TEXT NOT NULL,
  client_id TEXT NOT NULL,               -- application id, built-in id or URL: no reference
  client_kind TEXT NOT NULL CHECK (client_kind IN ('application', 'builtin', 'cimd')),
  client_snapshot TEXT CHECK (json_valid(client_snapshot)),
  session_uid TEXT,
  organization_id TEXT,                  -- URL clients: the one organization
  is_offline INT CHECK (is_offline IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  oidc_scope TEXT NOT NULL DEFAULT '',
  resource_scopes TEXT CHECK (json_valid(resource_scopes)) NOT NULL DEFAULT '{}',
  rejected_scopes TEXT CHECK (json_valid(rejected_scopes)) NOT NULL DEFAULT '{}',
  version INTEGER NOT NULL DEFAULT 1,
  issued_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX grants_client ON grants (tenant_id, client_id);

CREATE INDEX grants_purge ON grants (expires_at);

CREATE INDEX grants_session ON grants (tenant_id, session_uid) WHERE session_uid IS NOT NULL;

CREATE INDEX grants_user ON grants (tenant_id, user_id, client_id, issued_at);

CREATE TABLE initial_access_tokens (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  token_hash BLOB NOT NULL,
  max_uses INTEGER,
  uses INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE UNIQUE INDEX initial_access_tokens_hash ON initial_access_tokens (tenant_id, token_hash);

CREATE INDEX initial_access_tokens_purge ON initial_access_tokens (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE interactions (
  tenant_id TEXT NOT NULL,
  id_hash BLOB NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('authorize', 'device')),
  prompt TEXT NOT NULL,
  client_id TEXT NOT NULL,
  session_uid TEXT,
  user_id TEXT,                          -- identified user; a value, checked on load
  params TEXT CHECK (json_valid(params)) NOT NULL,
  state TEXT CHECK (json_valid(state)),  -- null until PUT /experience; verification records live here
  state_sealed BLOB,                     -- staged hashes, secrets, token sets
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  finished_at INTEGER,
  PRIMARY KEY (tenant_id, id_hash)
) STRICT;

CREATE INDEX interactions_purge ON interactions (expires_at);

CREATE INDEX interactions_user ON interactions (tenant_id, user_id) WHERE user_id IS NOT NULL;

CREATE TABLE jobs (                      -- deferred work: purge, tenant deletion, back-channel logout, mail
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  dedupe_key TEXT,
  payload TEXT CHECK (json_valid(payload)) NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  run_at INTEGER NOT NULL,
  locked_until INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  last_error TEXT,
  created_at INTEGER NOT NULL,
  done_at INTEGER, lane TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE UNIQUE INDEX jobs_dedupe ON jobs (tenant_id, kind, dedupe_key) WHERE done_at IS NULL AND dedupe_key IS NOT NULL;

CREATE INDEX jobs_done ON jobs (done_at) WHERE done_at IS NOT NULL;

CREATE INDEX jobs_due ON jobs (run_at) WHERE done_at IS NULL;

CREATE TABLE leases (                    -- leader and cron election with fencing
  name TEXT NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL,
  fence INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

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

CREATE INDEX one_time_tokens_created ON one_time_tokens (tenant_id, created_at DESC, id DESC);

CREATE INDEX one_time_tokens_email ON one_time_tokens (tenant_id, email, created_at DESC);

CREATE INDEX one_time_tokens_purge ON one_time_tokens (expires_at);

CREATE TABLE organization_application_roles (
  tenant_id TEXT NOT NULL,
  application_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  organization_role_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, application_id, organization_id, organization_role_id),
  FOREIGN KEY (tenant_id, organization_id, application_id) REFERENCES organization_applications (tenant_id, organization_id, application_id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, organization_role_id) REFERENCES organization_roles (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX organization_application_roles_member ON organization_application_roles (tenant_id, organization_id, application_id);

CREATE INDEX organization_application_roles_role ON organization_application_roles (tenant_id, organization_role_id);

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

CREATE TABLE organization_invitation_roles (
  tenant_id TEXT NOT NULL,
  invitation_id TEXT NOT NULL,
  organization_role_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, invitation_id, organization_role_id),
  FOREIGN KEY (tenant_id, invitation_id) REFERENCES organization_invitations (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, organization_role_id) REFERENCES organization_roles (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX organization_invitation_roles_role ON organization_invitation_roles (tenant_id, organization_role_id);

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

CREATE INDEX organization_invitations_accepted ON organization_invitations (tenant_id, accepted_user_id) WHERE accepted_user_id IS NOT NULL;

CREATE INDEX organization_invitations_created ON organization_invitations (tenant_id, organization_id, created_at DESC);

CREATE INDEX organization_invitations_invitee ON organization_invitations (tenant_id, invitee_key);

CREATE INDEX organization_invitations_inviter ON organization_invitations (tenant_id, inviter_id) WHERE inviter_id IS NOT NULL;

CREATE UNIQUE INDEX organization_invitations_pending ON organization_invitations (tenant_id, organization_id, invitee) WHERE status = 'Pending';

CREATE TABLE organization_jit_email_domains (
  tenant_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  email_domain TEXT NOT NULL,
  domain_key TEXT NOT NULL,
  PRIMARY KEY (tenant_id, organization_id, email_domain),
  FOREIGN KEY (tenant_id, organization_id) REFERENCES organizations (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX organization_jit_email_domains_domain ON organization_jit_email_domains (tenant_id, domain_key);

CREATE TABLE organization_jit_roles (
  tenant_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  organization_role_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, organization_id, organization_role_id),
  FOREIGN KEY (tenant_id, organization_id) REFERENCES organizations (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, organization_role_id) REFERENCES organization_roles (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX organization_jit_roles_role ON organization_jit_roles (tenant_id, organization_role_id);

CREATE TABLE organization_jit_sso_connectors (
  tenant_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  sso_connector_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, organization_id, sso_connector_id),
  FOREIGN KEY (tenant_id, organization_id) REFERENCES organizations (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, sso_connector_id) REFERENCES sso_connectors (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX organization_jit_sso_connectors_connector ON organization_jit_sso_connectors (tenant_id, sso_connector_id);

CREATE TABLE organization_role_resource_scopes (
  tenant_id TEXT NOT NULL,
  organization_role_id TEXT NOT NULL,
  scope_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, organization_role_id, scope_id),
  FOREIGN KEY (tenant_id, organization_role_id) REFERENCES organization_roles (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, scope_id) REFERENCES scopes (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX organization_role_resource_scopes_scope ON organization_role_resource_scopes (tenant_id, scope_id);

CREATE TABLE organization_role_scopes (
  tenant_id TEXT NOT NULL,
  organization_role_id TEXT NOT NULL,
  organization_scope_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, organization_role_id, organization_scope_id),
  FOREIGN KEY (tenant_id, organization_role_id) REFERENCES organization_roles (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, organization_scope_id) REFERENCES organization_scopes (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX organization_role_scopes_scope ON organization_role_scopes (tenant_id, organization_scope_id);

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

CREATE TABLE organization_user_roles (
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  organization_role_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, user_id, organization_id, organization_role_id),
  FOREIGN KEY (tenant_id, organization_id, user_id) REFERENCES organization_users (tenant_id, organization_id, user_id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, organization_role_id) REFERENCES organization_roles (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX organization_user_roles_member ON organization_user_roles (tenant_id, organization_id, user_id);

CREATE INDEX organization_user_roles_role ON organization_user_roles (tenant_id, organization_role_id);

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

CREATE TABLE outbox_events (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,                      -- time-ordered
  name TEXT NOT NULL,
  data TEXT CHECK (json_valid(data)) NOT NULL,
  context TEXT CHECK (json_valid(context)) NOT NULL,
  created_at INTEGER NOT NULL,
  dispatched_at INTEGER,
  PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE INDEX outbox_events_due ON outbox_events (created_at) WHERE dispatched_at IS NULL;

CREATE INDEX outbox_events_purge ON outbox_events (dispatched_at) WHERE dispatched_at IS NOT NULL;

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

CREATE TABLE rate_buckets (              -- token buckets; loss is harmless
  tenant_id TEXT NOT NULL,
  bucket_hash BLOB NOT NULL,
  tokens REAL NOT NULL,
  refilled_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, bucket_hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX rate_buckets_purge ON rate_buckets (refilled_at);

CREATE TABLE refresh_tokens (
  tenant_id TEXT NOT NULL,
  token_hash BLOB NOT NULL,
  grant_id TEXT NOT NULL,
  family_id TEXT NOT NULL,               -- one per code or device exchange
  parent_hash BLOB,
  client_id TEXT NOT NULL,
  session_uid TEXT,                      -- set: dies with the session
  scope TEXT NOT NULL,
  resources TEXT CHECK (json_valid(resources)) NOT NULL DEFAULT '[]',
  nonce TEXT,
  auth_time INTEGER NOT NULL,
  family_started_at INTEGER NOT NULL,
  issued_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  consumed_at INTEGER,
  successor_sealed BLOB, key_thumbprint TEXT, authentication TEXT CHECK (json_valid(authentication)),                 -- the token that replaced this one, for the 3 s in which a retry gets it again
  PRIMARY KEY (tenant_id, token_hash),
  FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_tokens_grant ON refresh_tokens (grant_id);

CREATE INDEX refresh_tokens_purge ON refresh_tokens (expires_at);

CREATE INDEX refresh_tokens_sealed ON refresh_tokens (consumed_at) WHERE successor_sealed IS NOT NULL;

CREATE TABLE registration_tokens (
  tenant_id TEXT NOT NULL,
  application_id TEXT NOT NULL,
  token_hash BLOB NOT NULL,
  PRIMARY KEY (tenant_id, application_id),
  FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE UNIQUE INDEX registration_tokens_hash ON registration_tokens (tenant_id, token_hash);

CREATE TABLE resources (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  indicator TEXT NOT NULL,
  is_default INT CHECK (is_default IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  access_token_ttl INTEGER NOT NULL DEFAULT 3600,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, indicator)
) STRICT;

CREATE UNIQUE INDEX resources_default ON resources (tenant_id) WHERE is_default;

CREATE TABLE role_scopes (
  tenant_id TEXT NOT NULL,
  role_id TEXT NOT NULL,
  scope_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, role_id, scope_id),
  FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, scope_id) REFERENCES scopes (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX role_scopes_scope ON role_scopes (tenant_id, scope_id);

CREATE TABLE roles (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('User', 'MachineToMachine')),
  is_default INT CHECK (is_default IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name)
) STRICT;

CREATE TABLE scopes (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, resource_id, name),
  FOREIGN KEY (tenant_id, resource_id) REFERENCES resources (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE sentinel_activities (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,                      -- time-ordered
  pool TEXT NOT NULL,
  target_type TEXT NOT NULL,
  target_hash BLOB NOT NULL,
  action TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('pending', 'success', 'failed', 'blocked')),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE INDEX sentinel_activities_purge ON sentinel_activities (created_at);

CREATE INDEX sentinel_activities_window ON sentinel_activities (tenant_id, pool, target_hash, created_at);

CREATE TABLE sentinel_targets (          -- serialises decisions on one attacked target
  tenant_id TEXT NOT NULL,
  pool TEXT NOT NULL CHECK (pool IN ('identifier', 'user', 'totp', 'webauthn', 'backup-code')),
  target_hash BLOB NOT NULL,
  blocked_until INTEGER NOT NULL DEFAULT 0,
  touched_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, pool, target_hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX sentinel_targets_purge ON sentinel_targets (touched_at);

CREATE TABLE session_clients (           -- wire: payload.authorizations
  tenant_id TEXT NOT NULL,
  session_uid TEXT NOT NULL,
  client_id TEXT NOT NULL,
  sid TEXT NOT NULL,
  grant_id TEXT,
  is_logout_persistent INT CHECK (is_logout_persistent IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  PRIMARY KEY (tenant_id, session_uid, client_id),
  FOREIGN KEY (tenant_id, session_uid) REFERENCES sessions (tenant_id, uid) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX session_clients_grant ON session_clients (tenant_id, grant_id) WHERE grant_id IS NOT NULL;

CREATE TABLE sessions (
  tenant_id TEXT NOT NULL,
  uid TEXT NOT NULL,                     -- stable, time-ordered; the API's id
  id_hash BLOB NOT NULL,                 -- cookie value, rotates
  user_id TEXT,                          -- null before login
  login_at INTEGER,
  amr TEXT CHECK (json_valid(amr)),
  client_id TEXT,
  last_submission TEXT CHECK (json_valid(last_submission)),
  created_at INTEGER NOT NULL,
  renewed_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, uid),
  UNIQUE (tenant_id, id_hash),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX sessions_purge ON sessions (expires_at);

CREATE INDEX sessions_user ON sessions (tenant_id, user_id) WHERE user_id IS NOT NULL;

CREATE TABLE setup_tokens (              -- the one-time link that makes the first administrator
  tenant_id TEXT NOT NULL,
  token_hash BLOB NOT NULL,
  cookie_hash BLOB,                      -- what the token was exchanged for
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  exchanged_at INTEGER,
  consumed_at INTEGER,
  PRIMARY KEY (tenant_id, token_hash)
) STRICT;

CREATE INDEX setup_tokens_purge ON setup_tokens (expires_at);

CREATE TABLE sign_in_experiences (
  tenant_id TEXT NOT NULL PRIMARY KEY,
  sign_in_mode TEXT NOT NULL DEFAULT 'SignInAndRegister' CHECK (sign_in_mode IN ('SignIn', 'Register', 'SignInAndRegister')),
  is_single_sign_on_enabled INT CHECK (is_single_sign_on_enabled IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  is_username_case_sensitive INT CHECK (is_username_case_sensitive IN (FALSE, TRUE)) NOT NULL DEFAULT TRUE,
  agree_to_terms_policy TEXT NOT NULL DEFAULT 'Automatic',
  terms_of_use_url TEXT, privacy_policy_url TEXT, support_email TEXT, support_website_url TEXT, unknown_session_redirect_url TEXT,
  is_logto_branding_hidden INT CHECK (is_logto_branding_hidden IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  custom_css TEXT,
  color TEXT CHECK (json_valid(color)) NOT NULL,
  branding TEXT CHECK (json_valid(branding)) NOT NULL,
  language_info TEXT CHECK (json_valid(language_info)) NOT NULL,
  sign_in TEXT CHECK (json_valid(sign_in)) NOT NULL,
  sign_up TEXT CHECK (json_valid(sign_up)) NOT NULL,
  social_sign_in TEXT CHECK (json_valid(social_sign_in)) NOT NULL DEFAULT '{}',
  social_targets TEXT CHECK (json_valid(social_targets)) NOT NULL DEFAULT '[]',
  password_policy TEXT CHECK (json_valid(password_policy)) NOT NULL DEFAULT '{}',
  password_expiration TEXT CHECK (json_valid(password_expiration)) NOT NULL DEFAULT '{}',
  username_policy TEXT CHECK (json_valid(username_policy)) NOT NULL DEFAULT '{}',
  email_blocklist_policy TEXT CHECK (json_valid(email_blocklist_policy)) NOT NULL DEFAULT '{}',
  sentinel_policy TEXT CHECK (json_valid(sentinel_policy)) NOT NULL DEFAULT '{}',
  verification_code_policy TEXT CHECK (json_valid(verification_code_policy)) NOT NULL DEFAULT '{}',
  forgot_password_methods TEXT CHECK (json_valid(forgot_password_methods)) DEFAULT '[]',
  mfa TEXT CHECK (json_valid(mfa)) NOT NULL,
  adaptive_mfa TEXT CHECK (json_valid(adaptive_mfa)) NOT NULL DEFAULT '{}',
  passkey_sign_in TEXT CHECK (json_valid(passkey_sign_in)) NOT NULL DEFAULT '{}',
  trusted_device TEXT CHECK (json_valid(trusted_device)) NOT NULL DEFAULT '{}',
  captcha_policy TEXT CHECK (json_valid(captcha_policy)) NOT NULL DEFAULT '{}',
  sign_up_profile_fields TEXT CHECK (json_valid(sign_up_profile_fields)),
  custom_content TEXT CHECK (json_valid(custom_content)) NOT NULL DEFAULT '{}',
  custom_ui_assets TEXT CHECK (json_valid(custom_ui_assets)),
  custom_ui_csp TEXT CHECK (json_valid(custom_ui_csp)) NOT NULL DEFAULT '{}',
  version INTEGER NOT NULL DEFAULT 1,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE signing_keys (              -- OIDC signing and cookie keys
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,                      -- RFC 7638 thumbprint for signing keys
  purpose TEXT NOT NULL CHECK (purpose IN ('oidc', 'cookie')),
  algorithm TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('Next', 'Current', 'Previous')),
  key_sealed BLOB NOT NULL,
  public_jwk TEXT CHECK (json_valid(public_jwk)),
  effective_at INTEGER,
  created_at INTEGER NOT NULL, role TEXT NOT NULL DEFAULT 'primary' CHECK (role IN ('primary', 'additional')),
  PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE UNIQUE INDEX signing_keys_slot ON signing_keys (tenant_id, purpose, role, algorithm, status) WHERE status <> 'Previous';

CREATE TABLE sso_connector_domains (     -- "which SSO for this e-mail domain" is one index read
  tenant_id TEXT NOT NULL,
  domain TEXT NOT NULL,
  connector_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, domain, connector_id),
  FOREIGN KEY (tenant_id, connector_id) REFERENCES sso_connectors (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX sso_connector_domains_connector ON sso_connector_domains (tenant_id, connector_id, position);

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

CREATE INDEX subject_tokens_purge ON subject_tokens (expires_at);

CREATE INDEX subject_tokens_user ON subject_tokens (tenant_id, user_id);

CREATE TABLE system_settings (           -- operator-wide, no tenant; holds the key-encryption key's check value
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT CHECK (json_valid(value)),
  value_sealed BLOB,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE tenant_settings (           -- adminConsole, session, idToken, cimd, sessionNotFoundRedirectUrl, …
  tenant_id TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT CHECK (json_valid(value)) NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE tenants (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'deleting')),
  is_development INT CHECK (is_development IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  created_at INTEGER NOT NULL,
  deleting_since INTEGER
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

CREATE TABLE used_nonces (               -- replay guard: client-assertion jti, SAML assertion ids
  tenant_id TEXT NOT NULL,
  realm TEXT NOT NULL,
  nonce_hash BLOB NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, realm, nonce_hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX used_nonces_purge ON used_nonces (expires_at);

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

CREATE TABLE user_roles (
  tenant_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  role_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, user_id, role_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX user_roles_role ON user_roles (tenant_id, role_id, user_id);

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

CREATE TABLE users (
-- sqlite>
  seq INTEGER PRIMARY KEY,               -- rowid that VACUUM keeps
-- <sqlite
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  username TEXT,
  username_key TEXT,                     -- as typed, or lower-cased when the tenant ignores case
  primary_email TEXT,
  email_key TEXT,                        -- NFC, lower case
  primary_phone TEXT,                    -- digits: country code + national number
  phone_key TEXT,                        -- the same without leading zeros of the national part
  name TEXT,
  avatar TEXT,
  search_text TEXT NOT NULL,             -- US id US email US phone US username US name US, folded (US = 0x1f)
  password_hash TEXT,
  password_algorithm TEXT,
  password_changed_at INTEGER,
  is_password_expired INT CHECK (is_password_expired IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  is_suspended INT CHECK (is_suspended IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  is_mfa_enabled INT CHECK (is_mfa_enabled IN (FALSE, TRUE)),    -- null: never decided
  is_mfa_prompt_skipped INT CHECK (is_mfa_prompt_skipped IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  is_mfa_skipped_on_sign_in INT CHECK (is_mfa_skipped_on_sign_in IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  is_mfa_suggestion_skipped INT CHECK (is_mfa_suggestion_skipped IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  is_passkey_prompt_skipped INT CHECK (is_passkey_prompt_skipped IN (FALSE, TRUE)) NOT NULL DEFAULT FALSE,
  profile TEXT CHECK (json_valid(profile)) NOT NULL DEFAULT '{}',
  custom_data TEXT CHECK (json_valid(custom_data)) NOT NULL DEFAULT '{}',
  application_id TEXT,                   -- first application; no reference, outlives it
  cimd_client_id TEXT,
  last_sign_in_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
--pg   PRIMARY KEY (tenant_id, id)
-- sqlite>
  UNIQUE (tenant_id, id)
-- <sqlite
) STRICT;

CREATE INDEX users_created ON users (tenant_id, created_at DESC, id DESC, search_text);

CREATE UNIQUE INDEX users_email ON users (tenant_id, email_key) WHERE email_key IS NOT NULL;

CREATE UNIQUE INDEX users_phone ON users (tenant_id, phone_key) WHERE phone_key IS NOT NULL;

CREATE TRIGGER users_search_ad AFTER DELETE ON users BEGIN
  DELETE FROM users_search WHERE rowid = old.seq;
END;

CREATE TRIGGER users_search_ai AFTER INSERT ON users BEGIN
  INSERT INTO users_search (rowid, text) VALUES (new.seq, new.search_text);
END;

CREATE TRIGGER users_search_au AFTER UPDATE OF search_text ON users WHEN old.search_text <> new.search_text BEGIN
  DELETE FROM users_search WHERE rowid = old.seq;
  INSERT INTO users_search (rowid, text) VALUES (new.seq, new.search_text);
END;

CREATE UNIQUE INDEX users_username ON users (tenant_id, username_key) WHERE username_key IS NOT NULL;

CREATE VIRTUAL TABLE users_search USING fts5(text, content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1');

CREATE TABLE 'users_search_config'(k PRIMARY KEY, v) WITHOUT ROWID;

CREATE TABLE 'users_search_data'(id INTEGER PRIMARY KEY, block BLOB);

CREATE TABLE 'users_search_docsize'(id INTEGER PRIMARY KEY, sz BLOB, origin INTEGER);

CREATE TABLE 'users_search_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;

CREATE TABLE verification_records (      -- Account API; those of a sign-in live in its interaction
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,                      -- fully random
  user_id TEXT,                          -- null: proof of a new identifier
  type TEXT NOT NULL,
  template_type TEXT,
  identifier TEXT,
  data TEXT CHECK (json_valid(data)) NOT NULL DEFAULT '{}',
  data_sealed BLOB,
  version INTEGER NOT NULL DEFAULT 1,
  verified_at INTEGER,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX verification_records_purge ON verification_records (expires_at);

CREATE INDEX verification_records_user ON verification_records (tenant_id, user_id) WHERE user_id IS NOT NULL;

CREATE TABLE webauthn_credentials (
  tenant_id TEXT NOT NULL,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  rp_id TEXT,                            -- null on imported rows until first use
  credential_id BLOB NOT NULL,
  public_key BLOB NOT NULL,              -- COSE
  algorithm INTEGER NOT NULL,
  sign_count INTEGER NOT NULL DEFAULT 0,
  transports TEXT CHECK (json_valid(transports)) NOT NULL DEFAULT '[]',
  aaguid BLOB,
  attestation_format TEXT,
  is_discoverable INT CHECK (is_discoverable IN (FALSE, TRUE)),
  is_backup_eligible INT CHECK (is_backup_eligible IN (FALSE, TRUE)),
  is_backed_up INT CHECK (is_backed_up IN (FALSE, TRUE)),
  is_uv_initialized INT CHECK (is_uv_initialized IN (FALSE, TRUE)),
  user_agent TEXT,
  name TEXT,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, credential_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX webauthn_credentials_user ON webauthn_credentials (tenant_id, user_id);
