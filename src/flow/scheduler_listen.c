/* Schedules by events: runs of a system workflow listen for them. */
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "crypt/digest.h"
#include "flow/content_hash.h"
#include "flow/definition.h"
#include "flow/domain/datum.h"
#include "flow/events_repo.h"
#include "flow/runner_internal.h"
#include "flow/scheduler_internal.h"
#include "flow/schedules_repo.h"

#define PLACE "/do/0/hear/listen/to" /* of the strategy in the definition */

/* A workflow that listens once, from a position on. */
static const char *listener_text(const struct json *spec, struct arena *arena)
{
	struct buf text;
	struct jw jw;
	const char *read = json_text(spec, "read");
	buf_init(&text, 0);
	buf_adds(&text,
			 "{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"system\",\"name\":\"listener\",\"version\":\"1.0.0\"},"
			 "\"do\":[{\"hear\":{\"metadata\":{\"since\":\"${ {position: .position} }\"},\"listen\":{\"read\":");
	jw_init(&jw, &text);
	jw_str(&jw, read == NULL ? "data" : read);
	buf_adds(&text, ",\"to\":{");
	bool first = true;
	for (uint32_t i = 0; spec->kind == JS_OBJECT && i < spec->count; i++) {
		if (strcmp(spec->members[i].name, "read") == 0)
			continue;
		buf_adds(&text, first ? "" : ",");
		first = false;
		jw_init(&jw, &text);
		jw_str(&jw, spec->members[i].name);
		buf_addc(&text, ':');
		jw_init(&jw, &text);
		jw_json(&jw, &spec->members[i].value);
	}
	buf_adds(&text, "}}}}]}");
	const char *copy = arena_dup(arena, buf_text(&text));
	buf_fini(&text);
	return copy;
}

static const char *text_of(const struct schedule_record *record, struct arena *arena)
{
	struct datum *spec = datum_parse(record->spec, strlen(record->spec), NULL);
	const char *text = spec == NULL ? NULL : listener_text(datum_tree(spec), arena);
	datum_unref(spec);
	return text;
}

/* What is wrong with the strategy is told of where the caller wrote it. */
static void tell(const struct ir_problems *problems, struct arena *arena, struct faults *faults)
{
	for (size_t i = 0; i < problems->count; i++) {
		const char *pointer = problems->items[i].pointer;
		bool inside = strncmp(pointer, PLACE, strlen(PLACE)) == 0;
		faults_add(faults, inside ? arena_printf(arena, "/spec%s", pointer + strlen(PLACE)) : "/spec",
				   problems->items[i].code, "%s", problems->items[i].message);
	}
}

bool scheduler_strategy(struct runner *runner, const struct schedule_record *record, struct arena *arena,
						struct faults *faults)
{
	struct definition_problems problems = {.arena = arena};
	struct err err = {.kind = ERR_NONE};
	char sha256[65];
	const char *text = text_of(record, arena);
	struct definition *definition =
		text == NULL ? NULL : runner_definition(runner, text, strlen(text), sha256, &problems, &err);
	if (definition == NULL && problems.list.count == 0)
		faults_add(faults, "/spec", "unavailable", "%s", err.message);
	tell(&problems.list, arena, faults);
	bool good = definition != NULL;
	definition_unref(definition);
	return good;
}

static void take_int(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

/* Where the listening goes on. */
static bool find_position(struct db *db, const struct schedule_record *r, int64_t *position, struct err *err)
{
	bool found;
	if (*position >= 0)
		return true;
	if (!db_one(db, err, &found, take_int, position,
				"SELECT fired FROM flow_firings WHERE schedule_id = $1 AND fired > 0 ORDER BY fired DESC LIMIT 1",
				V_TEXT(r->schedule_id)))
		return false;
	return found || events_last(db, r->account_id, position, err);
}

bool scheduler_listen(struct runner *runner, struct db *db, struct schedule_record *r, int64_t position,
					  struct arena *arena, struct scheduler_runs *runs, struct err *err)
{
	char sha256[SHA256_HEX_SIZE], content_sha256[SHA256_HEX_SIZE];
	const char *text = text_of(r, arena);
	if (text == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!find_position(db, r, &position, err))
		return false;
	sha256_hex(text, strlen(text), sha256);
	content_hash(text, strlen(text), content_sha256);
	const struct definition_text definition = {.text = text, .sha256 = sha256, .content_sha256 = content_sha256};
	struct run_record run = {.namespace = "system",
							 .name = "listener",
							 .version = "1.0.0",
							 .definition_sha256 = sha256,
							 .input = arena_printf(arena, "{\"position\":%lld}", (long long)position)};
	if (!runs_keep_definition(db, &definition, err) || !scheduler_insert(runner, db, r, &run, arena, err))
		return false;
	r->listener_run_id = run.run_id;
	scheduler_add(runs, &run);
	return true;
}

/* It heard what it listened for: the workflow begins with it, and another listens on. */
static bool begin(struct live *live, struct db *db, struct schedule_record *r, struct arena *arena,
				  struct scheduler_runs *runs, struct err *err)
{
	bool busy, started, queue = strcmp(r->overlap, "queue") == 0;
	const char *heard = arena_dup(arena, datum_bytes(live->run.output, NULL));
	if (heard == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!scheduler_busy(db, r, arena, &busy, err))
		return false;
	if (!busy && !scheduler_start(live->runner, db, r, live->run.heard, heard, arena, runs, &started, err))
		return false;
	/* With queue the next event waits where events wait, until the run has ended. */
	return (queue && r->last_error == NULL) || scheduler_listen(live->runner, db, r, live->run.heard, arena, runs, err);
}

bool scheduler_heard(struct live *live, struct db *db, struct schedule_record *r, struct arena *arena,
					 struct scheduler_runs *runs, struct err *err)
{
	r->listener_run_id = NULL;
	if (r->enabled && live->run.status != RUN_COMPLETED) {
		r->enabled = false;
		r->last_error = arena_printf(arena, "its listener was %s", run_status_names[live->run.status]);
	}
	return (!r->enabled || begin(live, db, r, arena, runs, err)) && schedules_update(db, r, err);
}
