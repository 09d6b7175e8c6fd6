-- Runs recomputed from their journals, or executed once more [flow.md 3.3].
CREATE TABLE flow_replays (
  replay_id TEXT NOT NULL PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES flow_runs (run_id),
  account_id TEXT NOT NULL,
  mode TEXT NOT NULL CHECK (mode IN ('verify', 'full', 'from_step', 'failed_only')),
  report TEXT,                      -- of verify
  new_run_id TEXT,                  -- of the others: the run that executes it
  created_at BIGINT NOT NULL,
  created_by TEXT
) STRICT;
CREATE INDEX flow_replays_by_run ON flow_replays (run_id);
CREATE INDEX flow_replays_by_new_run ON flow_replays (new_run_id);
