#include "core/env.h"
#include "link/circuit.h"
#include "sign/search.h"
#include "sign/sign_internal.h"
#include "sign/work.h"

/*
 * The search engine's copy of a project follows its row.  The row is read here, after the work was begun: what is
 * changed from then on has a piece of work of its own, and what was changed before needs only this one.
 */

int64_t work_index_wait(void *self, const struct json *task)
{
	struct sign_api *api = self;
	(void)task;
	return api->options.search == NULL ? 0 : circuit_wait_us(&api->search, env_mono_us(api->options.env));
}

bool work_index(void *self, struct flow_step *step, struct err *err)
{
	struct sign_api *api = self;
	struct work work;
	if (api->options.search == NULL)
		return true; /* the engine was taken out of the configuration meanwhile */
	if (!search_ready_to_write(api, err) || !work_open(&work, api, step, true, err))
		return false;
	bool put = work.found ? search_put(api, &work.project, step->arena, err)
						  : search_remove(api, work.task.project_id, step->arena, err);
	step->hopeless = !put && err->kind == ERR_INVALID;
	return put;
}
