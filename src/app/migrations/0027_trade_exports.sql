-- What is shared by a link: the bytes as they were when it was made, and how often they may still be fetched [trade.md 9.5].

CREATE TABLE trade_exports (
  export_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  created_by TEXT NOT NULL,
  token_sha256 TEXT NOT NULL UNIQUE,
  format TEXT NOT NULL CHECK (format IN ('csv', 'json', 'png')),
  redacted BIGINT NOT NULL,
  content BYTES NOT NULL,
  accesses BIGINT NOT NULL,
  max_accesses BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT,
  created_at BIGINT NOT NULL
) STRICT;
CREATE INDEX trade_exports_by_account ON trade_exports (account_id, export_id);
CREATE INDEX trade_exports_by_expiry ON trade_exports (expires_at);
