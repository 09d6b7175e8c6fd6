-- What agents spend, plan and remember.  Money is micro-units; every row is an account's.

-- A limit of one scope and window.  What was consumed and reserved is that of the window that began at window_start.
CREATE TABLE budgets (
  budget_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  scope TEXT NOT NULL CHECK (scope IN ('run', 'agent', 'workflow', 'tenant')),
  scope_id TEXT NOT NULL,
  currency TEXT NOT NULL,
  window_kind TEXT NOT NULL CHECK (window_kind IN ('total', 'day', 'week', 'month')),
  tz TEXT NOT NULL,
  allocated BIGINT NOT NULL,
  consumed BIGINT NOT NULL,
  reserved BIGINT NOT NULL,
  warning DOUBLE NOT NULL,
  critical DOUBLE NOT NULL,
  on_exhausted TEXT NOT NULL CHECK (on_exhausted IN ('suspend', 'fail', 'warn')),
  window_start BIGINT NOT NULL,
  window_end BIGINT NOT NULL,
  raised BIGINT NOT NULL,
  told BIGINT NOT NULL,
  suspended BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_by TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  CHECK (reserved >= 0 AND consumed >= 0)
) STRICT;
CREATE UNIQUE INDEX budgets_by_scope ON budgets (account_id, scope, scope_id, window_kind);
CREATE INDEX budgets_by_account ON budgets (account_id, budget_id);

CREATE TABLE budget_events (
  event_id TEXT NOT NULL PRIMARY KEY,
  budget_id TEXT NOT NULL REFERENCES budgets (budget_id),
  kind TEXT NOT NULL,
  at BIGINT NOT NULL,
  usage_percentage DOUBLE NOT NULL,
  reason TEXT
) STRICT;
CREATE INDEX budget_events_by_budget ON budget_events (budget_id, event_id);

-- Money kept for something that is about to be done; without expires_at it is kept until it is settled or released.
CREATE TABLE budget_reservations (
  reservation_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL,
  run_id TEXT,
  agent_id TEXT,
  workflow TEXT,
  step TEXT,
  currency TEXT NOT NULL,
  amount BIGINT NOT NULL,
  actual BIGINT,
  purpose TEXT,
  state TEXT NOT NULL CHECK (state IN ('held', 'settled', 'released', 'expired')),
  entry_id TEXT,
  expires_at BIGINT,
  created_at BIGINT NOT NULL,
  ended_at BIGINT
) STRICT;
CREATE INDEX budget_reservations_due ON budget_reservations (state, expires_at);

-- From which budgets, and in which window of theirs.
CREATE TABLE budget_holds (
  reservation_id TEXT NOT NULL REFERENCES budget_reservations (reservation_id),
  budget_id TEXT NOT NULL REFERENCES budgets (budget_id),
  window_start BIGINT NOT NULL,
  PRIMARY KEY (reservation_id, budget_id)
) STRICT;

-- What was spent; never changed.
CREATE TABLE cost_entries (
  entry_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  run_id TEXT,
  agent_id TEXT,
  workflow TEXT,
  step TEXT,
  operation_type TEXT NOT NULL,
  provider TEXT,
  model TEXT,
  priced_as TEXT,
  cost BIGINT NOT NULL,
  saved BIGINT NOT NULL,
  currency TEXT NOT NULL,
  tokens TEXT,
  metadata TEXT,
  reservation_id TEXT,
  at BIGINT NOT NULL
) STRICT;
CREATE INDEX cost_entries_by_run ON cost_entries (account_id, run_id, entry_id);
CREATE INDEX cost_entries_by_agent ON cost_entries (account_id, agent_id, entry_id);

-- A goal taken apart into a tree of tasks with dependencies.
CREATE TABLE decompositions (
  decomposition_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  goal TEXT NOT NULL,
  strategy TEXT NOT NULL,
  max_depth BIGINT NOT NULL,
  max_nodes BIGINT NOT NULL,
  root_id TEXT,
  nodes_total BIGINT NOT NULL,
  dependencies_total BIGINT NOT NULL,
  parts BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_by TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
) STRICT;
CREATE INDEX decompositions_by_account ON decompositions (account_id, decomposition_id);

-- Its nodes and dependencies in order of coming, some hundreds to a row; rows are only added.
CREATE TABLE decomposition_parts (
  decomposition_id TEXT NOT NULL REFERENCES decompositions (decomposition_id),
  seq BIGINT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('nodes', 'dependencies')),
  content TEXT NOT NULL,
  PRIMARY KEY (decomposition_id, seq)
) STRICT;
