-- The registry of workflows: one row for each version [flow.md 2.8].

CREATE TABLE flow_workflows (
  workflow_id TEXT NOT NULL PRIMARY KEY,
  account_id TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('draft', 'published', 'deprecated', 'archived')),
  form TEXT NOT NULL CHECK (form IN ('dsl', 'dag')),
  content_sha256 TEXT NOT NULL,     -- of what was registered: tells the same definition from another
  definition_sha256 TEXT NOT NULL REFERENCES flow_definitions (definition_sha256), -- of the text that is kept
  title TEXT,
  tags TEXT NOT NULL,               -- JSON as written
  created_at BIGINT NOT NULL,
  created_by TEXT,
  updated_at BIGINT NOT NULL
) STRICT;
CREATE UNIQUE INDEX flow_workflows_by_version ON flow_workflows (account_id, namespace, name, version);
CREATE INDEX flow_workflows_by_account ON flow_workflows (account_id, workflow_id);
CREATE INDEX flow_workflows_by_definition ON flow_workflows (definition_sha256);

-- What a version can be found by: KEY and KEY:VALUE, or the words of the DAG form.
CREATE TABLE flow_workflow_tags (
  account_id TEXT NOT NULL,
  tag TEXT NOT NULL,
  workflow_id TEXT NOT NULL REFERENCES flow_workflows (workflow_id),
  PRIMARY KEY (account_id, tag, workflow_id)
) STRICT;
CREATE INDEX flow_workflow_tags_by_workflow ON flow_workflow_tags (workflow_id);
