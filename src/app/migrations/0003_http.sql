-- Answers to requests that carried an Idempotency-Key [P-8.5], written in the transaction of what they answer.
CREATE TABLE idempotency (
  principal TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  status BIGINT NOT NULL,
  content_type TEXT,
  etag TEXT,
  location TEXT,
  body BYTES NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (principal, idempotency_key)
) STRICT;
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
