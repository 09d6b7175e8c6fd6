-- What is done about agents that have failed, and about what goes wrong in the server [flow.md 9].

-- The tasks that an agent holds as a worker: they go to others when it is found dead.
CREATE INDEX flow_work_by_worker ON flow_work (account_id, worker_id, status);
