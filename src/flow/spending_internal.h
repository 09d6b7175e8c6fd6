/* What the files of spending* share; nobody else includes it. */
#ifndef CS_FLOW_SPENDING_INTERNAL_H
#define CS_FLOW_SPENDING_INTERNAL_H

#include <pthread.h>

#include "core/id.h"
#include "core/map.h"
#include "flow/budget.h"

/* What a budget said of a run, until the commit in which it did is done. */
struct saying {
	char run_id[ID_TEXT], budget_id[ID_TEXT]; /* budget_id "": it may go on */
	int64_t allocated;
	struct saying *next;
};

struct spending {
	const struct env *env;
	const struct budgets *budgets; /* NULL before spending_serve */
	pthread_mutex_t lock;
	struct runner *runner; /* NULL: it is not there yet, or no more */
	struct saying *sayings, **end;
	struct map halted; /* runs that stand still for want of money; a settlement may have freed some */
	size_t next;       /* of them, to look again */
};

/* A run has begun to stand still, or has gone on. */
void spending_keep_halted(struct spending *spending, const char *run_id, bool halted);

/* Something was settled: let some of those that stand still look again, in turn. */
void spending_nudge(struct spending *spending);

#endif
