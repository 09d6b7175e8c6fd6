#include "core/env.h"
#include "link/circuit.h"
#include "sign/search.h"
#include "sign/sign_internal.h"
#include "sign/work.h"
#include "store/store.h"

/*
 * The search engine's copy of a project follows its row.  The row is read here, after the work was taken up: what is
 * changed from then on has a piece of work of its own, and what was changed before needs only this one.
 */

enum { INDEX_TRIES = 5 };

static int64_t wait_us(struct work *work)
{
	return circuit_wait_us(&work->api->search, env_mono_us(work->api->options.env));
}

static bool carry_out(struct work *work, struct err *err)
{
	const struct dispatch *d = &work->dispatch;
	struct project project;
	bool found = false;
	if (work->api->options.search == NULL)
		return true; /* the engine was taken out of the configuration meanwhile */
	if (!search_ready_to_write(work->api, err))
		return false;
	struct db *db = store_read(work->api->options.store);
	bool read = project_find(db, d->account_id, d->project_id, &work->arena, &project, &found, err);
	store_read_end(work->api->options.store, db);
	bool put = read && (found ? search_put(work->api, &project, &work->arena, err)
							  : search_remove(work->api, d->project_id, &work->arena, err));
	work->hopeless = read && !put && err->kind == ERR_INVALID;
	return put;
}

const struct work_kind work_index = {.name = DISPATCH_INDEX,
									 .tries = INDEX_TRIES,
									 .wait_us = wait_us,
									 .carry_out = carry_out,
									 .quiet = true,
									 .even_gone = true};
