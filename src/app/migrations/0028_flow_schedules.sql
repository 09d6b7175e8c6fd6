-- When workflows start by themselves [flow.md 3.4].

CREATE TABLE flow_schedules (
  schedule_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL,        -- or latest
  origin TEXT NOT NULL CHECK (origin IN ('request', 'definition')),
  kind TEXT NOT NULL CHECK (kind IN ('every', 'cron', 'after', 'on')),
  spec TEXT NOT NULL,           -- JSON: a cron expression, a duration, a strategy of events
  tz TEXT NOT NULL,
  catch_up TEXT NOT NULL CHECK (catch_up IN ('one', 'all', 'none')),
  overlap TEXT NOT NULL CHECK (overlap IN ('allow', 'skip', 'queue')),
  input TEXT NOT NULL,
  enabled BIGINT NOT NULL,
  next_at BIGINT NOT NULL,      -- 0: not by the clock, or not now
  last_at BIGINT,
  last_run_id TEXT,
  listener_run_id TEXT,         -- of kind on: the run that listens
  last_error TEXT,
  queued BIGINT NOT NULL,       -- times that wait for the run before to end
  row_version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT,
  updated_at BIGINT NOT NULL
) STRICT;
CREATE INDEX flow_schedules_by_account ON flow_schedules (account_id, schedule_id);
CREATE INDEX flow_schedules_by_workflow ON flow_schedules (account_id, namespace, name);
CREATE INDEX flow_schedules_by_time ON flow_schedules (enabled, next_at);
CREATE INDEX flow_schedules_by_listener ON flow_schedules (listener_run_id);

-- A time (or an event's position) at which a schedule started a run: once, whoever comes first.
CREATE TABLE flow_firings (
  schedule_id TEXT NOT NULL,
  fired BIGINT NOT NULL,
  run_id TEXT NOT NULL,
  PRIMARY KEY (schedule_id, fired)
) STRICT;
CREATE INDEX flow_firings_by_run ON flow_firings (run_id);
