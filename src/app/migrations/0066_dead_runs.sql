-- Runs of the house's own workflows that faulted are dead letters until a person sends them on or gives them up.
ALTER TABLE flow_runs ADD COLUMN given_up BIGINT NOT NULL DEFAULT 0;
CREATE INDEX flow_runs_dead ON flow_runs (run_id) WHERE namespace = 'system' AND status = 'faulted' AND given_up = 0;
