/*
 * A cache's time to live, tuned by how often it hits [flow.md 9]: a window closes after 200 lookups; its rate says the
 * next time to live (domain/agent.h, cache_ttl).  It is taken when it differs by more than 60 s, at most once an hour,
 * and taken back when the next window hits less often by more than 0.05.
 * Values; one thread at a time.
 */
#ifndef CS_FLOW_DOMAIN_TUNING_H
#define CS_FLOW_DOMAIN_TUNING_H

#include <stdbool.h>
#include <stdint.h>

enum { TUNING_WINDOW = 200, TUNING_LEAST_S = 60, TUNING_EVERY_S = 3600 };
#define TUNING_WORSE .05

struct tuning {
	double ttl_s;    /* in force */
	double before_s; /* what a change may be taken back to */
	double rate;     /* of the window that changed it */
	bool changed;    /* and the window after it is not over */
	int64_t hits, lookups, changed_us;
};

void tuning_init(struct tuning *tuning, double ttl_s);

/* One lookup; true: ttl_s has changed. */
bool tuning_count(struct tuning *tuning, bool hit, int64_t now_us);

#endif
