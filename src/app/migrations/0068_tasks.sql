-- Background tasks as people see them: one row for each run of the house's own workflows that a product started.  What
-- is due, tried again or given up is the run's own business; every commit of the run brings its row here up to date.
CREATE TABLE tasks (
  task_id TEXT NOT NULL PRIMARY KEY,   -- of the run
  account_id TEXT NOT NULL,
  name TEXT NOT NULL,
  subject_kind TEXT,
  subject_id TEXT,
  state TEXT NOT NULL CHECK (state IN ('PENDING', 'STARTED', 'RETRY', 'SUCCESS', 'FAILURE', 'REVOKED')),
  attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  quiet BIGINT NOT NULL,
  applied BIGINT NOT NULL,             -- 1: what it is for is stored; it cannot be cancelled any more
  input TEXT,                          -- of a run that has still to be made: left unfinished by an earlier version
  error TEXT,
  result TEXT,
  started_by TEXT,
  request_id TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
) STRICT;

-- What the queue of sign held; seals and keys are hexadecimal, ids need no escape.
INSERT INTO tasks (task_id, account_id, name, subject_kind, subject_id, state, attempts, next_at, quiet, applied, input,
  error, result, started_by, request_id, created_at, updated_at)
  SELECT dispatch_id, account_id, name, 'project', project_id, state, attempts, next_at,
    CASE WHEN name = 'projects.search.index' THEN 1 ELSE 0 END, 0,
    CASE WHEN state IN ('SUCCESS', 'REVOKED') THEN NULL ELSE '{"project_id":"' || project_id || '"' ||
      COALESCE(',"seal_sha256":"' || seal_sha256 || '"', '') || COALESCE(',"effect_key":"' || effect_key || '"', '') ||
      COALESCE(',"started_by":"' || started_by || '"', '') || COALESCE(',"request_id":"' || request_id || '"', '') ||
      '}' END,
    error, result, started_by, request_id, created_at, updated_at FROM project_tasks;
INSERT INTO tasks (task_id, account_id, name, state, attempts, next_at, quiet, applied, result, started_by, request_id,
  created_at, updated_at)
  SELECT task_id, account_id, name, 'SUCCESS', 1, done_at, 0, 0, result, started_by, request_id, done_at, done_at
    FROM settled_tasks;
DROP VIEW account_tasks;
DROP TABLE settled_tasks;
DROP TABLE project_tasks;
CREATE INDEX tasks_by_account ON tasks (account_id, task_id);
CREATE INDEX tasks_by_subject ON tasks (account_id, subject_id, task_id);
CREATE INDEX tasks_by_state ON tasks (state, task_id);
CREATE INDEX tasks_unbegun ON tasks (task_id) WHERE input IS NOT NULL;
CREATE INDEX flow_runs_unbegun ON flow_runs (run_id) WHERE namespace = 'system' AND status = 'pending';
