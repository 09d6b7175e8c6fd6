-- How long runs that are over stay [flow.md 3.5].

-- When the run may be deleted; 0: not yet over.  One whose journal a fork begins with is nobody's (account_id '') from
-- then on, and goes with the last of its forks.
ALTER TABLE flow_runs ADD COLUMN keep_until BIGINT NOT NULL DEFAULT 0;
UPDATE flow_runs SET keep_until = ended_at + 2592000000000 WHERE ended_at IS NOT NULL; -- 30 days
CREATE INDEX flow_runs_by_keeping ON flow_runs (keep_until, run_id);
-- Which texts nothing goes by any more.
CREATE INDEX flow_runs_by_definition ON flow_runs (definition_sha256);
