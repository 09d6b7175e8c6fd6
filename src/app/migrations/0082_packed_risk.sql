-- A signal's risk report, packed by the words that all of them share (trade/kept_risk.c); risk is empty then.  NULL: the
-- row is older, and risk is the text itself.
ALTER TABLE signals ADD COLUMN risk_packed BYTES;
