-- Paper accounts [trade.md 12]: no broker holds their book, so it is kept here.

ALTER TABLE trading_accounts ADD COLUMN kind TEXT NOT NULL DEFAULT 'live'; -- or 'paper'

CREATE TABLE paper_positions (
  trading_account_id TEXT NOT NULL REFERENCES trading_accounts (trading_account_id),
  ticket TEXT NOT NULL,
  instrument TEXT NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
  lots BIGINT NOT NULL,
  price BIGINT NOT NULL,
  stop_loss BIGINT,
  take_profit BIGINT,
  magic BIGINT NOT NULL,
  comment TEXT NOT NULL,
  opened_at BIGINT NOT NULL,
  PRIMARY KEY (trading_account_id, ticket)
) STRICT;
