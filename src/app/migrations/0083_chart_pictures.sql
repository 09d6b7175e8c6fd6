-- Pictures that were drawn and are kept as blobs for a day [trade.md 10].  The row comes before its blob, so that no blob
-- is without one; one whose blob is missing is drawn again (trade/kept_charts.h).
CREATE TABLE chart_pictures (
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  question_sha256 TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  media_type TEXT NOT NULL,
  result TEXT NOT NULL,
  room BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, question_sha256)
) STRICT;
CREATE INDEX chart_pictures_by_blob ON chart_pictures (sha256, account_id);
CREATE INDEX chart_pictures_by_account ON chart_pictures (account_id, expires_at, room);
CREATE INDEX chart_pictures_by_expiry ON chart_pictures (expires_at);
