#include "flow/runs_repo.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/domain/datum.h"
#include "flow/values.h"
#include "store/store.h"

bool runs_keep_definition(struct db *db, const struct definition_text *d, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO flow_definitions (definition_sha256, definition, content_sha256) VALUES ($1, $2, $3) "
				  "ON CONFLICT (definition_sha256) DO NOTHING",
				  V_TEXT(d->sha256), V_TEXT(d->text), V_TEXT(d->content_sha256));
}

struct text {
	struct arena *arena;
	const char *bytes;
};

static void take_text(const struct db_rows *row, void *self)
{
	struct text *text = self;
	text->bytes = db_text_dup(row, 0, text->arena);
}

bool runs_definition(struct db *db, const char *sha256, struct arena *arena, const char **text, size_t *size,
					 struct err *err)
{
	struct text found = {.arena = arena};
	bool there;
	if (!db_one(db, err, &there, take_text, &found,
				"SELECT definition FROM flow_definitions WHERE definition_sha256 = $1", V_TEXT(sha256)))
		return false;
	*text = found.bytes;
	*size = found.bytes == NULL ? 0 : strlen(found.bytes);
	return true;
}

bool runs_insert(struct db *db, const struct run_record *r, struct err *err)
{
	return db_run(
		db, err,
		"INSERT INTO flow_runs (run_id, account_id, namespace, name, version, definition_sha256, status, seed, "
		"priority, labels, seq, due_at, driven, input, steps_total, attempts_total, created_at, created_by, "
		"parent_run_id, parent_path, forked_from) "
		"VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $8, $9, 0, 0, 0, $10, 0, 0, $11, $12, $13, $14, $15)",
		V_TEXT(r->run_id), V_TEXT(r->account_id), V_TEXT(r->namespace), V_TEXT(r->name), V_TEXT(r->version),
		V_TEXT(r->definition_sha256), V_TEXT(r->seed), V_INT(r->priority), V_TEXT(r->labels), V_TEXT(r->input),
		V_INT(r->created_us), V_TEXT(r->created_by), V_TEXT(r->parent_run_id), V_TEXT(r->parent_path),
		V_TEXT(r->forked_from));
}

#define RUN_COLUMNS \
	"run_id, account_id, namespace, name, version, definition_sha256, status, reason, seed, labels, input, output, " \
	"error, created_by, parent_run_id, parent_path, priority, seq, due_at, steps_total, attempts_total, created_at, " \
	"started_at, ended_at, driven, (SELECT SUM(c.cost) FROM cost_entries c WHERE c.account_id = flow_runs.account_id " \
	"AND c.run_id = flow_runs.run_id), forked_from, " \
	"(SELECT d.content_sha256 FROM flow_definitions d WHERE d.definition_sha256 = flow_runs.definition_sha256)"

struct record {
	struct arena *arena;
	struct run_record *record;
};

static void take_record(const struct db_rows *row, void *self)
{
	struct record *to = self;
	const char *texts[16];
	for (int i = 0; i < 16; i++)
		texts[i] = db_text_dup(row, i, to->arena);
	*to->record = (struct run_record){
		.run_id = texts[0],
		.account_id = texts[1],
		.namespace = texts[2],
		.name = texts[3],
		.version = texts[4],
		.definition_sha256 = texts[5],
		.status = texts[6],
		.reason = texts[7],
		.seed = texts[8],
		.labels = texts[9],
		.input = texts[10],
		.output = texts[11],
		.error = texts[12],
		.created_by = texts[13],
		.parent_run_id = texts[14],
		.parent_path = texts[15],
		.priority = db_int(row, 16),
		.seq = db_int(row, 17),
		.due_us = db_int(row, 18),
		.steps_total = db_int(row, 19),
		.attempts_total = db_int(row, 20),
		.created_us = db_int(row, 21),
		.started_us = db_int(row, 22),
		.ended_us = db_int(row, 23),
		.driven = db_int(row, 24) != 0,
		.cost_micros = db_int(row, 25),
		.forked_from = db_text_dup(row, 26, to->arena),
		.content_sha256 = db_text_dup(row, 27, to->arena),
	};
}

bool runs_get(struct db *db, const char *run_id, const char *account_id, struct arena *arena, struct run_record *record,
			  bool *found, struct err *err)
{
	struct record to = {.arena = arena, .record = record};
	if (account_id == NULL)
		return db_one(db, err, found, take_record, &to,
					  "SELECT " RUN_COLUMNS " FROM flow_runs WHERE run_id = $1 AND account_id <> ''", V_TEXT(run_id));
	return db_one(db, err, found, take_record, &to,
				  "SELECT " RUN_COLUMNS " FROM flow_runs WHERE run_id = $1 AND account_id = $2", V_TEXT(run_id),
				  V_TEXT(account_id));
}

/* "KEY":"VALUE", as it stands among a run's labels: no text in them holds that, for its quotes are written as \". */
static const char *label_member(struct arena *arena, const char *label)
{
	const char *colon = label == NULL ? NULL : strchr(label, ':');
	struct buf text;
	struct jw jw;
	if (colon == NULL)
		return NULL;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_str(&jw, arena_dupn(arena, label, (size_t)(colon - label)), colon + 1);
	jw_object_end(&jw);
	const char *member = arena_dupn(arena, buf_text(&text) + 1, text.size - 2); /* without its braces */
	buf_fini(&text);
	return member;
}

bool runs_list(struct db *db, const struct runs_filter *f, struct arena *arena,
			   void (*take)(void *self, const struct run_record *record), void *self, struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err,
				  "SELECT " RUN_COLUMNS " FROM flow_runs WHERE account_id = $1 AND ($2 = '' OR run_id < $2) "
				  "AND (status = $3 OR $3 IS NULL) AND (namespace = $4 OR ($4 IS NULL AND namespace <> 'system')) AND "
				  "(name = $5 OR $5 IS NULL) "
				  "AND (REPLACE(labels, $6, '') <> labels OR $6 IS NULL) AND ($8 = 0 OR created_at < $8) ORDER BY "
				  "run_id DESC LIMIT $7",
				  V_TEXT(f->account_id), V_TEXT(f->before), V_TEXT(f->status), V_TEXT(f->namespace), V_TEXT(f->name),
				  V_TEXT(label_member(arena, f->label)), V_INT(f->limit), V_INT(f->created_before_us)))
		return false;
	while (db_next(&rows)) {
		struct run_record record;
		struct record to = {.arena = arena, .record = &record};
		take_record(&rows, &to);
		take(self, &record);
	}
	return db_end(&rows, err);
}

bool runs_pick(struct db *db, const struct runs_filter *f, const char *first, struct arena *arena,
			   void (*take)(void *self, const char *run_id, const char *status), void *self, struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err,
				  "SELECT run_id, status FROM flow_runs WHERE account_id = $1 AND (status = $2 OR $2 IS NULL) "
				  "AND (namespace = $3 OR ($3 IS NULL AND namespace <> 'system')) AND (name = $4 OR $4 IS NULL) "
				  "AND (REPLACE(labels, $5, '') <> labels OR $5 IS NULL) AND ($6 = 0 OR created_at < $6) "
				  "ORDER BY CASE WHEN $7 LIKE '%' || status || '%' THEN 0 ELSE 1 END, run_id LIMIT $8",
				  V_TEXT(f->account_id), V_TEXT(f->status), V_TEXT(f->namespace), V_TEXT(f->name),
				  V_TEXT(label_member(arena, f->label)), V_INT(f->created_before_us), V_TEXT(first), V_INT(f->limit)))
		return false;
	while (db_next(&rows))
		take(self, db_text(&rows, 0), db_text(&rows, 1));
	return db_end(&rows, err);
}

static struct store_value moment(int64_t us)
{
	return us == 0 ? V_NULL : V_INT(us);
}

/* --- how many --- */

bool runs_uncount(struct db *db, const char *run_id, struct err *err)
{
	return db_run(db, err,
				  "UPDATE flow_run_counts SET runs = runs - 1 WHERE status = "
				  "(SELECT status FROM flow_runs WHERE run_id = $1 AND keep_until > 0 AND account_id <> '')",
				  V_TEXT(run_id));
}

/* What is over is counted as it ends: there may be a million of those. */
static bool count_over(struct db *db, const struct run_commit *c, struct err *err)
{
	return (!c->reopens || runs_uncount(db, c->run_id, err)) &&
		   (c->keep_until_us == 0 ||
			db_run(db, err, "UPDATE flow_run_counts SET runs = runs + 1 WHERE status = $1", V_TEXT(c->status)));
}

bool runs_count(struct db *db, void (*take)(void *self, const char *status, int64_t runs), void *self, struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err,
				  "SELECT status, runs FROM flow_run_counts UNION ALL "
				  "SELECT status, COUNT(*) FROM flow_runs WHERE keep_until = 0 AND account_id <> '' GROUP BY status"))
		return false;
	while (db_next(&rows))
		take(self, db_text(&rows, 0), db_int(&rows, 1));
	return db_end(&rows, err);
}

/* --- turns --- */

/* No index is on what it changes: of a run that goes from one effect to the next five would be written anew. */
static bool update_counts(struct db *db, const struct run_commit *c, struct err *err)
{
	return db_run(db, err,
				  "UPDATE flow_runs SET seq = $1, steps_total = $2, attempts_total = $3 WHERE run_id = $4 AND seq = $5",
				  V_INT(c->last_seq), V_INT(c->steps_total), V_INT(c->attempts_total), V_TEXT(c->run_id),
				  V_INT(c->first_seq - 1));
}

static bool update_all(struct db *db, const struct run_commit *c, struct err *err)
{
	return count_over(db, c, err) &&
		   db_run(db, err,
				  "UPDATE flow_runs SET status = $1, reason = $2, seq = $3, due_at = $4, driven = $5, output = $6, "
				  "error = $7, steps_total = $8, attempts_total = $9, started_at = $10, ended_at = $11, "
				  "keep_until = $14 WHERE run_id = $12 AND seq = $13",
				  V_TEXT(c->status), V_TEXT(c->reason), V_INT(c->last_seq), V_INT(c->due_us), V_INT(c->driven),
				  V_TEXT(c->output), V_TEXT(c->error), V_INT(c->steps_total), V_INT(c->attempts_total),
				  moment(c->started_us), moment(c->ended_us), V_TEXT(c->run_id), V_INT(c->first_seq - 1),
				  V_INT(c->keep_until_us));
}

bool runs_commit(struct db *db, const struct run_commit *c, struct err *err)
{
	if (!(c->goes_on ? update_counts : update_all)(db, c, err))
		return false;
	if (db_changed(db) != 1)
		return err_set(err, ERR_CONFLICT, "The journal of run %s does not end at row %lld.", c->run_id,
					   (long long)c->first_seq - 1);
	return db_run(db, err, "INSERT INTO flow_journal (run_id, first_seq, last_seq, lines) VALUES ($1, $2, $3, $4)",
				  V_TEXT(c->run_id), V_INT(c->first_seq), V_INT(c->last_seq),
				  ((struct store_value){.type = STORE_TEXT, .size = c->lines_size, .text = c->lines}));
}

/* --- journals --- */

struct lines {
	struct db *db;
	int64_t after;
	bool (*take)(void *self, const struct json *row, struct err *err);
	void *self;
};

static bool take_line(const struct lines *to, const char *line, size_t size, struct err *err)
{
	enum { LINE_CAP = 512 << 20 };
	struct arena arena;
	const struct json *row;
	arena_init(&arena, LINE_CAP);
	bool good = json_parse(&arena, line, size, &datum_limits, &row, err);
	const struct json *seq = good ? json_get(row, "seq") : NULL;
	if (seq != NULL && seq->kind == JS_INT && seq->integer > to->after)
		good = values_resolve(to->db, &arena, &row, err) && to->take(to->self, row, err);
	arena_fini(&arena);
	return good;
}

static bool take_lines(const struct lines *to, const char *text, struct err *err)
{
	while (*text != '\0') {
		size_t size = strcspn(text, "\n");
		if (!take_line(to, text, size, err))
			return false;
		text += size + (text[size] == '\n');
	}
	return true;
}

bool runs_journal(struct db *db, const char *run_id, int64_t after, int64_t limit,
				  bool (*take)(void *self, const struct json *row, struct err *err), void *self, struct err *err)
{
	const struct lines to = {.db = db, .after = after, .take = take, .self = self};
	struct db_rows rows;
	if (!db_query(db, &rows, err,
				  "SELECT lines, last_seq FROM flow_journal WHERE run_id = $1 AND last_seq > $2 ORDER BY first_seq",
				  V_TEXT(run_id), V_INT(after)))
		return false;
	bool good = true;
	while (good && db_next(&rows)) {
		good = take_lines(&to, db_text(&rows, 0), err);
		if (limit > 0 && db_int(&rows, 1) >= after + limit)
			break;
	}
	return db_end(&rows, good ? err : NULL) && good;
}

bool runs_open(struct db *db, void (*take)(void *self, const struct run_open *open), void *self, struct err *err)
{
	struct db_rows rows;
	if (!db_query(
			db, &rows, err,
			"SELECT run_id, CASE WHEN status = 'waiting' AND reason = 'breaker' THEN 0 ELSE driven END AS driven, "
			"due_at, account_id, priority FROM flow_runs WHERE driven = 0 OR due_at > 0 "
			"UNION ALL SELECT run_id, 0 AS driven, 0 AS due_at, account_id, priority FROM flow_runs WHERE run_id IN "
			"(SELECT run_id FROM flow_answers UNION SELECT run_id FROM flow_orders) ORDER BY due_at, run_id"))
		return false;
	while (db_next(&rows)) {
		const struct run_open open = {.run_id = db_text(&rows, 0),
									  .account_id = db_text(&rows, 3),
									  .driven = db_int(&rows, 1) != 0,
									  .due_us = db_int(&rows, 2),
									  .priority = db_int(&rows, 4)};
		take(self, &open);
	}
	return db_end(&rows, err);
}

static void take_count(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

bool runs_under_way(struct db *db, const struct runs_filter *w, int64_t *count, struct err *err)
{
	return db_one(db, err, NULL, take_count, count,
				  "SELECT COUNT(*) FROM flow_runs WHERE account_id = $1 AND namespace = $2 AND name = $3 AND "
				  "status IN ('running', 'waiting', 'suspended')",
				  V_TEXT(w->account_id), V_TEXT(w->namespace), V_TEXT(w->name));
}

bool runs_pending(struct db *db, const struct runs_filter *w, void (*take)(void *self, const char *run_id), void *self,
				  struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err,
				  "SELECT run_id FROM flow_runs WHERE account_id = $1 AND namespace = $2 AND name = $3 AND "
				  "status IN ('pending') ORDER BY priority DESC, run_id LIMIT $4",
				  V_TEXT(w->account_id), V_TEXT(w->namespace), V_TEXT(w->name), V_INT(w->limit)))
		return false;
	while (db_next(&rows))
		take(self, db_text(&rows, 0));
	return db_end(&rows, err);
}
