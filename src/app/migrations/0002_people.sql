-- People: failed logins, devices, single-use tokens, second factors, API keys.

-- Kept for addresses whether they are anybody's or not [P-4.2].  device is '' for strangers, else the device token's
-- hash.
CREATE TABLE login_failures (
  email_hash TEXT NOT NULL,
  device TEXT NOT NULL,
  failures BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  locked_until BIGINT,
  PRIMARY KEY (email_hash, device)
) STRICT;
CREATE INDEX login_failures_by_time ON login_failures (last_at);

CREATE TABLE device_tokens (
  token_hash TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (user_id),
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
) STRICT;
CREATE INDEX device_tokens_by_user ON device_tokens (user_id);

-- verify, reset, invite, mfa: each bound to its purpose, its person and the address it was made for.
CREATE TABLE single_use_tokens (
  token_hash TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (user_id),
  purpose TEXT NOT NULL,
  email_norm TEXT NOT NULL,
  detail TEXT,
  failures BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
) STRICT;
CREATE INDEX single_use_tokens_by_user ON single_use_tokens (user_id, purpose);

CREATE TABLE recovery_codes (
  user_id TEXT NOT NULL REFERENCES users (user_id),
  code_hash TEXT NOT NULL,
  PRIMARY KEY (user_id, code_hash)
) STRICT;

CREATE TABLE api_keys (
  key_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  user_id TEXT NOT NULL REFERENCES users (user_id),
  name TEXT NOT NULL,
  prefix TEXT NOT NULL,
  key_hash TEXT NOT NULL UNIQUE,
  scopes TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  last_used_at BIGINT,
  revoked_at BIGINT
) STRICT;
CREATE INDEX api_keys_by_account ON api_keys (account_id, key_id);
CREATE INDEX api_keys_by_user ON api_keys (user_id, key_id);

-- When the second factor was confirmed; users.totp_secret without it is an enrolment that waits for its first code.
ALTER TABLE users ADD COLUMN totp_enabled_at BIGINT;

-- Refresh tokens that were used: one presented again shows that somebody holds a copy [P-4.5].
CREATE TABLE used_refresh_tokens (
  token_hash TEXT NOT NULL PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES sessions (session_id),
  used_at BIGINT NOT NULL
) STRICT;
CREATE INDEX used_refresh_tokens_by_session ON used_refresh_tokens (session_id);
ALTER TABLE sessions DROP COLUMN previous_hashes;
