-- How many runs are over, by status: kept with each commit that ends, reopens or deletes one, so that nobody counts them.
CREATE TABLE flow_run_counts (
  status TEXT NOT NULL PRIMARY KEY,
  runs BIGINT NOT NULL
) STRICT;
INSERT INTO flow_run_counts (status, runs)
  SELECT s.status, (SELECT COUNT(*) FROM flow_runs r WHERE r.status = s.status AND r.account_id <> '' AND r.keep_until > 0)
  FROM (SELECT 'completed' AS status UNION ALL SELECT 'faulted' UNION ALL SELECT 'cancelled') s;
-- Those that are not over are few beside them.
CREATE INDEX flow_runs_unfinished ON flow_runs (keep_until, status, account_id) WHERE keep_until = 0;
