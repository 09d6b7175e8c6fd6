/* Runs that a run starts and waits for. */
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/log.h"
#include "core/must.h"
#include "flow/children_repo.h"
#include "flow/domain/datum.h"
#include "flow/domain/drive_child.h"
#include "flow/domain/ir.h"
#include "flow/following.h"
#include "flow/runner_internal.h"
#include "flow/workflows.h"

enum { DEPTH_MAX = 32, CHILD_CAP = 64 << 20 };

/* --- before the start: which version it is --- */

static bool find_version(struct db *db, const char *account_id, const struct child_spec *spec, struct arena *arena,
						 struct workflow *workflow, struct trouble *trouble)
{
	bool found = false;
	struct err err = {.kind = ERR_NONE};
	if (!workflows_find(db, account_id, spec->namespace, spec->name, spec->version, arena, workflow, &found, &err))
		return trouble_set(trouble, TROUBLE_RUNTIME, "Workflow not read", "%s", err.message);
	if (!found)
		return trouble_set(trouble, TROUBLE_CONFIGURATION, "No such workflow", "There is no workflow %s/%s %s.",
						   spec->namespace, spec->name, spec->version);
	if (workflow->state != WORKFLOW_PUBLISHED && workflow->state != WORKFLOW_DEPRECATED)
		return trouble_set(trouble, TROUBLE_CONFIGURATION, "Workflow not active", "Version %s of %s/%s is %s.",
						   workflow->version, spec->namespace, spec->name, workflow_state_names[workflow->state]);
	return true;
}

static bool not_too_deep(struct db *db, const char *run_id, struct trouble *trouble)
{
	struct err err;
	int64_t depth;
	if (!children_depth(db, run_id, &depth, &err))
		return trouble_set(trouble, TROUBLE_RUNTIME, "Workflow not read", "%s", err.message);
	return depth < DEPTH_MAX || trouble_set(trouble, TROUBLE_RUNTIME, "Too deep",
											"Runs that are started by runs go %d deep at most.", DEPTH_MAX);
}

bool child_find(struct live *live, struct child_spec *spec, struct trouble *trouble)
{
	struct arena arena;
	struct workflow workflow;
	arena_init(&arena, CHILD_CAP);
	struct db *db = store_read(live->runner->options.store);
	bool good =
		find_version(db, live->account_id, spec, &arena, &workflow, trouble) && not_too_deep(db, live->run_id, trouble);
	store_read_end(live->runner->options.store, db);
	if (good) {
		snprintf(spec->found, sizeof spec->found, "%s", workflow.version);
		snprintf(spec->sha256, sizeof spec->sha256, "%s", workflow.definition_sha256);
	}
	arena_fini(&arena);
	return good;
}

/* --- the start --- */

bool children_start(struct live *live, struct db *db, const struct fact *fact, struct err *err)
{
	const struct json *request = datum_tree(fact->datum);
	const char *run_id = json_text(request, "run_id");
	const struct frame *frame = run_frame(&live->run, fact->frame);
	struct datum *input = datum_json(json_get(request, "input"));
	const struct run_record record = {
		.run_id = run_id,
		.account_id = live->account_id,
		.namespace = json_text(request, "namespace"),
		.name = json_text(request, "name"),
		.version = json_text(request, "version"),
		.definition_sha256 = json_text(request, "definition_sha256"),
		.seed = live->seed,
		.labels = "{}",
		.input = datum_bytes(input, NULL),
		.priority = live->priority,
		.created_us = live->drive.now_us,
		.created_by = live->created_by,
		.parent_run_id = live->run_id,
		.parent_path = frame == NULL ? NULL : frame->path,
	};
	bool good = runs_insert(db, &record, err);
	datum_unref(input);
	if (!good)
		return false;
	following_notice_begin(live, run_id, live->priority);
	if (!fact->awaited)
		return true;
	following_adopt(live, run_id, fact->frame);
	return children_put(db, run_id, live->run_id, fact->frame, err);
}

/* --- the end --- */

static bool read_child(struct live *live, const char *run_id, struct arena *arena, struct run_record *record)
{
	bool found = false;
	struct err err = {.kind = ERR_NONE};
	struct db *db = store_read(live->runner->options.store);
	bool read = runs_get(db, run_id, NULL, arena, record, &found, &err);
	store_read_end(live->runner->options.store, db);
	if (!read)
		log_error("flow: sub-run cannot be read", log_str("run_id", run_id), log_str("error", err.message));
	return read && found;
}

static bool take_end(struct live *live, struct frame *frame, const struct child *child)
{
	struct arena arena;
	struct run_record record;
	arena_init(&arena, CHILD_CAP);
	bool over = read_child(live, child->run_id, &arena, &record) && record.ended_us != 0;
	if (over) {
		const struct child_end end = {
			.run_id = child->run_id, .status = record.status, .output = record.output, .error = record.error};
		drive_child_end(&live->drive, frame, &end);
	}
	arena_fini(&arena);
	return over;
}

/* The frame that waits for a child; NULL: none any more. */
static struct frame *waiting(const struct live *live, const struct child *child)
{
	struct frame *frame = run_frame(&live->run, child->frame);
	bool waits = frame != NULL && !frame->is_block && frame->sent && frame->task->type == IR_RUN_WORKFLOW &&
				 !run_is_over(live->run.status);
	return waits && strcmp(json_text(datum_tree(frame->request), "run_id"), child->run_id) == 0 ? frame : NULL;
}

bool children_take(struct live *live)
{
	for (size_t i = 0; i < live->following.children_count; i++) {
		const struct child *child = &live->following.children[i];
		struct frame *frame = waiting(live, child);
		if (frame != NULL && take_end(live, frame, child))
			return true;
	}
	return false;
}

/* --- committing --- */

static bool tell_parent(struct live *live, struct db *db, struct err *err)
{
	bool told;
	if (live->parent_run_id == NULL || !run_is_over(live->run.status))
		return true;
	if (!children_end(db, live->run_id, &told, err))
		return false;
	if (told)
		following_notice(live, live->parent_run_id, NOTICE_LOOK);
	return true;
}

bool children_commit(struct live *live, struct db *db, struct err *err)
{
	struct following *f = &live->following;
	size_t kept = 0;
	for (size_t i = 0; i < f->children_count; i++) {
		struct child *child = &f->children[i];
		bool cancel = false, waits = waiting(live, child) != NULL;
		if (!waits && !children_leave(db, child->run_id, &cancel, err))
			return false;
		if (cancel)
			following_notice(live, child->run_id, NOTICE_CANCEL);
		if (waits)
			f->children[kept++] = *child;
	}
	f->children_count = kept;
	return tell_parent(live, db, err);
}
