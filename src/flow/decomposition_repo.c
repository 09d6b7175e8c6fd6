#include "flow/decomposition_repo.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/id.h"
#include "store/store.h"

bool decomposition_insert(struct db *db, const struct decomposition_row *row, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO decompositions (decomposition_id, account_id, goal, strategy, max_depth, max_nodes, "
				  "root_id, nodes_total, dependencies_total, parts, version, created_by, created_at, updated_at, "
				  "planner, library, "
				  "state) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, 0, $8, $9, $9, $10, $11, $12)",
				  V_TEXT(row->decomposition_id), V_TEXT(row->account_id), V_TEXT(row->goal), V_TEXT(row->strategy),
				  V_INT(row->max_depth), V_INT(row->max_nodes), V_TEXT(row->root_id), V_TEXT(row->created_by),
				  V_INT(row->created_us), V_TEXT(row->planner), V_TEXT(row->library), V_TEXT(row->state));
}

struct taking {
	struct arena *arena;
	struct decomposition_row *row;
};

static void take(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	*to->row = (struct decomposition_row){.decomposition_id = db_text_dup(row, 0, to->arena),
										  .account_id = db_text_dup(row, 1, to->arena),
										  .goal = db_text_dup(row, 2, to->arena),
										  .strategy = db_text_dup(row, 3, to->arena),
										  .max_depth = db_int(row, 4),
										  .max_nodes = db_int(row, 5),
										  .root_id = db_text_dup(row, 6, to->arena),
										  .nodes_total = db_int(row, 7),
										  .dependencies_total = db_int(row, 8),
										  .parts = db_int(row, 9),
										  .version = db_int(row, 10),
										  .created_by = db_text_dup(row, 11, to->arena),
										  .created_us = db_int(row, 12),
										  .updated_us = db_int(row, 13),
										  .planner = db_text_dup(row, 14, to->arena),
										  .library = db_text_dup(row, 15, to->arena),
										  .state = db_text_dup(row, 16, to->arena)};
}

bool decomposition_find(struct db *db, const char *account_id, const char *decomposition_id, struct arena *arena,
						struct decomposition_row *row, struct err *err)
{
	struct taking to = {arena, row};
	bool found = false;
	if (id_valid(decomposition_id) &&
		!db_one(db, err, &found, take, &to,
				"SELECT decomposition_id, account_id, goal, strategy, max_depth, max_nodes, root_id, nodes_total, "
				"dependencies_total, parts, version, created_by, created_at, updated_at, planner, library, state FROM "
				"decompositions WHERE decomposition_id = $1 AND account_id = $2",
				V_TEXT(decomposition_id), V_TEXT(account_id)))
		return false;
	return found || err_set(err, ERR_NOT_FOUND, "There is no such decomposition.");
}

bool decomposition_grow(struct db *db, struct decomposition_row *row, const struct decomposition_part *parts,
						size_t count, int64_t now_us, struct err *err)
{
	if (!db_run(db, err,
				"UPDATE decompositions SET nodes_total = $3, dependencies_total = $4, parts = parts + $5, version = "
				"version + 1, updated_at = $6 WHERE decomposition_id = $1 AND version = $2",
				V_TEXT(row->decomposition_id), V_INT(row->version), V_INT(row->nodes_total),
				V_INT(row->dependencies_total), V_INT((int64_t)count), V_INT(now_us)))
		return false;
	if (db_changed(db) != 1)
		return err_set(err, ERR_CONFLICT, "Somebody else added to it meanwhile; try again.");
	for (size_t i = 0; i < count; i++)
		if (!db_run(db, err,
					"INSERT INTO decomposition_parts (decomposition_id, seq, kind, content) VALUES ($1, $2, $3, $4)",
					V_TEXT(row->decomposition_id), V_INT(row->parts + (int64_t)i),
					V_TEXT(parts[i].dependencies ? "dependencies" : "nodes"), V_TEXT(parts[i].content)))
			return false;
	row->parts += (int64_t)count;
	row->version++;
	row->updated_us = now_us;
	return true;
}

bool decomposition_parts(struct db *db, const char *decomposition_id, struct arena *arena,
						 struct decomposition_part **parts, size_t *count, struct err *err)
{
	struct db_rows rows;
	size_t room = 0;
	*count = 0;
	*parts = NULL;
	if (!db_query(db, &rows, err,
				  "SELECT kind, content FROM decomposition_parts WHERE decomposition_id = $1 ORDER BY seq",
				  V_TEXT(decomposition_id)))
		return false;
	while (db_next(&rows) && !arena->full) {
		if (*count == room) {
			struct decomposition_part *more = arena_array(arena, room * 2 + 16, sizeof *more);
			if (more == NULL)
				break;
			if (room > 0)
				memcpy(more, *parts, room * sizeof *more);
			*parts = more;
			room = room * 2 + 16;
		}
		(*parts)[(*count)++] = (struct decomposition_part){.dependencies = strcmp(db_text(&rows, 0), "nodes") != 0,
														   .content = db_text_dup(&rows, 1, arena)};
	}
	return db_end(&rows, err) && (!arena->full || err_set(err, ERR_LIMIT, "no memory"));
}
