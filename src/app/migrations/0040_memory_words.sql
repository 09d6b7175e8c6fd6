-- Words of memories are put into memory_texts many at once, when somebody asks or some seconds later: what is stored and
-- evicted in between never costs that.  worded 0: they are not there yet.
ALTER TABLE memories ADD COLUMN worded BIGINT NOT NULL DEFAULT 1;
CREATE INDEX memories_unworded ON memories (account_id, agent_id) WHERE worded = 0;

-- Whether anything is over at all is seen by memories_due; what is over of an agent is then looked for there.
DROP INDEX memories_by_end;

-- Of equal worth the one used longest ago is first: mostly it is the one to evict, and nothing else is read.
DROP INDEX memories_by_worth;
CREATE INDEX memories_by_worth ON memories (account_id, agent_id, tier, importance, last_accessed_at, memory_id);

-- What became of memories, found by the memory.
CREATE TABLE memory_past (
  memory_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT,
  at BIGINT NOT NULL,
  PRIMARY KEY (memory_id, event_id)
) STRICT;
INSERT INTO memory_past (memory_id, event_id, account_id, kind, detail, at)
  SELECT memory_id, event_id, account_id, kind, detail, at FROM memory_events;
DROP TABLE memory_events;
ALTER TABLE memory_past RENAME TO memory_events;
