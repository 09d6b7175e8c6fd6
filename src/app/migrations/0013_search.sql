-- Work of projects: the search engine's copy is one more kind of it.
CREATE TABLE project_work (
  dispatch_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL,
  project_id TEXT NOT NULL REFERENCES projects (project_id),
  name TEXT NOT NULL
    CHECK (name IN ('projects.submit.dispatch', 'projects.email.send', 'projects.report.generate',
      'projects.search.index')),
  state TEXT NOT NULL CHECK (state IN ('PENDING', 'STARTED', 'RETRY', 'SUCCESS', 'FAILURE', 'REVOKED')),
  attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  seal_sha256 TEXT,
  effect_key TEXT,
  error TEXT,
  result TEXT,
  started_by TEXT,
  request_id TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
) STRICT;
INSERT INTO project_work (dispatch_id, account_id, project_id, name, state, attempts, next_at, seal_sha256, effect_key,
  error, result, started_by, request_id, created_at, updated_at)
  SELECT dispatch_id, account_id, project_id, name, state, attempts, next_at, seal_sha256, effect_key, error, result,
    started_by, request_id, created_at, updated_at FROM project_tasks;
DROP TABLE project_tasks;
ALTER TABLE project_work RENAME TO project_tasks;
CREATE INDEX project_tasks_by_project ON project_tasks (account_id, project_id, dispatch_id);
CREATE INDEX project_tasks_by_state ON project_tasks (account_id, state, dispatch_id);
CREATE INDEX project_tasks_due ON project_tasks (state, next_at);
