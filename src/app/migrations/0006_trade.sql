-- Trade: producers, their signals, and what was refused.
-- Prices and lots inside a signal stay in its sealed content; columns here are what is searched and made unique.

CREATE TABLE producers (
  producer_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  owner_id TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('hmac', 'standard_webhook', 'url_token')),
  instruments TEXT,
  ip_allow TEXT,
  secret BYTES NOT NULL,
  old_secret BYTES,
  old_until BIGINT NOT NULL,
  old_uses BIGINT NOT NULL DEFAULT 0,
  enabled BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
) STRICT;
CREATE INDEX producers_by_account ON producers (account_id, producer_id);

CREATE TABLE signals (
  signal_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  producer_id TEXT NOT NULL REFERENCES producers (producer_id),
  owner_id TEXT NOT NULL,
  instrument TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
  time_at BIGINT NOT NULL,
  version TEXT NOT NULL,
  external_id TEXT,
  expires_at BIGINT NOT NULL,
  content TEXT NOT NULL,
  seal_sha256 TEXT NOT NULL,
  authenticity TEXT NOT NULL CHECK (authenticity IN ('hmac', 'standard_webhook', 'url_token')),
  status TEXT NOT NULL CHECK (status IN ('pending', 'blocked', 'approved', 'rejected', 'expired', 'cancelled', 'failed',
    'placed', 'closed')),
  risk TEXT NOT NULL,
  approvals_needed BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  row_version BIGINT NOT NULL
) STRICT;
CREATE UNIQUE INDEX signals_by_external_id ON signals (producer_id, external_id);
CREATE UNIQUE INDEX signals_by_decision ON signals (producer_id, instrument, side, time_at, version);
CREATE INDEX signals_by_account ON signals (account_id, signal_id);

-- A signature is good once; also that of a request that was refused afterwards.
CREATE TABLE replays (
  producer_id TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  until BIGINT NOT NULL,
  signal_id TEXT,
  PRIMARY KEY (producer_id, sha256)
) STRICT;
CREATE INDEX replays_by_time ON replays (until);

-- Verified requests that were refused, so that an operator can see what his engine got wrong; kept for 7 days.
CREATE TABLE refused_signals (
  refused_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL,
  producer_id TEXT NOT NULL,
  status BIGINT NOT NULL,
  code TEXT NOT NULL,
  detail TEXT,
  errors TEXT NOT NULL,
  signal_id TEXT,
  created_at BIGINT NOT NULL
) STRICT;
CREATE INDEX refused_signals_by_account ON refused_signals (account_id, refused_id);
