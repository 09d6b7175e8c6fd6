-- What every write pays for: no index that no statement reads, no index of nulls, small rows where their key is.
-- Rows go through a table in between and none is renamed: for a RENAME SQLite reads its whole schema anew, at each start
-- of an empty store.

-- Lists of the chain go by time and look at the account row by row; so do those of seals.
DROP INDEX audit_by_account;
DROP INDEX seals_by_content;
DROP INDEX seals_by_subject;

CREATE TABLE audit_personal_before (
  stream TEXT,
  seq BIGINT,
  user_id TEXT,
  ip TEXT,
  user_agent TEXT,
  at BIGINT
) STRICT;
INSERT INTO audit_personal_before (stream, seq, user_id, ip, user_agent, at)
  SELECT stream, seq, user_id, ip, user_agent, at FROM audit_personal;
DROP TABLE audit_personal;
CREATE TABLE audit_personal (
  stream TEXT NOT NULL,
  seq BIGINT NOT NULL,
  user_id TEXT,
  ip TEXT,
  user_agent TEXT,
  at BIGINT NOT NULL,
  PRIMARY KEY (stream, seq)
) STRICT CLUSTERED;
INSERT INTO audit_personal (stream, seq, user_id, ip, user_agent, at)
  SELECT stream, seq, user_id, ip, user_agent, at FROM audit_personal_before ORDER BY stream, seq;
DROP TABLE audit_personal_before;
CREATE INDEX audit_personal_by_user ON audit_personal (user_id) WHERE user_id IS NOT NULL;

-- Numbers rise with time, which is all that the sweep needs; ids are made to be unique.
CREATE TABLE outbox_before (
  number BIGINT,
  event_id TEXT,
  account_id TEXT,
  topic TEXT,
  event TEXT,
  subject TEXT,
  effect_key TEXT,
  data TEXT,
  at BIGINT
) STRICT;
INSERT INTO outbox_before (number, event_id, account_id, topic, event, subject, effect_key, data, at)
  SELECT number, event_id, account_id, topic, event, subject, effect_key, data, at FROM outbox;
DROP TABLE outbox;
CREATE TABLE outbox (
  number BIGINT NOT NULL PRIMARY KEY,
  event_id TEXT NOT NULL,
  account_id TEXT,
  topic TEXT NOT NULL,
  event TEXT NOT NULL,
  subject TEXT,
  effect_key TEXT,
  data TEXT NOT NULL,
  at BIGINT NOT NULL
) STRICT;
INSERT INTO outbox (number, event_id, account_id, topic, event, subject, effect_key, data, at)
  SELECT number, event_id, account_id, topic, event, subject, effect_key, data, at FROM outbox_before ORDER BY number;
DROP TABLE outbox_before;
CREATE UNIQUE INDEX outbox_by_effect ON outbox (effect_key) WHERE effect_key IS NOT NULL;

-- A signature covers its time, so its row is found by that time, and new rows stand beside each other; a webhook's id
-- (signed_at 0) may come back with any time.
CREATE TABLE replays_before (
  producer_id TEXT,
  sha256 TEXT,
  until BIGINT,
  signal_id TEXT
) STRICT;
INSERT INTO replays_before (producer_id, sha256, until, signal_id)
  SELECT producer_id, sha256, until, signal_id FROM replays;
DROP TABLE replays;
CREATE TABLE replays (
  signed_at BIGINT NOT NULL,
  producer_id TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  until BIGINT NOT NULL,
  signal_id TEXT,
  PRIMARY KEY (signed_at, producer_id, sha256)
) STRICT CLUSTERED;
INSERT INTO replays (signed_at, producer_id, sha256, until, signal_id)
  SELECT 0, producer_id, sha256, until, signal_id FROM replays_before ORDER BY producer_id, sha256;
DROP TABLE replays_before;
CREATE INDEX replays_by_time ON replays (until) WHERE signed_at = 0;

CREATE TABLE signal_events_before (
  event_id TEXT,
  account_id TEXT,
  signal_id TEXT,
  event TEXT,
  actor TEXT,
  detail TEXT,
  at BIGINT
) STRICT;
INSERT INTO signal_events_before (event_id, account_id, signal_id, event, actor, detail, at)
  SELECT event_id, account_id, signal_id, event, actor, detail, at FROM signal_events;
DROP TABLE signal_events;
CREATE TABLE signal_events (
  event_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  signal_id TEXT NOT NULL REFERENCES signals (signal_id),
  event TEXT NOT NULL,
  actor TEXT NOT NULL,
  detail TEXT,
  at BIGINT NOT NULL,
  PRIMARY KEY (signal_id, event_id)
) STRICT CLUSTERED;
INSERT INTO signal_events (event_id, account_id, signal_id, event, actor, detail, at)
  SELECT event_id, account_id, signal_id, event, actor, detail, at FROM signal_events_before ORDER BY signal_id, event_id;
DROP TABLE signal_events_before;
