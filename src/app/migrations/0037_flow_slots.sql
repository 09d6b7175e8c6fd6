-- Which runs of a workflow have not begun, and which are under way [flow.md 3.5: metadata.max_runs].
CREATE INDEX flow_runs_by_workflow ON flow_runs (account_id, namespace, name, status);
