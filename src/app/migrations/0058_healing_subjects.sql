-- What a rule of self-healing looked at: a target of calls, an agent, a workflow of an account.  NULL: the server.
ALTER TABLE healings ADD COLUMN account_id TEXT;
ALTER TABLE healings ADD COLUMN subject TEXT;
