-- Events in and out of workflows, who listens to them, and runs that runs have started [flow.md 2.1, 3.4].

-- The position of an account's last event: they are numbered in the order in which they were stored.
CREATE TABLE flow_event_heads (
  account_id TEXT NOT NULL PRIMARY KEY,
  last BIGINT NOT NULL
) STRICT;

CREATE TABLE flow_events (
  account_id TEXT NOT NULL,
  position BIGINT NOT NULL,
  source TEXT,
  id TEXT,
  type TEXT,
  event TEXT NOT NULL,          -- the CloudEvent, structured
  raw TEXT,                     -- its data as they came, where they did not come inside of the event
  received_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, position)
) STRICT;
CREATE INDEX flow_events_by_id ON flow_events (account_id, id, source);
CREATE INDEX flow_events_by_time ON flow_events (account_id, received_at);

-- A task of a run that listens: to events after a position; of one type where all its filters name the same.
CREATE TABLE flow_listeners (
  run_id TEXT NOT NULL REFERENCES flow_runs (run_id),
  frame BIGINT NOT NULL,
  account_id TEXT NOT NULL,
  type TEXT,
  after_position BIGINT NOT NULL,
  PRIMARY KEY (run_id, frame)
) STRICT;
CREATE INDEX flow_listeners_by_account ON flow_listeners (account_id, type);

-- A run that another one waits for, until one of them is over; abandoned: the other one waits no more, so it is to end.
CREATE TABLE flow_children (
  child_run_id TEXT NOT NULL PRIMARY KEY REFERENCES flow_runs (run_id),
  parent_run_id TEXT NOT NULL REFERENCES flow_runs (run_id),
  frame BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('awaited', 'over', 'abandoned'))
) STRICT;
CREATE INDEX flow_children_by_parent ON flow_children (parent_run_id, frame);
CREATE INDEX flow_children_by_state ON flow_children (state);
