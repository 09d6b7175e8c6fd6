-- Terminals whose bodies are encrypted; and notifications: who wants to be told of what by which channel, and what is on
-- its way [trade.md 4.2, 11].

ALTER TABLE devices ADD COLUMN encrypt BIGINT NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN offline_told_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE signals ADD COLUMN lapse_told_at BIGINT NOT NULL DEFAULT 0;

CREATE TABLE notice_settings (
  user_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  settings TEXT NOT NULL,
  webhook_secret BYTES,
  telegram_token BYTES,
  updated_at BIGINT NOT NULL
) STRICT;
CREATE INDEX notice_settings_by_account ON notice_settings (account_id);

-- One for a person, a channel and an event of the outbox; sent ones stay a while for whoever asks.
CREATE TABLE notices (
  notice_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  user_id TEXT NOT NULL,
  channel TEXT NOT NULL CHECK (channel IN ('email', 'webhook', 'telegram')),
  event TEXT NOT NULL,
  outbox BIGINT NOT NULL,
  subject TEXT,
  data TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'dead')),
  tries BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  error TEXT,
  created_at BIGINT NOT NULL,
  sent_at BIGINT,
  UNIQUE (user_id, channel, outbox)
) STRICT;
CREATE INDEX notices_by_due ON notices (state, due_at);

-- The last event of the outbox that was looked at.
CREATE TABLE notice_cursor (
  one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
  number BIGINT NOT NULL
) STRICT;
