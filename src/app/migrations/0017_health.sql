-- Agents as their heartbeats show them, what went wrong with them, and what was done about it [flow.md 9].

-- The last heartbeat and the state that follows.  seen_at: when it was heard, or told to recover, last.
CREATE TABLE agents (
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  agent_id TEXT NOT NULL,
  run_id TEXT,
  status TEXT NOT NULL CHECK (status IN ('healthy', 'degraded', 'critical', 'failed', 'recovering')),
  watched BIGINT NOT NULL,                -- 0: it has failed already
  score DOUBLE NOT NULL,
  low BIGINT NOT NULL,                    -- 1: its score was critical when it was heard last
  last_heartbeat BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  healthy_since BIGINT NOT NULL,          -- 0: it is not healthy
  recovery_attempts BIGINT NOT NULL,
  error_message TEXT,
  memory_usage_mb DOUBLE NOT NULL,
  cpu_usage_percent DOUBLE NOT NULL,
  working_memory_count BIGINT NOT NULL,
  episodic_memory_count BIGINT NOT NULL,
  cost_consumed BIGINT NOT NULL,
  budget_remaining BIGINT NOT NULL,
  active_tasks BIGINT NOT NULL,
  completed_tasks BIGINT NOT NULL,
  failed_tasks BIGINT NOT NULL,
  samples BIGINT NOT NULL,                -- heartbeats ever
  PRIMARY KEY (account_id, agent_id)
) STRICT;
CREATE INDEX agents_by_seen ON agents (watched, seen_at);
CREATE INDEX agents_by_run ON agents (account_id, run_id);

-- Figures of its last heartbeats, slot by slot, the oldest overwritten.
CREATE TABLE agent_samples (
  account_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  slot BIGINT NOT NULL,
  at BIGINT NOT NULL,
  score DOUBLE NOT NULL,
  memory_usage_mb DOUBLE NOT NULL,
  cpu_usage_percent DOUBLE NOT NULL,
  PRIMARY KEY (account_id, agent_id, slot)
) STRICT;

-- What went wrong.  `cause` names it where it must be raised once.
CREATE TABLE incidents (
  incident_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  agent_id TEXT NOT NULL,
  run_id TEXT,
  kind TEXT NOT NULL CHECK (kind IN ('reported', 'heartbeat_lost', 'score', 'healing')),
  cause TEXT,
  severity TEXT NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
  status TEXT NOT NULL CHECK (status IN ('open', 'investigating', 'resolved', 'ignored')),
  title TEXT NOT NULL,
  description TEXT,
  error_message TEXT,
  health_score DOUBLE,
  failure_rate DOUBLE,
  resolution TEXT,
  resolved_by TEXT,
  resolved_at BIGINT,
  created_by TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
) STRICT;
CREATE UNIQUE INDEX incidents_by_cause ON incidents (account_id, cause);
CREATE INDEX incidents_by_account ON incidents (account_id, incident_id);
CREATE INDEX incidents_by_agent ON incidents (account_id, agent_id, status);
CREATE INDEX incidents_by_run ON incidents (account_id, run_id, status);

-- What the planner did with a decomposition, and the library and state by which it goes on.
ALTER TABLE decompositions ADD COLUMN planner TEXT;
ALTER TABLE decompositions ADD COLUMN library TEXT;
ALTER TABLE decompositions ADD COLUMN state TEXT;
