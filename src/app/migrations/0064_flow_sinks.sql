-- Webhooks that are told of runs: their lifecycle events and the events that they emit [flow.md 3.4; P-10.6].
CREATE TABLE flow_sinks (
  sink_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL,
  url TEXT NOT NULL,
  topics TEXT NOT NULL,           -- of the outbox, divided by spaces: runs, steps, events
  enabled BIGINT NOT NULL CHECK (enabled IN (0, 1)),
  secret BYTES NOT NULL,           -- sealed; what it is told is signed with it
  former_secret BYTES,             -- sealed; for a day after another one came in its place
  former_until BIGINT NOT NULL,
  told_to BIGINT NOT NULL,        -- number of the outbox up to which it was told
  tries BIGINT NOT NULL,          -- of the event that is next
  due_at BIGINT NOT NULL,         -- when it is tried again
  delivered BIGINT NOT NULL,      -- events, ever
  delivered_at BIGINT NOT NULL,
  last_status BIGINT NOT NULL,    -- 0: no answer
  last_error TEXT,
  created_at BIGINT NOT NULL,
  created_by TEXT
) STRICT;
CREATE INDEX flow_sinks_by_account ON flow_sinks (account_id, sink_id);
