-- Strategies that are kept by name, as backtests take them: RFC 8785 text, named by its SHA-256 [trade.md 9.4].

CREATE TABLE trade_strategies (
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  strategy TEXT NOT NULL,
  updated_by TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, name)
) STRICT;
