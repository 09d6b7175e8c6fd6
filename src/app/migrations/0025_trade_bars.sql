-- Bars of a minute out of the quotes that a terminal uploads: bids, by the minute since 1970.

CREATE TABLE quote_bars (
  trading_account_id TEXT NOT NULL REFERENCES trading_accounts (trading_account_id),
  instrument TEXT NOT NULL,
  minute BIGINT NOT NULL,
  open BIGINT NOT NULL,
  high BIGINT NOT NULL,
  low BIGINT NOT NULL,
  close BIGINT NOT NULL,
  PRIMARY KEY (trading_account_id, instrument, minute)
) STRICT;
