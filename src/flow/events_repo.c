#include "flow/events_repo.h"

#include "core/err.h"
#include "core/json.h"
#include "store/store.h"

static void take_int(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

bool events_last(struct db *db, const char *account_id, int64_t *position, struct err *err)
{
	bool found;
	*position = 0;
	return db_one(db, err, &found, take_int, position, "SELECT last FROM flow_event_heads WHERE account_id = $1",
				  V_TEXT(account_id));
}

bool events_before(struct db *db, const char *account_id, int64_t since_us, int64_t *position, struct err *err)
{
	bool found;
	if (!db_one(db, err, &found, take_int, position,
				"SELECT position - 1 FROM flow_events WHERE account_id = $1 AND received_at >= $2 "
				"ORDER BY position LIMIT 1",
				V_TEXT(account_id), V_INT(since_us)))
		return false;
	return found || events_last(db, account_id, position, err);
}

static bool is_there(struct db *db, const struct event_record *r, bool *there, struct err *err)
{
	int64_t position;
	*there = false;
	return !r->once || db_one(db, err, there, take_int, &position,
							  "SELECT position FROM flow_events WHERE account_id = $1 AND id = $2 AND source = $3 "
							  "AND received_at > $4 LIMIT 1",
							  V_TEXT(r->account_id), V_TEXT(json_text(r->event, "id")),
							  V_TEXT(json_text(r->event, "source")), V_INT(r->received_us - EVENTS_SAME_US));
}

static bool next_position(struct db *db, const char *account_id, int64_t *position, struct err *err)
{
	bool found;
	return db_one(db, err, &found, take_int, position,
				  "INSERT INTO flow_event_heads (account_id, last) VALUES ($1, 1) "
				  "ON CONFLICT (account_id) DO UPDATE SET last = flow_event_heads.last + 1 RETURNING last",
				  V_TEXT(account_id));
}

bool events_put(struct db *db, struct event_record *r, struct err *err)
{
	bool there;
	r->position = 0;
	if (!is_there(db, r, &there, err))
		return false;
	if (there)
		return true;
	return next_position(db, r->account_id, &r->position, err) &&
		   db_run(db, err,
				  "INSERT INTO flow_events (account_id, position, source, id, type, event, raw, received_at) "
				  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
				  V_TEXT(r->account_id), V_INT(r->position), V_TEXT(json_text(r->event, "source")),
				  V_TEXT(json_text(r->event, "id")), V_TEXT(json_text(r->event, "type")), V_TEXT(r->text),
				  V_TEXT(r->raw), V_INT(r->received_us)) &&
		   db_run(db, err, "DELETE FROM flow_events WHERE account_id = $1 AND received_at < $2", V_TEXT(r->account_id),
				  V_INT(r->received_us - EVENTS_KEPT_US));
}

bool events_after(struct db *db, const char *account_id, const char *type, int64_t after, int64_t limit,
				  void (*take)(void *self, int64_t position, const char *text, const char *raw), void *self,
				  struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err,
				  "SELECT position, event, raw FROM flow_events WHERE account_id = $1 AND position > $2 "
				  "AND (type = $3 OR $3 IS NULL) ORDER BY position LIMIT $4",
				  V_TEXT(account_id), V_INT(after), V_TEXT(type), V_INT(limit)))
		return false;
	while (db_next(&rows))
		take(self, db_int(&rows, 0), db_text(&rows, 1), db_text(&rows, 2));
	return db_end(&rows, err);
}

/* --- listeners --- */

bool listeners_put(struct db *db, const struct listener_record *l, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO flow_listeners (run_id, frame, account_id, type, after_position) "
				  "VALUES ($1, $2, $3, $4, $5)",
				  V_TEXT(l->run_id), V_INT(l->frame), V_TEXT(l->account_id), V_TEXT(l->type), V_INT(l->after));
}

bool listeners_move(struct db *db, const char *run_id, uint32_t frame, int64_t after, struct err *err)
{
	return db_run(db, err, "UPDATE flow_listeners SET after_position = $1 WHERE run_id = $2 AND frame = $3",
				  V_INT(after), V_TEXT(run_id), V_INT(frame));
}

bool listeners_drop(struct db *db, const char *run_id, uint32_t frame, struct err *err)
{
	return db_run(db, err, "DELETE FROM flow_listeners WHERE run_id = $1 AND frame = $2", V_TEXT(run_id), V_INT(frame));
}

bool listeners_of(struct db *db, const char *run_id, void (*take)(void *self, const struct listener_record *listener),
				  void *self, struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err,
				  "SELECT frame, account_id, type, after_position FROM flow_listeners WHERE run_id = $1 ORDER BY frame",
				  V_TEXT(run_id)))
		return false;
	while (db_next(&rows)) {
		const struct listener_record listener = {.run_id = run_id,
												 .frame = (uint32_t)db_int(&rows, 0),
												 .account_id = db_text(&rows, 1),
												 .type = db_text(&rows, 2),
												 .after = db_int(&rows, 3)};
		take(self, &listener);
	}
	return db_end(&rows, err);
}

static bool take_runs(struct db_rows *rows, void (*take)(void *self, const char *run_id), void *self, struct err *err)
{
	while (db_next(rows))
		take(self, db_text(rows, 0));
	return db_end(rows, err);
}

bool listeners_for(struct db *db, const char *account_id, const char *type,
				   void (*take)(void *self, const char *run_id), void *self, struct err *err)
{
	struct db_rows rows;
	return db_query(db, &rows, err,
					"SELECT run_id FROM flow_listeners WHERE account_id = $1 AND (type IS NULL OR type = $2)",
					V_TEXT(account_id), V_TEXT(type)) &&
		   take_runs(&rows, take, self, err);
}

bool listeners_behind(struct db *db, void (*take)(void *self, const char *run_id), void *self, struct err *err)
{
	struct db_rows rows;
	return db_query(db, &rows, err,
					"SELECT DISTINCT run_id FROM flow_listeners JOIN flow_event_heads USING (account_id) "
					"WHERE after_position < last") &&
		   take_runs(&rows, take, self, err);
}
