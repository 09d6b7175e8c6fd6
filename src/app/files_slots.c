#include "app/files_slots.h"

#include <stddef.h>

#include "core/must.h"

bool slots_take(struct upload_slots *slots, int limit, const void *who)
{
	must(limit <= UPLOADS_MAX && who != NULL);
	for (int i = 0; i < limit; i++) {
		const void *nobody = NULL;
		if (atomic_compare_exchange_strong(&slots->who[i], &nobody, who))
			return true;
	}
	return false;
}

void slots_drop(struct upload_slots *slots, const void *who)
{
	for (int i = 0; i < UPLOADS_MAX; i++) {
		const void *in = who;
		if (atomic_load_explicit(&slots->who[i], memory_order_relaxed) == who &&
			atomic_compare_exchange_strong(&slots->who[i], &in, NULL))
			return;
	}
}
