-- What the planner `llm` was asked and what it answered, word for word, for each decomposition that came of it: so that
-- anybody can read the answer again and compare the nodes [flow.md 8].  node_id NULL: the goal was asked about.
CREATE TABLE decomposition_asks (
  decomposition_id TEXT NOT NULL REFERENCES decompositions (decomposition_id),
  seq BIGINT NOT NULL,
  node_id TEXT,
  attempt BIGINT NOT NULL,
  model TEXT NOT NULL,
  prompt TEXT NOT NULL,
  answer TEXT,
  problems TEXT NOT NULL,
  cost BIGINT NOT NULL,
  cached BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (decomposition_id, seq)
) STRICT;
