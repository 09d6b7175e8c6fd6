-- Work that was done in the transaction that asked for it, to be asked for like any other: no queue has it.
CREATE TABLE settled_tasks (
  task_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  name TEXT NOT NULL,
  result TEXT,
  started_by TEXT,
  request_id TEXT,
  done_at BIGINT NOT NULL
) STRICT;
CREATE INDEX settled_tasks_by_account ON settled_tasks (account_id, task_id);

-- All tasks of an account, as they are listed.
CREATE VIEW account_tasks AS
  SELECT dispatch_id, account_id, project_id, name, state, attempts, next_at, seal_sha256, effect_key, error, result,
    started_by, request_id, created_at, updated_at FROM project_tasks
  UNION ALL
  SELECT task_id, account_id, CAST(NULL AS TEXT), name, 'SUCCESS', 1, done_at, CAST(NULL AS TEXT), CAST(NULL AS TEXT),
    CAST(NULL AS TEXT), result, started_by, request_id, done_at, done_at FROM settled_tasks;
