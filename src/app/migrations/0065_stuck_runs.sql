-- Runs that waited for nothing are incidents of a kind of their own [flow.md 3.3].
CREATE TABLE incidents_anew (
  incident_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  agent_id TEXT NOT NULL,
  run_id TEXT,
  kind TEXT NOT NULL CHECK (kind IN ('reported', 'heartbeat_lost', 'score', 'healing', 'stuck')),
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
INSERT INTO incidents_anew (incident_id, account_id, agent_id, run_id, kind, cause, severity, status, title, description,
  error_message, health_score, failure_rate, resolution, resolved_by, resolved_at, created_by, created_at, updated_at)
  SELECT incident_id, account_id, agent_id, run_id, kind, cause, severity, status, title, description, error_message,
  health_score, failure_rate, resolution, resolved_by, resolved_at, created_by, created_at, updated_at FROM incidents;
DROP TABLE incidents;
ALTER TABLE incidents_anew RENAME TO incidents;
CREATE UNIQUE INDEX incidents_by_cause ON incidents (account_id, cause);
CREATE INDEX incidents_by_account ON incidents (account_id, incident_id);
CREATE INDEX incidents_by_agent ON incidents (account_id, agent_id, status);
CREATE INDEX incidents_by_run ON incidents (account_id, run_id, status);
