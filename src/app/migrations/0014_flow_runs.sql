-- Runs of workflows and their journals [flow.md 3.1].

-- Texts that runs go by, each once: a run keeps its definition for life.
CREATE TABLE flow_definitions (
  definition_sha256 TEXT NOT NULL PRIMARY KEY,
  definition TEXT NOT NULL
) STRICT;

CREATE TABLE flow_runs (
  run_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  definition_sha256 TEXT NOT NULL REFERENCES flow_definitions (definition_sha256),
  status TEXT NOT NULL CHECK (status IN ('pending', 'running', 'waiting', 'suspended', 'completed', 'faulted', 'cancelled')),
  reason TEXT,
  seed TEXT NOT NULL,
  priority BIGINT NOT NULL,
  labels TEXT NOT NULL,
  seq BIGINT NOT NULL,          -- of the journal's last row
  due_at BIGINT NOT NULL,       -- when its next timer fires; 0: none
  driven BIGINT NOT NULL,       -- 0: there is something to do at once, also after a restart; 1: it waits or is over
  input TEXT NOT NULL,
  output TEXT,
  error TEXT,
  steps_total BIGINT NOT NULL,
  attempts_total BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  started_at BIGINT,
  ended_at BIGINT,
  created_by TEXT,
  parent_run_id TEXT,
  parent_path TEXT
) STRICT;
CREATE INDEX flow_runs_by_account ON flow_runs (account_id, run_id);
CREATE INDEX flow_runs_by_due ON flow_runs (driven, due_at);

-- The rows of one commit are one row here: a line of JSON each, numbered from first_seq without gaps.
CREATE TABLE flow_journal (
  run_id TEXT NOT NULL REFERENCES flow_runs (run_id),
  first_seq BIGINT NOT NULL,
  last_seq BIGINT NOT NULL,
  lines TEXT NOT NULL,
  PRIMARY KEY (run_id, first_seq)
) STRICT;
