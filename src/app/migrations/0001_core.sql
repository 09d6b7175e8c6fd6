-- The core: accounts and people, seals and the packs they used, the audit chain.
-- Types are the common dialect's (store.h); times are microseconds UTC, ids UUIDv7 text.

CREATE TABLE accounts (
  account_id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL
) STRICT;

CREATE TABLE users (
  user_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  email TEXT,
  email_norm TEXT NOT NULL UNIQUE,
  full_name TEXT,
  password_hash TEXT,
  roles TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'active', 'inactive', 'suspended')),
  email_verified BIGINT NOT NULL DEFAULT 0,
  licence TEXT,
  must_change_password BIGINT NOT NULL DEFAULT 0,
  totp_secret BYTES,
  totp_last_step BIGINT,
  erasure_key BYTES NOT NULL,
  last_login_at BIGINT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
) STRICT;
CREATE INDEX users_by_account ON users (account_id, user_id);

CREATE TABLE sessions (
  session_id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (user_id),
  refresh_hash TEXT NOT NULL,
  previous_hashes TEXT NOT NULL DEFAULT '[]',
  device_name TEXT,
  user_agent TEXT,
  ip TEXT,
  created_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT,
  revoke_reason TEXT
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id, session_id);
CREATE UNIQUE INDEX sessions_by_refresh ON sessions (refresh_hash);

-- A pack that a seal names stays for ever, also when the program stops shipping it.
CREATE TABLE packs_used (
  sha256 TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  bytes BYTES NOT NULL,
  first_used_at BIGINT NOT NULL
) STRICT;

CREATE TABLE seals (
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  seal_sha256 TEXT NOT NULL,
  content_sha256 TEXT NOT NULL,
  inputs_sha256 TEXT NOT NULL,
  operation TEXT,
  inputs TEXT NOT NULL,
  result TEXT NOT NULL,
  packs TEXT NOT NULL,
  code_version TEXT NOT NULL,
  git_sha TEXT NOT NULL,
  confidence DOUBLE NOT NULL,
  subject_kind TEXT,
  subject_id TEXT,
  created_by TEXT,
  created_at BIGINT NOT NULL,
  request_id TEXT,
  PRIMARY KEY (account_id, seal_sha256)
) STRICT;
CREATE INDEX seals_by_time ON seals (account_id, created_at);
CREATE INDEX seals_by_content ON seals (account_id, content_sha256);
CREATE INDEX seals_by_subject ON seals (account_id, subject_kind, subject_id);

CREATE TABLE audit (
  account_id TEXT,
  stream TEXT NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor TEXT,
  role TEXT,
  action TEXT NOT NULL,
  target_kind TEXT,
  target_id TEXT,
  status TEXT NOT NULL CHECK (status IN ('success', 'failure', 'denied')),
  ip TEXT,
  user_agent TEXT,
  request_id TEXT,
  meta TEXT NOT NULL,
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (stream, seq)
) STRICT;
CREATE INDEX audit_by_account ON audit (account_id, at);

-- Values behind the commitments in `audit`, as long as they may be kept [P-7.3].
CREATE TABLE audit_personal (
  stream TEXT NOT NULL,
  seq BIGINT NOT NULL,
  user_id TEXT,
  ip TEXT,
  user_agent TEXT,
  at BIGINT NOT NULL,
  PRIMARY KEY (stream, seq)
) STRICT;
CREATE INDEX audit_personal_by_user ON audit_personal (user_id);

CREATE TABLE audit_checkpoints (
  stream TEXT NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  hash TEXT NOT NULL,
  key_id TEXT NOT NULL,
  statement TEXT NOT NULL,
  signature TEXT NOT NULL,
  PRIMARY KEY (stream, seq, at)
) STRICT;

-- Rows of the chain may only leave through an archive, whose own transaction sets and clears this mark [P-7.1].
CREATE TABLE audit_archiving (
  stream TEXT NOT NULL PRIMARY KEY,
  to_seq BIGINT NOT NULL
) STRICT;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit chain is append-only');
END;
CREATE TRIGGER audit_leaves_by_archive BEFORE DELETE ON audit
WHEN NOT EXISTS (SELECT 1 FROM audit_archiving WHERE stream = OLD.stream AND to_seq >= OLD.seq)
BEGIN
  SELECT RAISE(ABORT, 'the audit chain is append-only');
END;

CREATE TABLE settings (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
