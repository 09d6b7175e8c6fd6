-- Places that a run can go back to, and what its live scopes held there [flow.md 5].

-- Numbers are never given again, so their last is kept with the run.
ALTER TABLE flow_runs ADD COLUMN checkpoints BIGINT NOT NULL DEFAULT 0;

CREATE TABLE flow_checkpoints (
  checkpoint_id TEXT NOT NULL PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES flow_runs (run_id),
  checkpoint_number BIGINT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('ready', 'restoring', 'failed')),
  seq BIGINT NOT NULL,              -- the last row of the journal that counts
  label TEXT,
  automatic BIGINT NOT NULL,        -- the engine took it: only the newest of these stay
  completed BIGINT NOT NULL,
  pending BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  skipped BIGINT NOT NULL,
  total BIGINT NOT NULL,
  budget TEXT,                      -- {allocated, consumed, currency} in micro-units; for reading only
  memory_ref TEXT,                  -- {agent_id, change_no}
  caller_state TEXT,
  content BYTES NOT NULL,
  content_sha256 TEXT NOT NULL,     -- of the bytes as they are stored
  compressed BIGINT NOT NULL,
  size_bytes BIGINT NOT NULL,
  stored_bytes BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT
) STRICT;
CREATE UNIQUE INDEX flow_checkpoints_by_run ON flow_checkpoints (run_id, checkpoint_number);
