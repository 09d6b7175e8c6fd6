-- Sign: projects with their payloads and events, the words they are found by, what was learnt of sites.
-- Every row is an account's; a project's id begins with its time, so rows in order of the key are in order of making.

CREATE TABLE projects (
  project_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  name TEXT NOT NULL,
  customer TEXT,
  description TEXT,
  site_name TEXT,
  street TEXT,
  status TEXT NOT NULL CHECK (status IN ('draft', 'estimating', 'submitted', 'accepted', 'rejected')),
  version BIGINT NOT NULL,
  pricing_version TEXT,
  project_number TEXT,
  payload_id TEXT,
  created_by TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
) STRICT;
CREATE INDEX projects_by_account ON projects (account_id, project_id);
CREATE INDEX projects_by_status ON projects (account_id, status, project_id);
CREATE UNIQUE INDEX projects_by_number ON projects (account_id, project_number);

-- One row for each word of a project's name, customer, description and site.
CREATE TABLE project_terms (
  account_id TEXT NOT NULL,
  term TEXT NOT NULL,
  project_id TEXT NOT NULL REFERENCES projects (project_id),
  PRIMARY KEY (account_id, term, project_id)
) STRICT;
CREATE INDEX project_terms_by_project ON project_terms (project_id, term);

-- The history of a project's configurations: saved once, never changed.
CREATE TABLE project_payloads (
  payload_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL,
  project_id TEXT NOT NULL REFERENCES projects (project_id),
  module TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  config TEXT NOT NULL,
  files TEXT NOT NULL,
  cost_snapshot TEXT NOT NULL,
  seal_sha256 TEXT,
  request_id TEXT,
  created_by TEXT,
  created_at BIGINT NOT NULL
) STRICT;
CREATE UNIQUE INDEX project_payloads_by_content ON project_payloads (account_id, project_id, sha256);

CREATE TABLE project_events (
  event_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL,
  project_id TEXT NOT NULL REFERENCES projects (project_id),
  type TEXT NOT NULL,
  actor TEXT,
  at BIGINT NOT NULL,
  request_id TEXT,
  content_sha256 TEXT,
  before_json TEXT,
  after_json TEXT
) STRICT;
CREATE INDEX project_events_by_project ON project_events (account_id, project_id, event_id);
CREATE TRIGGER project_events_are_append_only BEFORE UPDATE ON project_events
BEGIN
  SELECT RAISE(ABORT, 'events are append-only');
END;

-- What a provider said about a place, or that it knew nothing, until it is asked again.
CREATE TABLE site_cache (
  account_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  answer TEXT,
  provider TEXT NOT NULL,
  provider_version TEXT,
  at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, kind, key)
) STRICT;

-- Documents that were drawn: found by what they show, stored as blobs by what they are.
CREATE TABLE project_reports (
  account_id TEXT NOT NULL,
  project_id TEXT NOT NULL REFERENCES projects (project_id),
  snapshot_sha256 TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  size BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (account_id, project_id, snapshot_sha256)
) STRICT;

-- Work that follows from a commit and is carried out after it, once: the PM system is asked, a mail is sent.
CREATE TABLE project_dispatches (
  dispatch_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL,
  project_id TEXT NOT NULL REFERENCES projects (project_id),
  name TEXT NOT NULL CHECK (name IN ('projects.submit.dispatch', 'projects.email.send')),
  state TEXT NOT NULL CHECK (state IN ('PENDING', 'RETRY', 'SUCCESS', 'FAILURE')),
  attempts BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  seal_sha256 TEXT,
  error TEXT,
  started_by TEXT,
  request_id TEXT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
) STRICT;
CREATE INDEX project_dispatches_by_project ON project_dispatches (account_id, project_id, dispatch_id);
CREATE INDEX project_dispatches_due ON project_dispatches (state, next_at);

-- The built-in PM system's numbers.
CREATE TABLE project_numbers (
  name TEXT NOT NULL PRIMARY KEY,
  last BIGINT NOT NULL
) STRICT;
