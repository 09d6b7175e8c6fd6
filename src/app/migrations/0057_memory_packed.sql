-- Contents of the archive are kept as zstd where that is smaller: content is "" then, and stored says how many bytes of
-- `packed` stand for the `size` bytes of the text.  NULL: content is the text itself [flow.md 6].
ALTER TABLE memories ADD COLUMN packed BYTES;
ALTER TABLE memories ADD COLUMN stored BIGINT;
