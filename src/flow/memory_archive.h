/*
 * How contents of the archive tier stand in the store: as zstd of level 3 where that is smaller, else as they are
 * [flow.md 6].  Who reads a row never sees the difference.  Private to src/flow.
 */
#ifndef CS_FLOW_MEMORY_ARCHIVE_H
#define CS_FLOW_MEMORY_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct db;
struct db_rows;
struct err;
struct memory_row;

/* In an op: row->content is whole; row->stored is set to the bytes that stand for it, 0: it stays as it is. */
bool memory_archive(struct db *db, struct memory_row *row, struct err *err);

/* The content of a row from its columns `content` and `packed`, the arena's; NULL: it is full, or the row is damaged.
 */
const char *memory_content(const struct db_rows *rows, int content, int packed, struct arena *arena);

#endif
