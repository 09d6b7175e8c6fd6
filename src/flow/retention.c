/* Runs whose time is up are deleted, one transaction each [flow.md 3.5]. */
#include "core/env.h"
#include "core/err.h"
#include "flow/flow_internal.h"
#include "flow/retention_repo.h"
#include "store/store.h"

enum { AT_ONCE = 100 /* of one look; more are left for the next */ };

struct dropping {
	const char *run_id;
	int64_t now_us;
};

static bool apply_drop(struct db *db, void *self, struct err *err)
{
	const struct dropping *d = self;
	return retention_drop(db, d->run_id, d->now_us, err);
}

bool retention_chores(struct flow_api *api, struct err *err)
{
	char run_ids[AT_ONCE][ID_TEXT];
	int64_t now_us = env_wall_us(api->options.env);
	size_t count;
	struct db *db = store_read(api->options.store);
	bool good = retention_due(db, now_us, run_ids, AT_ONCE, &count, err);
	store_read_end(api->options.store, db);
	for (size_t i = 0; good && i < count; i++) {
		struct dropping dropping = {.run_id = run_ids[i], .now_us = now_us};
		good = store_write(api->options.store, apply_drop, &dropping, err);
	}
	return good;
}
