-- Whose account a mail is of: who manages its dead letters sees those of no other.
ALTER TABLE mails ADD COLUMN account_id TEXT;
CREATE INDEX mails_by_account ON mails (account_id, state, mail_id);
