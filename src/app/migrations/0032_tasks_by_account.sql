-- The list of an account's tasks goes by id.
CREATE INDEX project_tasks_by_account ON project_tasks (account_id, dispatch_id);
