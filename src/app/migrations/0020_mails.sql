-- Mails on their way to a server of mail; what they say, and to whom, is sealed: it holds links that open accounts.

CREATE TABLE mails (
  mail_id TEXT NOT NULL PRIMARY KEY,
  sealed BYTES NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'dead')),
  tries BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  error TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
) STRICT;
CREATE INDEX mails_by_due ON mails (state, due_at);
