/* Waiting for an op, for callers that have no event loop. */
#include <pthread.h>

#include "core/must.h"
#include "store/store.h"

struct waiting {
	struct store_op op;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool over, applied;
	struct err err;
	bool (*apply)(struct db *db, void *self, struct err *err);
	void *self;
};

static bool apply_waiting(struct db *db, void *self, struct err *err)
{
	struct waiting *waiting = self;
	return waiting->apply(db, waiting->self, err);
}

static void end_waiting(void *self, bool applied, const struct err *err)
{
	struct waiting *waiting = self;
	pthread_mutex_lock(&waiting->lock);
	waiting->over = true;
	waiting->applied = applied;
	if (err != NULL)
		waiting->err = *err;
	pthread_cond_signal(&waiting->ended);
	pthread_mutex_unlock(&waiting->lock);
}

bool store_write(struct store *store, bool (*apply)(struct db *db, void *self, struct err *err), void *self,
				 struct err *err)
{
	struct waiting waiting = {.apply = apply, .self = self};
	waiting.op = (struct store_op){.apply = apply_waiting, .done = end_waiting, .self = &waiting};
	must(pthread_mutex_init(&waiting.lock, NULL) == 0 && pthread_cond_init(&waiting.ended, NULL) == 0);
	bool submitted = store_submit(store, &waiting.op, err);
	while (submitted && store_step(store)) /* a stepped one; all that waits is applied with it */
		;
	pthread_mutex_lock(&waiting.lock);
	while (submitted && !waiting.over)
		pthread_cond_wait(&waiting.ended, &waiting.lock);
	pthread_mutex_unlock(&waiting.lock);
	pthread_mutex_destroy(&waiting.lock);
	pthread_cond_destroy(&waiting.ended);
	if (submitted && !waiting.applied && err != NULL)
		*err = waiting.err;
	return submitted && waiting.applied;
}
