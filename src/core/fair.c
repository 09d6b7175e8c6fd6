#include "core/fair.h"

#include <stdlib.h>

#include "core/must.h"

void fair_init(struct fair *fair)
{
	*fair = (struct fair){.last = NULL};
	map_init(&fair->tenants, NULL, NULL);
}

void fair_fini(struct fair *fair)
{
	const char *key;
	size_t size;
	void *tenant;
	for (size_t at = 0; map_next(&fair->tenants, &at, &key, &size, &tenant);)
		free(tenant);
	map_fini(&fair->tenants);
}

struct fair_tenant *fair_tenant(struct fair *fair, const char *name)
{
	struct fair_tenant *tenant = map_get(&fair->tenants, name);
	if (tenant != NULL)
		return tenant;
	tenant = calloc(1, sizeof *tenant);
	must(tenant != NULL);
	for (int i = 0; i < FAIR_PRIORITIES; i++)
		tenant->lines[i].end = &tenant->lines[i].first;
	must(map_set(&fair->tenants, name, tenant, NULL));
	return tenant;
}

static int clamp(int64_t priority)
{
	return priority < 0 ? 0 : priority >= FAIR_PRIORITIES ? FAIR_PRIORITIES - 1 : (int)priority;
}

void fair_put(struct fair *fair, struct fair_tenant *tenant, int64_t priority, int64_t now_us, struct fair_item *item)
{
	struct fair_line *line = &tenant->lines[clamp(priority)];
	item->since_us = now_us;
	item->next = NULL;
	*line->end = item;
	line->end = &item->next;
	if (tenant->waiting++ > 0)
		return;
	tenant->deficit = tenant->deficit > 0 ? 0 : tenant->deficit; /* credit is not saved up, debts stay */
	tenant->next = fair->last == NULL ? tenant : fair->last->next;
	if (fair->last != NULL)
		fair->last->next = tenant;
	fair->last = tenant;
}

/* In a line the first has waited longest, so only the first of each can be the best. */
static struct fair_line *best(struct fair_tenant *tenant, int64_t now_us)
{
	struct fair_line *found = NULL;
	int64_t most = 0;
	for (int i = FAIR_PRIORITIES - 1; i >= 0; i--) {
		struct fair_line *line = &tenant->lines[i];
		if (line->first == NULL)
			continue;
		int64_t waited_s = (now_us - line->first->since_us) / 1000000;
		int64_t priority = i + (waited_s > 0 ? waited_s / FAIR_AGE_S : 0);
		if (found == NULL || priority > most)
			found = line, most = priority;
	}
	return found;
}

static void leave(struct fair *fair, struct fair_tenant *before, struct fair_tenant *tenant)
{
	before->next = tenant->next;
	if (fair->last == tenant)
		fair->last = before == tenant ? NULL : before;
}

struct fair_item *fair_take(struct fair *fair, int64_t now_us, struct fair_tenant **out)
{
	if (fair->last == NULL)
		return NULL;
	struct fair_tenant *before = fair->last, *tenant = before->next;
	for (;;) {
		if (tenant->deficit <= 0)
			tenant->deficit += FAIR_QUANTUM;
		if (tenant->deficit > 0)
			break;
		before = fair->last = tenant; /* it had more than its share: the others come first */
		tenant = tenant->next;
	}
	struct fair_line *line = best(tenant, now_us);
	struct fair_item *item = line->first;
	line->first = item->next;
	if (line->first == NULL)
		line->end = &line->first;
	fair->last = tenant; /* the next one is next, whatever this one may still have */
	if (--tenant->waiting == 0)
		leave(fair, before, tenant);
	tenant->deficit--;
	*out = tenant;
	return item;
}

static bool take_out(struct fair_line *line, const struct fair_item *item)
{
	for (struct fair_item **at = &line->first; *at != NULL; at = &(*at)->next)
		if (*at == item) {
			*at = item->next;
			if (line->end == &item->next)
				line->end = at;
			return true;
		}
	return false;
}

void fair_leave(struct fair *fair, struct fair_tenant *tenant, struct fair_item *item)
{
	bool found = false;
	for (int i = 0; !found && i < FAIR_PRIORITIES; i++)
		found = take_out(&tenant->lines[i], item);
	must(found);
	if (--tenant->waiting > 0)
		return;
	struct fair_tenant *before = fair->last;
	while (before->next != tenant)
		before = before->next;
	leave(fair, before, tenant);
}

bool fair_others(const struct fair *fair, const struct fair_tenant *tenant)
{
	return fair->last != NULL && (fair->last != tenant || tenant->next != tenant);
}

void fair_charge(struct fair_tenant *tenant, int64_t cost)
{
	tenant->deficit -= cost;
}
