-- What is done about agents that have failed, and about what goes wrong in the server [flow.md 9].

-- The tasks that an agent holds as a worker: they go to others when it is found dead.
CREATE INDEX flow_work_by_worker ON flow_work (account_id, worker_id, status);

-- What rules of self-healing did, with the counters before and after it.
CREATE TABLE healings (
  healing_id TEXT NOT NULL PRIMARY KEY,
  rule TEXT NOT NULL,
  action TEXT NOT NULL,
  counters_before TEXT NOT NULL,          -- JSON, as the rule's condition saw them
  counters_after TEXT NOT NULL,
  helped BIGINT NOT NULL,                 -- 1: the condition held no longer
  at BIGINT NOT NULL
) STRICT;
CREATE INDEX healings_by_rule ON healings (rule, at);
