#include "flow/schedules_repo.h"

#include "core/arena.h"
#include "store/store.h"

#define COLUMNS \
	"s.schedule_id, s.account_id, s.namespace, s.name, s.version, s.origin, s.kind, s.spec, s.tz, s.catch_up, " \
	"s.overlap, s.input, s.last_run_id, s.listener_run_id, s.last_error, s.created_by, s.enabled, s.next_at, " \
	"s.last_at, s.queued, s.row_version, s.created_at, s.updated_at"

static void read_record(const struct db_rows *row, struct arena *arena, struct schedule_record *record)
{
	const char *t[16];
	for (int i = 0; i < 16; i++)
		t[i] = db_text_dup(row, i, arena);
	*record = (struct schedule_record){
		.schedule_id = t[0],
		.account_id = t[1],
		.namespace = t[2],
		.name = t[3],
		.version = t[4],
		.origin = t[5],
		.kind = t[6],
		.spec = t[7],
		.tz = t[8],
		.catch_up = t[9],
		.overlap = t[10],
		.input = t[11],
		.last_run_id = t[12],
		.listener_run_id = t[13],
		.last_error = t[14],
		.created_by = t[15],
		.enabled = db_int(row, 16) != 0,
		.next_us = db_int(row, 17),
		.last_us = db_int(row, 18),
		.queued = db_int(row, 19),
		.row_version = db_int(row, 20),
		.created_us = db_int(row, 21),
		.updated_us = db_int(row, 22),
	};
}

struct one {
	struct arena *arena;
	struct schedule_record *record;
};

static void take_one(const struct db_rows *row, void *self)
{
	struct one *one = self;
	read_record(row, one->arena, one->record);
}

static struct store_value moment(int64_t us)
{
	return us == 0 ? V_NULL : V_INT(us);
}

/* --- writing --- */

bool schedules_insert(struct db *db, const struct schedule_record *r, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO flow_schedules (schedule_id, account_id, namespace, name, version, origin, kind, spec, "
				  "tz, catch_up, overlap, input, last_run_id, listener_run_id, last_error, created_by, enabled, "
				  "next_at, last_at, queued, row_version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, "
				  "$8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)",
				  V_TEXT(r->schedule_id), V_TEXT(r->account_id), V_TEXT(r->namespace), V_TEXT(r->name),
				  V_TEXT(r->version), V_TEXT(r->origin), V_TEXT(r->kind), V_TEXT(r->spec), V_TEXT(r->tz),
				  V_TEXT(r->catch_up), V_TEXT(r->overlap), V_TEXT(r->input), V_TEXT(r->last_run_id),
				  V_TEXT(r->listener_run_id), V_TEXT(r->last_error), V_TEXT(r->created_by), V_INT(r->enabled),
				  V_INT(r->next_us), moment(r->last_us), V_INT(r->queued), V_INT(r->row_version), V_INT(r->created_us),
				  V_INT(r->updated_us));
}

bool schedules_update(struct db *db, const struct schedule_record *r, struct err *err)
{
	return db_run(db, err,
				  "UPDATE flow_schedules SET version = $1, kind = $2, spec = $3, tz = $4, catch_up = $5, overlap = $6, "
				  "input = $7, last_run_id = $8, listener_run_id = $9, last_error = $10, enabled = $11, next_at = $12, "
				  "last_at = $13, queued = $14, row_version = $15, updated_at = $16 WHERE schedule_id = $17",
				  V_TEXT(r->version), V_TEXT(r->kind), V_TEXT(r->spec), V_TEXT(r->tz), V_TEXT(r->catch_up),
				  V_TEXT(r->overlap), V_TEXT(r->input), V_TEXT(r->last_run_id), V_TEXT(r->listener_run_id),
				  V_TEXT(r->last_error), V_INT(r->enabled), V_INT(r->next_us), moment(r->last_us), V_INT(r->queued),
				  V_INT(r->row_version), V_INT(r->updated_us), V_TEXT(r->schedule_id));
}

bool schedules_delete(struct db *db, const char *schedule_id, struct err *err)
{
	return db_run(db, err, "DELETE FROM flow_firings WHERE schedule_id = $1", V_TEXT(schedule_id)) &&
		   db_run(db, err, "DELETE FROM flow_schedules WHERE schedule_id = $1", V_TEXT(schedule_id));
}

bool firings_put(struct db *db, const char *schedule_id, int64_t fired, const char *run_id, bool *first,
				 struct err *err)
{
	if (!db_run(db, err,
				"INSERT INTO flow_firings (schedule_id, fired, run_id) VALUES ($1, $2, $3) "
				"ON CONFLICT (schedule_id, fired) DO NOTHING",
				V_TEXT(schedule_id), V_INT(fired), V_TEXT(run_id)))
		return false;
	*first = db_changed(db) == 1;
	return true;
}

/* --- reading --- */

bool schedules_get(struct db *db, const char *schedule_id, const char *account_id, struct arena *arena,
				   struct schedule_record *record, bool *found, struct err *err)
{
	struct one one = {arena, record};
	return db_one(db, err, found, take_one, &one,
				  "SELECT " COLUMNS " FROM flow_schedules s WHERE schedule_id = $1 "
				  "AND (account_id = $2 OR $2 IS NULL)",
				  V_TEXT(schedule_id), V_TEXT(account_id));
}

bool schedules_own(struct db *db, const char *account_id, const char *namespace, const char *name, struct arena *arena,
				   struct schedule_record *record, bool *found, struct err *err)
{
	struct one one = {arena, record};
	return db_one(db, err, found, take_one, &one,
				  "SELECT " COLUMNS " FROM flow_schedules s WHERE account_id = $1 AND namespace = $2 AND name = $3 "
				  "AND origin = 'definition'",
				  V_TEXT(account_id), V_TEXT(namespace), V_TEXT(name));
}

bool schedules_of_run(struct db *db, const char *run_id, struct arena *arena, struct schedule_record *record,
					  bool *found, struct err *err)
{
	struct one one = {arena, record};
	return db_one(db, err, found, take_one, &one,
				  "SELECT " COLUMNS " FROM flow_schedules s JOIN flow_firings f USING (schedule_id) "
				  "WHERE f.run_id = $1",
				  V_TEXT(run_id));
}

bool schedules_of_listener(struct db *db, const char *run_id, struct arena *arena, struct schedule_record *record,
						   bool *found, struct err *err)
{
	struct one one = {arena, record};
	return db_one(db, err, found, take_one, &one, "SELECT " COLUMNS " FROM flow_schedules s WHERE listener_run_id = $1",
				  V_TEXT(run_id));
}

static bool take_all(struct db_rows *rows, struct arena *arena,
					 void (*take)(void *self, const struct schedule_record *record), void *self, struct err *err)
{
	while (db_next(rows)) {
		struct schedule_record record;
		read_record(rows, arena, &record);
		take(self, &record);
	}
	return db_end(rows, err);
}

bool schedules_list(struct db *db, const struct schedules_filter *f, struct arena *arena,
					void (*take)(void *self, const struct schedule_record *record), void *self, struct err *err)
{
	struct db_rows rows;
	return db_query(db, &rows, err,
					"SELECT " COLUMNS " FROM flow_schedules s WHERE account_id = $1 "
					"AND ($2 = '' OR schedule_id < $2) AND (namespace = $3 OR $3 IS NULL) "
					"AND (name = $4 OR $4 IS NULL) ORDER BY schedule_id DESC LIMIT $5",
					V_TEXT(f->account_id), V_TEXT(f->before), V_TEXT(f->namespace), V_TEXT(f->name), V_INT(f->limit)) &&
		   take_all(&rows, arena, take, self, err);
}

bool schedules_due(struct db *db, int64_t now_us, int64_t limit, struct arena *arena,
				   void (*take)(void *self, const struct schedule_record *record), void *self, struct err *err)
{
	struct db_rows rows;
	return db_query(db, &rows, err,
					"SELECT " COLUMNS " FROM flow_schedules s WHERE enabled = 1 AND next_at > 0 AND next_at <= $1 "
					"ORDER BY next_at, schedule_id LIMIT $2",
					V_INT(now_us), V_INT(limit)) &&
		   take_all(&rows, arena, take, self, err);
}

static void take_int(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

bool schedules_next(struct db *db, int64_t *next_us, struct err *err)
{
	bool found;
	*next_us = 0;
	return db_one(db, err, &found, take_int, next_us,
				  "SELECT next_at FROM flow_schedules WHERE enabled = 1 AND next_at > 0 ORDER BY next_at LIMIT 1");
}
