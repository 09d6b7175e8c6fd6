-- One meaning of a definition's hash: what a workflow shows of its definition, its runs show too [flow.md 2.8].  The key
-- is the hash of the kept text; `content_sha256` tells one definition from another.  Texts kept before are told by what
-- was registered with them, else by themselves.
ALTER TABLE flow_definitions ADD COLUMN content_sha256 TEXT;
UPDATE flow_definitions SET content_sha256 = COALESCE((SELECT MIN(w.content_sha256) FROM flow_workflows w
  WHERE w.definition_sha256 = flow_definitions.definition_sha256), definition_sha256);
