-- The outbox, and decisions of people on sealed content.

-- What happened, in the order in which it was committed; written in the transaction that made it happen.
CREATE TABLE outbox (
  number BIGINT NOT NULL PRIMARY KEY,
  event_id TEXT NOT NULL UNIQUE,
  account_id TEXT,
  topic TEXT NOT NULL,
  event TEXT NOT NULL,
  subject TEXT,
  effect_key TEXT UNIQUE,
  data TEXT NOT NULL,
  at BIGINT NOT NULL
) STRICT;
CREATE INDEX outbox_by_time ON outbox (at, number);

CREATE TABLE countersign_requests (
  request_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  kind TEXT NOT NULL CHECK (kind IN ('approval', 'stamp', 'step', 'release')),
  seal_sha256 TEXT NOT NULL,
  content_sha256 TEXT NOT NULL,
  subject_kind TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  author_id TEXT,
  quorum BIGINT NOT NULL CHECK (quorum BETWEEN 1 AND 5),
  four_eyes BIGINT NOT NULL,
  permission TEXT NOT NULL,
  consent_version BIGINT NOT NULL,
  status TEXT NOT NULL
    CHECK (status IN ('open', 'granted', 'rejected', 'expired', 'withdrawn', 'applied', 'revoked')),
  effect_key TEXT NOT NULL UNIQUE,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  decided_at BIGINT,
  applied_at BIGINT
) STRICT;
CREATE INDEX countersign_requests_by_account ON countersign_requests (account_id, request_id);
CREATE INDEX countersign_requests_by_subject ON countersign_requests (account_id, subject_kind, subject_id);
CREATE INDEX countersign_requests_by_expiry ON countersign_requests (status, expires_at);

CREATE TABLE countersignatures (
  countersignature_id TEXT NOT NULL PRIMARY KEY,
  request_id TEXT NOT NULL REFERENCES countersign_requests (request_id),
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  seal_sha256 TEXT NOT NULL,
  user_id TEXT NOT NULL,
  role TEXT NOT NULL,
  decision TEXT NOT NULL CHECK (decision IN ('approve', 'reject')),
  reason TEXT,
  consent_version BIGINT NOT NULL,
  ip TEXT,
  user_agent TEXT,
  mfa BIGINT NOT NULL,
  receipt TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  revoked_at BIGINT,
  revoke_reason TEXT,
  UNIQUE (request_id, user_id)
) STRICT;
CREATE INDEX countersignatures_by_account ON countersignatures (account_id, countersignature_id);
CREATE INDEX countersignatures_by_user ON countersignatures (user_id, countersignature_id);

-- What an account asks for beyond a kind's own policy: it only ever raises.
CREATE TABLE countersign_policies (
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  kind TEXT NOT NULL,
  quorum BIGINT NOT NULL,
  four_eyes BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, kind)
) STRICT;

-- Lists of the chain are newest first, over all streams.
CREATE INDEX audit_by_time ON audit (at, seq);
