/* How many runs of one workflow may be under way at once: document.metadata.max_runs [flow.md 3.5]. */
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/log.h"
#include "core/must.h"
#include "flow/definition.h"
#include "flow/domain/ir.h"
#include "flow/runner_internal.h"

enum { WAKE_MAX = 16 };

static struct runs_filter workflow_of(const struct live *live)
{
	const struct ir *ir = definition_ir(live->definition);
	return (struct runs_filter){
		.account_id = live->account_id, .namespace = ir->namespace, .name = ir->name, .limit = WAKE_MAX};
}

bool slots_limited(const struct live *live)
{
	return live->loaded && definition_ir(live->definition)->max_runs > 0;
}

/* How many runs may begin now. */
static bool count_free(const struct live *live, struct db *db, int64_t *free_count, struct err *err)
{
	const struct runs_filter workflow = workflow_of(live);
	int64_t count = 0;
	if (!runs_under_way(db, &workflow, &count, err))
		return false;
	int64_t max = definition_ir(live->definition)->max_runs;
	*free_count = max > count ? max - count : 0;
	return true;
}

/* In its first commit, where no other run can begin meanwhile; and before, to save the work. */
bool slots_apply(struct live *live, struct db *db, struct err *err)
{
	int64_t free_count = 0;
	if (!count_free(live, db, &free_count, err))
		return false;
	live->slotless = free_count == 0;
	return !live->slotless ||
		   err_set(err, ERR_CONFLICT, "As many runs of the workflow as may be are under way already.");
}

bool slots_free(struct live *live)
{
	struct err err;
	struct db *db = store_read(live->runner->options.store);
	bool is_free = slots_apply(live, db, &err);
	store_read_end(live->runner->options.store, db);
	return is_free;
}

struct woken {
	char run_ids[WAKE_MAX][ID_TEXT];
	size_t count;
};

static void take(void *self, const char *run_id)
{
	struct woken *woken = self;
	must(woken->count < WAKE_MAX && strlen(run_id) < ID_TEXT);
	strcpy(woken->run_ids[woken->count++], run_id);
}

/* As many as there are free slots and no more: of two that were woken for one slot, the lesser might take it. */
static bool choose(const struct live *live, struct db *db, struct woken *woken, struct err *err)
{
	struct runs_filter workflow = workflow_of(live);
	int64_t free_count = 0;
	if (!count_free(live, db, &free_count, err))
		return false;
	if (free_count < WAKE_MAX)
		workflow.limit = free_count;
	return free_count == 0 || runs_pending(db, &workflow, take, woken, err);
}

void slots_wake(struct live *live)
{
	struct woken woken = {.count = 0};
	struct err err;
	struct db *db = store_read(live->runner->options.store);
	if (!choose(live, db, &woken, &err))
		log_error("flow: runs that wait to begin", log_str("error", err.message)); /* each looks again by itself */
	store_read_end(live->runner->options.store, db);
	for (size_t i = 0; i < woken.count; i++)
		runner_wake(live->runner, woken.run_ids[i]);
}
