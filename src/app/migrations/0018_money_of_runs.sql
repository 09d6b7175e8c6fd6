-- Reservations that a run's steps hold are looked for in each of its commits.
CREATE INDEX budget_reservations_by_run ON budget_reservations (account_id, run_id, state);
