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
  purpose TEXT,
  created_by TEXT,
  created_at BIGINT NOT NULL,
  deleted_at BIGINT
) STRICT;
CREATE INDEX files_by_account ON files (account_id, file_id);
CREATE INDEX files_by_blob ON files (account_id, blob_sha256);
