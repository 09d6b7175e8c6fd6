/*
 * Who comes next, of many who want the same few slots: turns of runs, helpers of expressions [flow.md 3.5].
 *
 * Tenants take turns, by deficit round robin: each has its own queue, and what it took beyond its share it waits out
 * later, so that a tenant with ten thousand runs delays the one of another by one slot.  Within a tenant the higher
 * priority (0 to 9) goes first, and who waits rises by one for each 30 s.  Not here: threads, and what is done.
 * Thread: one at a time.
 */
#ifndef CS_CORE_FAIR_H
#define CS_CORE_FAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/map.h"

enum {
	FAIR_PRIORITIES = 11, /* 0 to 9 are given; 10: what only ends something that was begun */
	FAIR_USUAL = 5,
	FAIR_QUANTUM = 64, /* cost that a tenant may have before the others are next: rows of a turn, ms of a helper */
	FAIR_AGE_S = 30,
};

/* One who waits; part of the caller's struct. */
struct fair_item {
	struct fair_item *next;
	int64_t since_us;
};

struct fair_tenant {
	struct fair_line {
		struct fair_item *first, **end;
	} lines[FAIR_PRIORITIES];
	size_t waiting;
	int64_t deficit;
	struct fair_tenant *next; /* in the ring of those who wait */
};

struct fair {
	struct map tenants;       /* name -> struct fair_tenant */
	struct fair_tenant *last; /* of the ring; NULL: nobody waits */
};

void fair_init(struct fair *fair);
void fair_fini(struct fair *fair); /* who waits is the caller's */

/* The tenant of this name, made when absent; it lives as long as `fair`. */
struct fair_tenant *fair_tenant(struct fair *fair, const char *name);

/* Wait, with priority 0 to 10 (others are taken as the nearest). */
void fair_put(struct fair *fair, struct fair_tenant *tenant, int64_t priority, int64_t now_us, struct fair_item *item);

/* Who is next, and of which tenant; NULL: nobody waits.  Costs the tenant 1. */
struct fair_item *fair_take(struct fair *fair, int64_t now_us, struct fair_tenant **tenant);

/* It waits no longer.  Cost: linear in those of the tenant and in the tenants that wait. */
void fair_leave(struct fair *fair, struct fair_tenant *tenant, struct fair_item *item);

/* Does anybody of another tenant wait? */
bool fair_others(const struct fair *fair, const struct fair_tenant *tenant);

/* It cost more than was taken for it. */
void fair_charge(struct fair_tenant *tenant, int64_t cost);

#endif
