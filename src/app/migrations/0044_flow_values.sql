-- Large values of journals, each once, by its hash: rows name them [flow.md 3.1].

CREATE TABLE flow_values (
  sha256 TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

-- Whose rows name which.
CREATE TABLE flow_value_refs (
  run_id TEXT NOT NULL REFERENCES flow_runs (run_id),
  sha256 TEXT NOT NULL,
  PRIMARY KEY (run_id, sha256)
) STRICT;
CREATE INDEX flow_value_refs_by_value ON flow_value_refs (sha256);
