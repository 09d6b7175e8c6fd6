-- Documents that definitions refer to, schemas and functions of catalogs: fetched when a version is published or a run is
-- started with a definition of its own, and the same for that definition ever after [flow.md 2.1].
CREATE TABLE flow_resources (
  resource_sha256 TEXT PRIMARY KEY,
  body TEXT NOT NULL -- JSON
) STRICT;

CREATE TABLE flow_pins (
  definition_sha256 TEXT NOT NULL REFERENCES flow_definitions (definition_sha256),
  uri TEXT NOT NULL,
  resource_sha256 TEXT NOT NULL REFERENCES flow_resources (resource_sha256),
  PRIMARY KEY (definition_sha256, uri)
) STRICT;
CREATE INDEX flow_pins_resource ON flow_pins (resource_sha256);
