-- What runs ask of workers and of people, and what came back [flow.md 2.7, 3.5].

-- A step that an external worker carries out.  `fence` rises with each claim; `deliveries` where nobody answered the
-- claim before.
CREATE TABLE flow_work (
  task_id TEXT NOT NULL PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES flow_runs (run_id),
  account_id TEXT NOT NULL,
  queue TEXT NOT NULL,
  path TEXT NOT NULL,
  reference TEXT NOT NULL,
  attempt BIGINT NOT NULL,
  deliveries BIGINT NOT NULL,
  idempotency_key TEXT NOT NULL,
  payload TEXT NOT NULL,
  lease_ms BIGINT NOT NULL,
  priority BIGINT NOT NULL,
  at_most_once BIGINT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'leased', 'completed', 'failed', 'ended')),
  fence BIGINT NOT NULL,
  worker_id TEXT,
  lease_expires_at BIGINT NOT NULL, -- 0: not leased
  progress TEXT,
  answer_sha256 TEXT,
  created_at BIGINT NOT NULL
) STRICT;
CREATE INDEX flow_work_by_queue ON flow_work (account_id, queue, status, priority, task_id);
CREATE INDEX flow_work_by_step ON flow_work (run_id, path, attempt);
CREATE INDEX flow_work_by_lease ON flow_work (status, lease_expires_at);

-- A step that waits for people's decisions.
CREATE TABLE flow_requests (
  request_id TEXT NOT NULL PRIMARY KEY REFERENCES countersign_requests (request_id),
  run_id TEXT NOT NULL REFERENCES flow_runs (run_id),
  path TEXT NOT NULL,
  attempt BIGINT NOT NULL,
  reference TEXT NOT NULL,
  who TEXT NOT NULL,                -- {role} or {users[]}; {}: whoever may
  go_on BIGINT NOT NULL,            -- a reject is an output, not an error
  seal_sha256 TEXT NOT NULL,
  open BIGINT NOT NULL
) STRICT;
CREATE INDEX flow_requests_by_run ON flow_requests (run_id, path, attempt);

-- What came back and the run has not taken in yet.
CREATE TABLE flow_answers (
  run_id TEXT NOT NULL REFERENCES flow_runs (run_id),
  path TEXT NOT NULL,
  attempt BIGINT NOT NULL,
  output TEXT,
  error TEXT,
  definite BIGINT NOT NULL,
  PRIMARY KEY (run_id, path, attempt)
) STRICT;
