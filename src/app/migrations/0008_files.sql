-- Files that people gave, and the uploads on their way to become one [P-9.1].

CREATE TABLE file_uploads (
  upload_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  filename TEXT NOT NULL,
  content_type TEXT NOT NULL,
  size BIGINT,
  sha256 TEXT,
  purpose TEXT,
  max_bytes BIGINT NOT NULL,
  created_by TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  blob_sha256 TEXT,
  blob_size BIGINT
) STRICT;
CREATE INDEX file_uploads_by_expiry ON file_uploads (expires_at);
CREATE INDEX file_uploads_by_blob ON file_uploads (blob_sha256);

CREATE TABLE files (
  file_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  blob_sha256 TEXT NOT NULL,
  filename TEXT NOT NULL,
  content_type TEXT NOT NULL,
  sniffed_type TEXT NOT NULL,
  size BIGINT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'clean', 'infected', 'error')),
  scan_detail TEXT,
  scan_tries BIGINT NOT NULL DEFAULT 0,
  scan_due BIGINT NOT NULL DEFAULT 0,
  purpose TEXT,
  created_by TEXT,
  created_at BIGINT NOT NULL,
  deleted_at BIGINT,
  version BIGINT NOT NULL
) STRICT;
CREATE INDEX files_by_account ON files (account_id, file_id);
CREATE INDEX files_by_blob ON files (blob_sha256);
CREATE INDEX files_by_scan ON files (state, scan_due);

-- What an account has of its quota.
CREATE TABLE file_usage (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (account_id),
  files BIGINT NOT NULL,
  bytes BIGINT NOT NULL
) STRICT;

-- Blobs that lost a reference; when no other one is left after 30 days they are removed.
CREATE TABLE file_loose (
  blob_sha256 TEXT NOT NULL PRIMARY KEY,
  loose_at BIGINT NOT NULL
) STRICT;
CREATE INDEX file_loose_by_time ON file_loose (loose_at);
