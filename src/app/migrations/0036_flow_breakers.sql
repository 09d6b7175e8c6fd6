-- Destinations that are left alone for a while [flow.md 10; P-10.4]: what a restart must not forget.
CREATE TABLE flow_breakers (
  account_id TEXT NOT NULL,
  target TEXT NOT NULL,                   -- a host, a host with a port that is not usual, or "llm"
  state TEXT NOT NULL CHECK (state IN ('closed', 'open', 'half_open')),
  until_at BIGINT NOT NULL,               -- open: until then; else 0
  changed_at BIGINT NOT NULL,
  changed_by TEXT,                        -- the person who said so; NULL: calls did
  reason TEXT,
  PRIMARY KEY (account_id, target)
) STRICT;
