/*
 * Runs of the house's own workflows that faulted, as a part of people's dead letters [flow.md 10; P-10.6].
 *
 * Redelivered, the faulted step is executed anew, as an operator's retry does it; a run that listened for a schedule
 * listens for it again, from where it stood, so no event is lost.
 */
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "flow/flow_internal.h"
#include "flow/orders.h"
#include "flow/schedules_repo.h"
#include "http/exchange.h"
#include "people/dead_letters.h"
#include "people/principal.h"
#include "seal/audit.h"
#include "store/store.h"

enum { WAKE_MAX = 64 };

/* Of tasks, task_letters.c tells. */
#define IS_DEAD \
	"namespace = 'system' AND status = 'faulted' AND given_up = 0 AND NOT EXISTS (SELECT 1 FROM tasks t WHERE " \
	"t.task_id = " \
	"flow_runs.run_id)"
#define COLUMNS "run_id, account_id, name, labels, error, attempts_total, created_at, ended_at"

struct taking {
	struct arena *arena;
	struct dead_letter *letter;
};

/* The text of a member, NULL where it is none. */
static const char *member_of(struct arena *arena, const char *text, const char *name)
{
	const struct json *json;
	struct err err;
	return text != NULL && json_parse(arena, text, strlen(text), &json_body_limits, &json, &err) ? json_text(json, name)
																								 : NULL;
}

static const char *error_of(struct arena *arena, const char *text)
{
	const char *title = member_of(arena, text, "title"), *detail = member_of(arena, text, "detail");
	if (title == NULL || detail == NULL)
		return title != NULL ? title : detail;
	return arena_printf(arena, "%s: %s", title, detail);
}

static void take(const struct db_rows *row, void *self)
{
	const struct taking *to = self;
	const char *schedule_id = member_of(to->arena, db_text_dup(row, 3, to->arena), "schedule");
	*to->letter = (struct dead_letter){.id = db_text_dup(row, 0, to->arena),
									   .account_id = db_text_dup(row, 1, to->arena),
									   .name = db_text_dup(row, 2, to->arena),
									   .subject_kind = schedule_id != NULL ? "schedule" : NULL,
									   .subject_id = schedule_id,
									   .error = error_of(to->arena, db_text_dup(row, 4, to->arena)),
									   .attempts = db_int(row, 5),
									   .created_us = db_int(row, 6),
									   .failed_us = db_int(row, 7)};
}

static bool list(void *self, struct db *db, const char *account_id, const char *before, size_t limit,
				 struct arena *arena, struct dead_letter *letters, size_t *count, struct err *err)
{
	struct db_rows rows;
	(void)self;
	*count = 0;
	if (!db_query(db, &rows, err,
				  "SELECT " COLUMNS " FROM flow_runs WHERE " IS_DEAD " AND (account_id = $1 OR $1 IS NULL) "
				  "AND (run_id < $2 OR $2 IS NULL) ORDER BY run_id DESC LIMIT $3",
				  V_TEXT(account_id), V_TEXT(before), V_INT((int64_t)limit)))
		return false;
	while (*count < limit && db_next(&rows)) {
		struct taking to = {arena, &letters[(*count)++]};
		take(&rows, &to);
	}
	return db_end(&rows, err);
}

static bool find(void *self, struct db *db, const char *account_id, const char *id, struct arena *arena,
				 struct dead_letter *letter, bool *found, struct err *err)
{
	struct taking to = {arena, letter};
	(void)self;
	return db_one(db, err, found, take, &to,
				  "SELECT " COLUMNS " FROM flow_runs WHERE run_id = $1 AND " IS_DEAD
				  " AND (account_id = $2 OR $2 IS NULL)",
				  V_TEXT(id), V_TEXT(account_id));
}

/* The schedule that was switched off with its listener's fault listens by it again. */
static bool attach(const struct flow_api *api, struct db *db, struct exchange *x, const struct dead_letter *letter,
				   struct err *err)
{
	struct schedule_record schedule;
	bool found = false;
	if (letter->subject_id == NULL)
		return true;
	if (!schedules_get(db, letter->subject_id, letter->account_id, &x->arena, &schedule, &found, err))
		return false;
	if (!found)
		return err_set(err, ERR_CONFLICT, "The schedule that it listened for is gone: give it up.");
	if (schedule.listener_run_id != NULL)
		return err_set(err, ERR_CONFLICT, "Another run listens for the schedule by now: give this one up.");
	schedule.enabled = true;
	schedule.last_error = NULL;
	schedule.listener_run_id = letter->id;
	schedule.row_version++;
	schedule.updated_us = runner_now_us(api->runner);
	const struct audit_pair meta[] = {{AUDIT_META_status, "enabled"}};
	struct audit_event event = principal_event(x, AUDIT_SCHEDULE_UPDATE, AUDIT_SUCCESS);
	event.target_id = schedule.schedule_id;
	event.meta = meta;
	event.meta_count = 1;
	return schedules_update(db, &schedule, err) && audit_append(api->audit, db, &event, err);
}

static bool settle(void *self, struct db *db, struct exchange *x, const struct dead_letter *letter, const char *reason,
				   struct err *err)
{
	const struct flow_api *api = self;
	const struct principal *principal = principal_of(x);
	const struct audit_pair meta[] = {{AUDIT_META_reason, reason}};
	const struct control retry = {.kind = CONTROL_RETRY, /* what may be sent once only is not sent again */
								  .by = principal->user_id[0] == '\0' ? NULL : principal->user_id};
	struct audit_event event = principal_event(x, reason != NULL ? AUDIT_RUN_GIVE_UP : AUDIT_RUN_RETRY, AUDIT_SUCCESS);
	event.target_id = letter->id;
	event.meta = meta;
	event.meta_count = reason != NULL;
	bool settled = reason != NULL
					   ? db_run(db, err, "UPDATE flow_runs SET given_up = 1 WHERE run_id = $1", V_TEXT(letter->id))
					   : attach(api, db, x, letter, err) && orders_put(db, api->options.ids, letter->id, &retry, err);
	return settled && audit_append(api->audit, db, &event, err);
}

/* Whoever has an order and was not told of it yet; one more look harms nobody. */
void flow_look_at_orders(struct flow_api *api)
{
	struct db_rows rows;
	struct err err;
	char run_ids[WAKE_MAX][ID_TEXT];
	size_t count = 0;
	struct db *db = store_read(api->options.store);
	if (db_query(db, &rows, &err,
				 "SELECT run_id FROM flow_runs WHERE namespace = 'system' AND status = 'faulted' AND given_up = 0 AND "
				 "run_id IN (SELECT run_id FROM flow_orders)")) {
		while (count < WAKE_MAX && db_next(&rows))
			strcpy(run_ids[count++], db_text(&rows, 0));
		db_end(&rows, NULL);
	}
	store_read_end(api->options.store, db);
	for (size_t i = 0; i < count; i++)
		runner_look(api->runner, run_ids[i]);
}

static void settled(void *self)
{
	flow_look_at_orders(self);
}

void flow_dead_letters(struct flow_api *api, struct dead_letters *letters)
{
	dead_letters_add(letters, &(struct dead_letter_part){.kind = "run",
														 .count_sql = "SELECT COUNT(*) FROM flow_runs WHERE " IS_DEAD,
														 .self = api,
														 .list = list,
														 .find = find,
														 .settle = settle,
														 .settled = settled});
	flow_task_letters(api, letters);
}
