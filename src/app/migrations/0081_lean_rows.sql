-- What every write pays for: no index that no statement reads, no list of words that SQLite makes a table of for each
-- row, small rows where their key is.

-- The chain: lists go by time, and by stream and number.
CREATE TABLE audit_anew (
  account_id TEXT,
  stream TEXT NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor TEXT,
  role TEXT,
  action TEXT NOT NULL,
  target_kind TEXT,
  target_id TEXT,
  status TEXT NOT NULL CHECK (status = 'success' OR status = 'failure' OR status = 'denied'),
  ip TEXT,
  user_agent TEXT,
  request_id TEXT,
  meta TEXT NOT NULL,
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (stream, seq)
) STRICT;
INSERT INTO audit_anew (account_id, stream, seq, at, actor, role, action, target_kind, target_id, status, ip, user_agent,
  request_id, meta, prev_hash, hash)
  SELECT account_id, stream, seq, at, actor, role, action, target_kind, target_id, status, ip, user_agent, request_id,
  meta, prev_hash, hash FROM audit ORDER BY stream, seq;
DROP TABLE audit;
ALTER TABLE audit_anew RENAME TO audit;
CREATE INDEX audit_by_time ON audit (at, seq);
CREATE TRIGGER audit_is_append_only BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'the audit chain is append-only');
END;
CREATE TRIGGER audit_leaves_by_archive BEFORE DELETE ON audit
WHEN NOT EXISTS (SELECT 1 FROM audit_archiving WHERE stream = OLD.stream AND to_seq >= OLD.seq)
BEGIN
  SELECT RAISE(ABORT, 'the audit chain is append-only');
END;

CREATE TABLE audit_personal_anew (
  stream TEXT NOT NULL,
  seq BIGINT NOT NULL,
  user_id TEXT,
  ip TEXT,
  user_agent TEXT,
  at BIGINT NOT NULL,
  PRIMARY KEY (stream, seq)
) STRICT CLUSTERED;
INSERT INTO audit_personal_anew (stream, seq, user_id, ip, user_agent, at)
  SELECT stream, seq, user_id, ip, user_agent, at FROM audit_personal ORDER BY stream, seq;
DROP TABLE audit_personal;
ALTER TABLE audit_personal_anew RENAME TO audit_personal;
CREATE INDEX audit_personal_by_user ON audit_personal (user_id) WHERE user_id IS NOT NULL;

-- Lists of seals go by time and look at the rest row by row.
DROP INDEX seals_by_content;
DROP INDEX seals_by_subject;

-- Numbers rise with time, which is all that the sweep needs; ids are made to be unique.
CREATE TABLE outbox_anew (
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
INSERT INTO outbox_anew (number, event_id, account_id, topic, event, subject, effect_key, data, at)
  SELECT number, event_id, account_id, topic, event, subject, effect_key, data, at FROM outbox ORDER BY number;
DROP TABLE outbox;
ALTER TABLE outbox_anew RENAME TO outbox;
CREATE UNIQUE INDEX outbox_by_effect ON outbox (effect_key) WHERE effect_key IS NOT NULL;

-- A signature covers its time, so its row is found by that time, and new rows stand beside each other; a webhook's id
-- (signed_at 0) may come back with any time.
CREATE TABLE replays_anew (
  signed_at BIGINT NOT NULL,
  producer_id TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  until BIGINT NOT NULL,
  signal_id TEXT,
  PRIMARY KEY (signed_at, producer_id, sha256)
) STRICT CLUSTERED;
INSERT INTO replays_anew (signed_at, producer_id, sha256, until, signal_id)
  SELECT 0, producer_id, sha256, until, signal_id FROM replays;
DROP TABLE replays;
ALTER TABLE replays_anew RENAME TO replays;
CREATE INDEX replays_by_time ON replays (until) WHERE signed_at = 0;

CREATE TABLE signal_events_anew (
  event_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  signal_id TEXT NOT NULL REFERENCES signals (signal_id),
  event TEXT NOT NULL,
  actor TEXT NOT NULL,
  detail TEXT,
  at BIGINT NOT NULL,
  PRIMARY KEY (signal_id, event_id)
) STRICT CLUSTERED;
INSERT INTO signal_events_anew (event_id, account_id, signal_id, event, actor, detail, at)
  SELECT event_id, account_id, signal_id, event, actor, detail, at FROM signal_events ORDER BY signal_id, event_id;
DROP TABLE signal_events;
ALTER TABLE signal_events_anew RENAME TO signal_events;

-- Others refer to signals and to requests, so these columns are made anew and not their tables.
DROP INDEX signals_by_expiry;
ALTER TABLE signals ADD COLUMN status_anew TEXT NOT NULL DEFAULT 'blocked' CHECK (status_anew = 'pending' OR
  status_anew = 'blocked' OR status_anew = 'approved' OR status_anew = 'rejected' OR status_anew = 'expired' OR
  status_anew = 'cancelled' OR status_anew = 'failed' OR status_anew = 'placed' OR status_anew = 'closed');
ALTER TABLE signals ADD COLUMN authenticity_anew TEXT NOT NULL DEFAULT 'hmac' CHECK (authenticity_anew = 'hmac' OR
  authenticity_anew = 'standard_webhook' OR authenticity_anew = 'url_token');
UPDATE signals SET status_anew = status, authenticity_anew = authenticity;
ALTER TABLE signals DROP COLUMN status;
ALTER TABLE signals DROP COLUMN authenticity;
ALTER TABLE signals RENAME COLUMN status_anew TO status;
ALTER TABLE signals RENAME COLUMN authenticity_anew TO authenticity;
CREATE INDEX signals_by_expiry ON signals (status, expires_at);

DROP INDEX countersign_requests_by_expiry;
ALTER TABLE countersign_requests ADD COLUMN status_anew TEXT NOT NULL DEFAULT 'open' CHECK (status_anew = 'open' OR
  status_anew = 'granted' OR status_anew = 'rejected' OR status_anew = 'expired' OR status_anew = 'withdrawn' OR
  status_anew = 'applied' OR status_anew = 'revoked');
ALTER TABLE countersign_requests ADD COLUMN kind_anew TEXT NOT NULL DEFAULT 'approval' CHECK (kind_anew = 'approval' OR
  kind_anew = 'stamp' OR kind_anew = 'step' OR kind_anew = 'release');
UPDATE countersign_requests SET status_anew = status, kind_anew = kind;
ALTER TABLE countersign_requests DROP COLUMN status;
ALTER TABLE countersign_requests DROP COLUMN kind;
ALTER TABLE countersign_requests RENAME COLUMN status_anew TO status;
ALTER TABLE countersign_requests RENAME COLUMN kind_anew TO kind;
CREATE INDEX countersign_requests_by_expiry ON countersign_requests (status, expires_at);
