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

-- What agents remember, in four tiers.  A row past expires_at is not there any more, swept or not.
CREATE TABLE memories (
  memory_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  agent_id TEXT NOT NULL,
  run_id TEXT,
  tier TEXT NOT NULL CHECK (tier IN ('l1', 'l2', 'l3', 'l4')),
  content TEXT NOT NULL,
  content_sha256 TEXT NOT NULL,
  size BIGINT NOT NULL,
  importance DOUBLE NOT NULL,
  memory_type TEXT NOT NULL,
  tags TEXT NOT NULL,
  metadata TEXT,
  access_count BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  last_accessed_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  source_ids TEXT,
  compression_ratio DOUBLE,
  knowledge_type TEXT,
  title TEXT,
  possible_duplicate_of TEXT
) STRICT;
CREATE INDEX memories_by_agent ON memories (account_id, agent_id, tier, memory_id);
CREATE INDEX memories_by_content ON memories (account_id, agent_id, content_sha256);
CREATE INDEX memories_by_worth ON memories (account_id, agent_id, tier, importance, memory_id);
CREATE INDEX memories_due ON memories (expires_at);

-- Vectors of float32, beside the rows so that a search reads nothing else.
CREATE TABLE memory_vectors (
  memory_id TEXT NOT NULL PRIMARY KEY REFERENCES memories (memory_id),
  account_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  tier TEXT NOT NULL,
  model TEXT NOT NULL,
  dimension BIGINT NOT NULL,
  norm DOUBLE NOT NULL,
  vector BYTES NOT NULL
) STRICT;
CREATE INDEX memory_vectors_by_agent ON memory_vectors (account_id, agent_id, tier, memory_id);

-- How many memories an agent has in a tier, and what became of others; kept with every change.
CREATE TABLE memory_tiers (
  account_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  tier TEXT NOT NULL,
  memories BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  dedup_hits BIGINT NOT NULL,
  evictions BIGINT NOT NULL,
  expiries BIGINT NOT NULL,
  PRIMARY KEY (account_id, agent_id, tier)
) STRICT;

CREATE TABLE memory_events (
  event_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL,
  memory_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT,
  at BIGINT NOT NULL
) STRICT;
CREATE INDEX memory_events_by_memory ON memory_events (account_id, memory_id, event_id);
