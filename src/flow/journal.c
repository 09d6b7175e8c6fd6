#include "flow/journal.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "flow/domain/row.h"
#include "flow/domain/run.h"
#include "flow/runs_repo.h"
#include "store/store.h"

enum { FORKS_DEEP = 1000, ARENA_CAP = 1 << 20 };

bool journal_rewind(struct db *db, const char *run_id, int64_t at_seq, int64_t to_seq, struct err *err)
{
	return db_run(db, err, "INSERT INTO flow_rewinds (run_id, at_seq, to_seq) VALUES ($1, $2, $3)", V_TEXT(run_id),
				  V_INT(at_seq), V_INT(to_seq));
}

bool journal_fork(struct db *db, const char *run_id, const char *from_run_id, int64_t seq, struct err *err)
{
	if (!db_run(db, err,
				"INSERT INTO flow_forks (run_id, from_run_id, seq) "
				"SELECT r.run_id, f.run_id, $3 FROM flow_runs r, flow_runs f "
				"WHERE r.run_id = $1 AND f.run_id = $2 AND f.account_id <> ''",
				V_TEXT(run_id), V_TEXT(from_run_id), V_INT(seq)))
		return false;
	if (db_changed(db) == 0) /* deleted since it was looked at */
		return err_set(err, ERR_NOT_FOUND, "There is no such run.");
	return db_run(db, err, "UPDATE flow_runs SET seq = $1 WHERE run_id = $2", V_INT(seq), V_TEXT(run_id));
}

bool journal_rewound(struct db *db, const char *run_id, bool *rewound, struct err *err)
{
	return db_one(db, err, rewound, NULL, NULL,
				  "SELECT 1 FROM flow_rewinds WHERE run_id = $1 UNION ALL SELECT 1 FROM flow_forks WHERE run_id = $1 "
				  "LIMIT 1",
				  V_TEXT(run_id));
}

struct origin {
	struct arena *arena;
	const char *from;
	int64_t seq;
};

static void take_origin(const struct db_rows *row, void *self)
{
	struct origin *origin = self;
	origin->from = db_text_dup(row, 0, origin->arena);
	origin->seq = db_int(row, 1);
}

bool journal_origin(struct db *db, const char *run_id, struct arena *arena, const char **from, int64_t *seq,
					struct err *err)
{
	struct origin origin = {.arena = arena};
	bool found;
	if (!db_one(db, err, &found, take_origin, &origin, "SELECT from_run_id, seq FROM flow_forks WHERE run_id = $1",
				V_TEXT(run_id)))
		return false;
	*from = origin.from;
	*seq = origin.seq;
	return true;
}

/* --- which rows count --- */

struct span {
	int64_t after, before; /* rows between the two are superseded */
};

/* Superseded spans, the last first. */
struct spans {
	struct span *items;
	size_t count, room;
};

static void add_span(struct spans *spans, int64_t after, int64_t before)
{
	if (spans->count == spans->room) {
		spans->room = spans->room == 0 ? 8 : 2 * spans->room;
		spans->items = reallocarray(spans->items, spans->room, sizeof(*spans->items));
		must(spans->items != NULL);
	}
	spans->items[spans->count++] = (struct span){after, before};
}

/* From the last to the first: a row that went back and was itself superseded is of no account any more. */
static bool read_spans(struct db *db, const char *run_id, int64_t upto, int64_t to, struct spans *spans,
					   struct err *err)
{
	struct db_rows rows;
	int64_t counts = upto;
	if (to != JOURNAL_TO_ITS_END) {
		add_span(spans, to, INT64_MAX);
		counts = to;
	}
	if (!db_query(db, &rows, err,
				  "SELECT at_seq, to_seq FROM flow_rewinds WHERE run_id = $1 AND at_seq <= $2 ORDER BY at_seq DESC",
				  V_TEXT(run_id), V_INT(counts)))
		return false;
	while (db_next(&rows)) {
		if (db_int(&rows, 0) > counts)
			continue;
		counts = db_int(&rows, 1);
		add_span(spans, counts, db_int(&rows, 0));
	}
	return db_end(&rows, err);
}

static bool is_superseded(struct spans *spans, int64_t seq)
{
	while (spans->count > 0 && seq >= spans->items[spans->count - 1].before)
		spans->count--; /* rows come in order */
	return spans->count > 0 && seq > spans->items[spans->count - 1].after;
}

/* --- folding --- */

struct folding {
	bool (*take)(void *self, const struct row *row, bool superseded, struct err *err);
	void *self;
	struct spans spans;
	int64_t upto; /* the last row that is looked at */
};

static bool fold(void *self, const struct json *json, struct err *err)
{
	struct folding *f = self;
	struct row row;
	bool good = row_decode(json, &row, err);
	if (good && row.seq <= f->upto)
		good = f->take(f->self, &row, is_superseded(&f->spans, row.seq), err);
	row_fini(&row);
	return good;
}

static bool fold_part(struct db *db, const char *run_id, int64_t upto, int64_t to, const struct folding *how, int depth,
					  struct err *err)
{
	struct folding f = {.take = how->take, .self = how->self, .upto = upto};
	struct arena arena;
	const char *from;
	int64_t seq;
	arena_init(&arena, ARENA_CAP);
	bool good = journal_origin(db, run_id, &arena, &from, &seq, err);
	if (good && from != NULL)
		good = (depth < FORKS_DEEP || err_set(err, ERR_LIMIT, "Too many forks of forks.")) &&
			   fold_part(db, from, seq < upto ? seq : upto,
						 to != JOURNAL_TO_ITS_END && to < seq ? to : JOURNAL_TO_ITS_END, how, depth + 1, err);
	good = good && read_spans(db, run_id, upto, to, &f.spans, err) && runs_journal(db, run_id, 0, 0, fold, &f, err);
	free(f.spans.items);
	arena_fini(&arena);
	return good;
}

static bool apply(void *run, const struct row *row, bool superseded, struct err *err)
{
	if (!superseded)
		return run_apply(run, row, err);
	run_pass_over(run, row);
	return true;
}

bool journal_fold(struct db *db, const char *run_id, int64_t to, struct run *run, struct err *err)
{
	const struct folding how = {.take = apply, .self = run};
	return fold_part(db, run_id, INT64_MAX, to, &how, 0, err);
}

bool journal_walk(struct db *db, const char *run_id,
				  bool (*take)(void *self, const struct row *row, bool superseded, struct err *err), void *self,
				  struct err *err)
{
	const struct folding how = {.take = take, .self = self};
	return fold_part(db, run_id, INT64_MAX, JOURNAL_TO_ITS_END, &how, 0, err);
}

/* --- looking at all of it --- */

struct looking {
	bool (*take)(void *self, const struct json *row, struct err *err);
	void *self;
	int64_t upto;
};

static bool take_row(void *self, const struct json *row, struct err *err)
{
	const struct looking *l = self;
	return json_get(row, "seq")->integer > l->upto || l->take(l->self, row, err);
}

static bool rows_part(struct db *db, const char *run_id, int64_t after, int64_t limit, int64_t upto,
					  const struct looking *to, int depth, struct err *err)
{
	struct looking here = {.take = to->take, .self = to->self, .upto = upto};
	struct arena arena;
	const char *from;
	int64_t seq;
	arena_init(&arena, ARENA_CAP);
	bool good = journal_origin(db, run_id, &arena, &from, &seq, err);
	if (good && from != NULL && after < seq && depth < FORKS_DEEP)
		good = rows_part(db, from, after, limit, seq < upto ? seq : upto, to, depth + 1, err);
	arena_fini(&arena);
	return good && runs_journal(db, run_id, after, limit, take_row, &here, err);
}

bool journal_rows(struct db *db, const char *run_id, int64_t after, int64_t limit,
				  bool (*take)(void *self, const struct json *row, struct err *err), void *self, struct err *err)
{
	const struct looking to = {.take = take, .self = self};
	return rows_part(db, run_id, after, limit, INT64_MAX, &to, 0, err);
}
