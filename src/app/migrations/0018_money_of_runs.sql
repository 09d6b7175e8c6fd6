-- Reservations that a run's steps hold are looked for in each of its commits.
CREATE INDEX budget_reservations_by_run ON budget_reservations (account_id, run_id, state);

-- Answers of models, kept for the same question (until expires_at) and for one of like meaning (until alike_until).
CREATE TABLE llm_cache (
  account_id TEXT NOT NULL,
  cache_key TEXT NOT NULL,
  family TEXT NOT NULL,
  model TEXT NOT NULL,
  tags TEXT NOT NULL,
  answer TEXT NOT NULL,
  cost BIGINT NOT NULL,
  norm DOUBLE,
  vector BYTES,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  alike_until BIGINT NOT NULL,
  PRIMARY KEY (account_id, cache_key)
) STRICT;
CREATE INDEX llm_cache_by_family ON llm_cache (account_id, family, created_at);
CREATE INDEX llm_cache_due ON llm_cache (alike_until);

-- Contents of memories, found by their words; put and dropped with them.
CREATE FULLTEXT memory_texts;

-- Vectors in the order in which an agent got them.
CREATE TABLE memory_changes (
  account_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  newest BIGINT NOT NULL,
  PRIMARY KEY (account_id, agent_id)
) STRICT;
ALTER TABLE memory_vectors ADD COLUMN change_no BIGINT NOT NULL DEFAULT 0;
CREATE INDEX memory_vectors_by_change ON memory_vectors (account_id, agent_id, change_no);

-- A full tier looks at each store for what is over, and for the least of its lowest tenth.
CREATE INDEX memories_by_end ON memories (account_id, agent_id, tier, expires_at);
DROP INDEX memories_by_worth;
CREATE INDEX memories_by_worth ON memories (account_id, agent_id, tier, importance, memory_id, last_accessed_at);
