-- The run that a run was forked from, also where it begins from the start and so with nothing of the other's journal.
ALTER TABLE flow_runs ADD COLUMN forked_from TEXT;
UPDATE flow_runs SET forked_from = (SELECT f.from_run_id FROM flow_forks f WHERE f.run_id = flow_runs.run_id);
