#include "store/watch.h"

#include <string.h>

#include "core/must.h"

_Static_assert(STORE_WATCHES_MAX <= 8 * sizeof(unsigned), "watches are bits of an unsigned");

void watches_init(struct watches *watches)
{
	*watches = (struct watches){.known = 0};
	must(pthread_mutex_init(&watches->lock, NULL) == 0);
}

void watches_fini(struct watches *watches)
{
	pthread_mutex_destroy(&watches->lock);
}

const struct store_watch *watches_add(struct watches *watches, const char *const *tables)
{
	pthread_mutex_lock(&watches->lock);
	size_t count = atomic_load(&watches->count);
	must(count < STORE_WATCHES_MAX);
	struct store_watch *watch = &watches->each[count];
	watch->index = count;
	watch->tables = tables;
	atomic_store(&watches->count, count + 1); /* the writer sees a watch only when it is whole */
	pthread_mutex_unlock(&watches->lock);
	return watch;
}

bool watches_any_new(struct watches *watches)
{
	size_t count = atomic_load(&watches->count);
	bool any = watches->known < count;
	for (; watches->known < count; watches->known++)
		watches->each[watches->known].now++;
	return any;
}

unsigned watches_of(const struct watches *watches, const char *table)
{
	unsigned mask = 0;
	for (size_t i = 0; i < watches->known; i++)
		for (const char *const *each = watches->each[i].tables; *each != NULL; each++)
			if (strcmp(*each, table) == 0)
				mask |= 1U << i;
	return mask;
}

void watches_touch(struct watches *watches, unsigned mask)
{
	for (size_t i = 0; mask >> i != 0; i++)
		watches->each[i].now += mask >> i & 1;
}

void watches_mark(const struct watches *watches, struct watches_mark *mark)
{
	for (size_t i = 0; i < watches->known; i++)
		mark->now[i] = watches->each[i].now;
}

void watches_undone(struct watches *watches, const struct watches_mark *mark)
{
	for (size_t i = 0; i < watches->known; i++)
		watches->each[i].now += watches->each[i].now != mark->now[i];
}

void watches_publish(struct watches *watches, bool committed)
{
	for (size_t i = 0; i < watches->known; i++) {
		struct store_watch *watch = &watches->each[i];
		watch->now += !committed && watch->now != atomic_load_explicit(&watch->committed, memory_order_relaxed);
		atomic_store(&watch->committed, watch->now);
	}
}

uint64_t store_watch_seen(const struct store_watch *watch)
{
	return atomic_load(&watch->committed);
}
