#include "flow/memory_archive.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/log.h"
#include "flow/memory_repo.h"
#include "store/packed.h"
#include "store/store.h"

enum { LEVEL = 3 };

bool memory_archive(struct db *db, struct memory_row *row, struct err *err)
{
	size_t size = strlen(row->content);
	struct buf packed;
	buf_init(&packed, 0);
	packed_write(row->content, size, LEVEL, &packed);
	bool smaller = buf_ok(&packed) && packed.size < size;
	row->stored = smaller ? (int64_t)packed.size : 0;
	bool kept =
		!smaller || db_run(db, err, "UPDATE memories SET content = '', packed = $2, stored = $3 WHERE memory_id = $1",
						   V_TEXT(row->memory_id), V_BLOB(buf_text(&packed), packed.size), V_INT(row->stored));
	buf_fini(&packed);
	return kept;
}

const char *memory_content(const struct db_rows *rows, int content, int packed, struct arena *arena)
{
	struct buf text;
	struct err err;
	size_t size;
	if (db_is_null(rows, packed))
		return db_text_dup(rows, content, arena);
	const void *bytes = db_blob(rows, packed, &size);
	buf_init(&text, 0);
	bool whole = packed_read(bytes, size, &text, &err);
	const char *copy = whole ? arena_dupn(arena, buf_text(&text), text.size) : NULL;
	if (!whole)
		log_error("flow: a memory of the archive is damaged", log_str("why", err.message));
	buf_fini(&text);
	return copy;
}
