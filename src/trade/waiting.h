/*
 * Terminals that ask with ?wait= and are told as soon as there is something to tell [trade.md 4.3]: their exchanges
 * are parked here, and go on when their account gets busy, when their time is up, or when the server stops.
 *
 * What is parked is in the exchange's own memory.  One thread, which exists from the first one on and sleeps while
 * nothing is committed; looking costs one indexed query for each that is parked.  Threads: any.
 */
#ifndef CS_TRADE_WAITING_H
#define CS_TRADE_WAITING_H

#include <stdbool.h>
#include <stdint.h>

struct env;
struct store;
struct waiting;

/* One that waits; the caller's memory until go_on() is called, once, on the thread of struct waiting. */
struct parked {
	const char *trading_account_id;
	int64_t until_us; /* monotonic */
	void (*go_on)(struct parked *parked);
	struct parked *next; /* of waiting.c */
};

struct waiting *waiting_new(struct store *store, const struct env *env);

/* Let all go on and take no more.  Before the store closes. */
void waiting_stop(struct waiting *waiting);
void waiting_free(struct waiting *waiting); /* stopped already; NULL is fine */

/* False: it takes no more, and go_on() is not called. */
bool waiting_park(struct waiting *waiting, struct parked *parked);

/* For outbox_hook: something was committed. */
void waiting_wake(void *waiting);

#endif
