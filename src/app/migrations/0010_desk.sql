-- The trading desk: accounts at brokers, limits and switches, approvals, terminals, deliveries, positions.
-- Prices and lots are whole numbers of 1e-8, money of 1e-6.

-- A signal on its way: the request that people decide, what risk took it for, until when its approvals stand.
ALTER TABLE signals ADD COLUMN request_id TEXT;
ALTER TABLE signals ADD COLUMN profile_version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE signals ADD COLUMN trading_account_id TEXT;
ALTER TABLE signals ADD COLUMN price BIGINT;
ALTER TABLE signals ADD COLUMN lots BIGINT;
ALTER TABLE signals ADD COLUMN accepted_at BIGINT;
ALTER TABLE signals ADD COLUMN approval_id TEXT;
ALTER TABLE signals ADD COLUMN approved_until BIGINT;
CREATE INDEX signals_by_expiry ON signals (status, expires_at);
CREATE INDEX signals_by_request ON signals (request_id);
CREATE INDEX signals_by_acceptance ON signals (trading_account_id, accepted_at);

CREATE TABLE signal_events (
  event_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  signal_id TEXT NOT NULL REFERENCES signals (signal_id),
  event TEXT NOT NULL,
  actor TEXT NOT NULL,
  detail TEXT,
  at BIGINT NOT NULL
) STRICT;
CREATE INDEX signal_events_by_signal ON signal_events (signal_id, event_id);

-- What a person said beside the countersignature: how long it stands, and a smaller size.
CREATE TABLE approval_terms (
  request_id TEXT NOT NULL REFERENCES countersign_requests (request_id),
  user_id TEXT NOT NULL,
  valid_until BIGINT NOT NULL,
  lots BIGINT,
  PRIMARY KEY (request_id, user_id)
) STRICT;

-- Texts that people consent to when they approve; version 1 ships and has no row.
CREATE TABLE trade_consents (
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  version BIGINT NOT NULL,
  text TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, version)
) STRICT;

CREATE TABLE trade_settings (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (account_id),
  approvers TEXT,
  position_size BIGINT,
  guards TEXT,
  row_version BIGINT NOT NULL
) STRICT;

CREATE TABLE risk_profiles (
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  version BIGINT NOT NULL,
  profile TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, version)
) STRICT;

-- Who has stopped what; a scope without a row is ACTIVE.
CREATE TABLE trading_states (
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  scope TEXT NOT NULL CHECK (scope IN ('global', 'user', 'account')),
  scope_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('ACTIVE', 'REDUCING', 'HALTED')),
  guarded BIGINT NOT NULL,
  reason TEXT NOT NULL,
  changed_by TEXT NOT NULL,
  changed_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, scope, scope_id)
) STRICT;

CREATE TABLE news_windows (
  window_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  from_at BIGINT NOT NULL,
  to_at BIGINT NOT NULL,
  instruments TEXT NOT NULL,
  currencies TEXT NOT NULL,
  title TEXT NOT NULL,
  created_at BIGINT NOT NULL
) STRICT;
CREATE INDEX news_windows_by_end ON news_windows (account_id, to_at);

-- identity and primary_of are what is unique while the account is there; both are null once it is deleted.
CREATE TABLE trading_accounts (
  trading_account_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  owner_id TEXT NOT NULL,
  login TEXT NOT NULL,
  broker TEXT NOT NULL,
  server TEXT NOT NULL,
  name TEXT NOT NULL,
  symbol_map TEXT NOT NULL,
  identity TEXT UNIQUE,
  primary_of TEXT UNIQUE,
  currency TEXT,
  leverage DOUBLE,
  balance BIGINT,
  equity BIGINT,
  margin BIGINT,
  free_margin BIGINT,
  trade_allowed BIGINT NOT NULL,
  peak_equity BIGINT,
  day BIGINT NOT NULL,
  day_start_equity BIGINT,
  taken_at BIGINT NOT NULL,
  last_snapshot_at BIGINT NOT NULL,
  verified_at BIGINT,
  syncs BIGINT NOT NULL,
  last_sync_us BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  row_version BIGINT NOT NULL
) STRICT;
CREATE INDEX trading_accounts_by_account ON trading_accounts (account_id, trading_account_id);
CREATE INDEX trading_accounts_by_owner ON trading_accounts (owner_id, trading_account_id);

-- The broker's side as the newest snapshot told it.
CREATE TABLE quotes (
  trading_account_id TEXT NOT NULL REFERENCES trading_accounts (trading_account_id),
  instrument TEXT NOT NULL,
  bid BIGINT NOT NULL,
  ask BIGINT NOT NULL,
  open BIGINT,
  prev_close BIGINT,
  quoted_at BIGINT NOT NULL,
  PRIMARY KEY (trading_account_id, instrument)
) STRICT;

CREATE TABLE broker_positions (
  trading_account_id TEXT NOT NULL REFERENCES trading_accounts (trading_account_id),
  ticket TEXT NOT NULL,
  instrument TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
  lots BIGINT NOT NULL,
  price BIGINT NOT NULL,
  PRIMARY KEY (trading_account_id, ticket)
) STRICT;

CREATE TABLE account_snapshots (
  snapshot_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  trading_account_id TEXT NOT NULL REFERENCES trading_accounts (trading_account_id),
  balance BIGINT NOT NULL,
  equity BIGINT NOT NULL,
  margin BIGINT,
  free_margin BIGINT,
  positions BIGINT NOT NULL,
  taken_at BIGINT NOT NULL,
  received_at BIGINT NOT NULL
) STRICT;
CREATE INDEX account_snapshots_by_time ON account_snapshots (trading_account_id, taken_at);

CREATE TABLE devices (
  device_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  owner_id TEXT NOT NULL,
  name TEXT NOT NULL,
  live_name TEXT UNIQUE,
  secret BYTES NOT NULL,
  trading_account_id TEXT REFERENCES trading_accounts (trading_account_id),
  snapshot_seq BIGINT,
  snapshot_taken_at BIGINT NOT NULL,
  polled_at BIGINT NOT NULL,
  empty_polls BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  revoked_at BIGINT
) STRICT;
CREATE INDEX devices_by_account ON devices (account_id, device_id);

CREATE TABLE nonces (
  device_id TEXT NOT NULL,
  nonce TEXT NOT NULL,
  until BIGINT NOT NULL,
  PRIMARY KEY (device_id, nonce)
) STRICT;
CREATE INDEX nonces_by_time ON nonces (until);

-- One delivery for a signal and an account; who has it is told by device, fence and time.
CREATE TABLE deliveries (
  delivery_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  signal_id TEXT NOT NULL REFERENCES signals (signal_id),
  trading_account_id TEXT NOT NULL REFERENCES trading_accounts (trading_account_id),
  approval_id TEXT NOT NULL,
  effect_key TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('ready', 'leased', 'doubt', 'placed', 'failed', 'withdrawn')),
  lots BIGINT NOT NULL,
  magic BIGINT NOT NULL UNIQUE,
  comment TEXT NOT NULL UNIQUE,
  device_id TEXT,
  fence BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  lease_until BIGINT NOT NULL,
  placed_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  UNIQUE (signal_id, trading_account_id)
) STRICT;
CREATE INDEX deliveries_by_state ON deliveries (trading_account_id, state, delivery_id);
CREATE INDEX deliveries_by_lease ON deliveries (state, lease_until);
CREATE INDEX deliveries_by_approval ON deliveries (account_id, approval_id);

CREATE TABLE positions (
  position_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  owner_id TEXT NOT NULL,
  trading_account_id TEXT NOT NULL REFERENCES trading_accounts (trading_account_id),
  signal_id TEXT REFERENCES signals (signal_id),
  approval_id TEXT,
  delivery_id TEXT,
  broker_ticket TEXT NOT NULL,
  instrument TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
  asked BIGINT NOT NULL,
  lots BIGINT NOT NULL,
  requested_price BIGINT,
  entry_price BIGINT,
  current_price BIGINT,
  stop_loss BIGINT,
  take_profit BIGINT,
  profit BIGINT,
  swap BIGINT NOT NULL,
  commission BIGINT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('opening', 'open', 'close_requested', 'close_failed', 'closed')),
  matched TEXT,
  close_reason TEXT,
  close_price BIGINT,
  lapse_at BIGINT,
  close_tries BIGINT NOT NULL,
  close_due BIGINT,
  opened_at BIGINT NOT NULL,
  closed_at BIGINT,
  updated_at BIGINT NOT NULL,
  UNIQUE (trading_account_id, broker_ticket)
) STRICT;
CREATE INDEX positions_by_account ON positions (account_id, position_id);
CREATE INDEX positions_by_status ON positions (trading_account_id, status, position_id);
CREATE INDEX positions_by_lapse ON positions (status, lapse_at);
CREATE INDEX positions_by_close ON positions (status, close_due);
CREATE INDEX positions_by_signal ON positions (signal_id);

-- What a terminal said became of an order; the answer it got is kept to be given again.
CREATE TABLE executions (
  execution_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  delivery_id TEXT NOT NULL UNIQUE REFERENCES deliveries (delivery_id),
  device_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('placed', 'failed')),
  content TEXT NOT NULL,
  answer TEXT NOT NULL,
  created_at BIGINT NOT NULL
) STRICT;

CREATE TABLE close_commands (
  command_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  position_id TEXT NOT NULL REFERENCES positions (position_id),
  trading_account_id TEXT NOT NULL REFERENCES trading_accounts (trading_account_id),
  reason TEXT NOT NULL,
  lots BIGINT NOT NULL,
  expected_price BIGINT,
  attempt BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'executed', 'failed', 'void')),
  content TEXT,
  answer TEXT,
  created_at BIGINT NOT NULL,
  ended_at BIGINT
) STRICT;
CREATE INDEX close_commands_by_state ON close_commands (trading_account_id, state, command_id);
CREATE INDEX close_commands_by_position ON close_commands (position_id, command_id);

CREATE TABLE deals (
  trading_account_id TEXT NOT NULL REFERENCES trading_accounts (trading_account_id),
  ticket TEXT NOT NULL,
  position_ticket TEXT NOT NULL,
  instrument TEXT NOT NULL,
  side TEXT NOT NULL,
  entry TEXT NOT NULL CHECK (entry IN ('in', 'out')),
  lots BIGINT NOT NULL,
  price BIGINT NOT NULL,
  profit BIGINT NOT NULL,
  swap BIGINT NOT NULL,
  commission BIGINT NOT NULL,
  reason TEXT NOT NULL,
  magic BIGINT NOT NULL,
  dealt_at BIGINT NOT NULL,
  PRIMARY KEY (trading_account_id, ticket)
) STRICT;
CREATE INDEX deals_by_position ON deals (trading_account_id, position_ticket, entry);

-- What reconciliation found: divergences, manual trades, closes.  One row for a fact, however often it is seen.
CREATE TABLE reconciliation_events (
  event_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  trading_account_id TEXT NOT NULL REFERENCES trading_accounts (trading_account_id),
  kind TEXT NOT NULL,
  fact TEXT NOT NULL UNIQUE,
  position_id TEXT,
  ticket TEXT,
  expected TEXT,
  actual TEXT,
  divergence BIGINT NOT NULL,
  at BIGINT NOT NULL
) STRICT;
CREATE INDEX reconciliation_events_by_account ON reconciliation_events (account_id, event_id);

-- A guard that has fired stays here until the danger is past; so it fires once an episode.
CREATE TABLE guard_episodes (
  trading_account_id TEXT NOT NULL REFERENCES trading_accounts (trading_account_id),
  guard TEXT NOT NULL,
  instrument TEXT NOT NULL,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  state TEXT NOT NULL CHECK (state IN ('armed', 'fired', 'cancelled')),
  started_at BIGINT NOT NULL,
  closes_at BIGINT,
  PRIMARY KEY (trading_account_id, guard, instrument)
) STRICT;
CREATE INDEX guard_episodes_by_close ON guard_episodes (state, closes_at);
