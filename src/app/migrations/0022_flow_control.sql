-- What people do to runs, and what begins anew because of it [flow.md 3.3].

-- What a person has ordered and the run's next turn carries out.
CREATE TABLE flow_orders (
  order_id TEXT NOT NULL PRIMARY KEY,
  run_id TEXT NOT NULL REFERENCES flow_runs (run_id),
  body TEXT NOT NULL
) STRICT;
CREATE INDEX flow_orders_by_run ON flow_orders (run_id, order_id);

-- Row at_seq went back to row to_seq: what lies between is superseded.
CREATE TABLE flow_rewinds (
  run_id TEXT NOT NULL REFERENCES flow_runs (run_id),
  at_seq BIGINT NOT NULL,
  to_seq BIGINT NOT NULL,
  PRIMARY KEY (run_id, at_seq)
) STRICT;

-- A run whose journal begins with that of another, up to row seq.
CREATE TABLE flow_forks (
  run_id TEXT NOT NULL PRIMARY KEY REFERENCES flow_runs (run_id),
  from_run_id TEXT NOT NULL REFERENCES flow_runs (run_id),
  seq BIGINT NOT NULL
) STRICT;
CREATE INDEX flow_forks_by_origin ON flow_forks (from_run_id);
