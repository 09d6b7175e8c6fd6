-- Performance that a tenant shows to everybody, under a name of its own, some time after it happened [trade.md 9.5].

CREATE TABLE trade_public (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (account_id),
  slug TEXT NOT NULL UNIQUE,
  enabled BIGINT NOT NULL,
  title TEXT NOT NULL,
  delay_minutes BIGINT NOT NULL CHECK (delay_minutes >= 1),
  initial_balance BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
) STRICT;
