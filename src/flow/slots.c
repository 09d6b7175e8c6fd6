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

enum { WAKE_MAX = 16 /* those that are woken may be refused again: several ends may wake the same ones */ };

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

/* In its first commit, where no other run can begin meanwhile; and before, to save the work. */
bool slots_apply(struct live *live, struct db *db, struct err *err)
{
	const struct runs_filter workflow = workflow_of(live);
	int64_t max = definition_ir(live->definition)->max_runs, count = 0;
	if (!runs_under_way(db, &workflow, &count, err))
		return false;
	live->slotless = count >= max;
	return !live->slotless ||
		   err_set(err, ERR_CONFLICT, "%lld runs of the workflow are under way already.", (long long)count);
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

void slots_wake(struct live *live)
{
	const struct runs_filter workflow = workflow_of(live);
	struct woken woken = {.count = 0};
	struct err err;
	struct db *db = store_read(live->runner->options.store);
	if (!runs_pending(db, &workflow, take, &woken, &err))
		log_error("flow: runs that wait to begin", log_str("error", err.message)); /* each looks again by itself */
	store_read_end(live->runner->options.store, db);
	for (size_t i = 0; i < woken.count; i++)
		runner_wake(live->runner, woken.run_ids[i]);
}
