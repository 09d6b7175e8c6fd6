/*
 * A terminal that is played against a real server, by the protocol of docs/guide/terminal.md: it takes snapshots,
 * polls, sends orders to a played broker, acknowledges, closes, and does what its script of faults says [trade.md 4.4].
 *
 * How requests travel, what time it is and how time passes are the caller's, so that it also runs without sockets or
 * under a clock that is moved.  Thread: one.
 */
#ifndef CS_SIM_TERMINAL_H
#define CS_SIM_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "sim/faults.h"

struct buf;
struct json;

/* An answer; `tree` lives until the next request, NULL: none or no JSON. */
struct terminal_answer {
	int status;
	const struct json *tree;
};

struct terminal_options {
	const char *device, *secret;
	struct faults_script faults;
	uint64_t seed;
	int64_t steps; /* each: prices move, a snapshot, a poll, close commands */
	/* headers end with NULL, and NULL is none; body may be NULL, else it is JSON.  False: no answer. */
	bool (*ask)(void *self, const char *method, const char *target, const char *body, size_t size,
				const char *const *headers, struct terminal_answer *answer, struct err *err);
	int64_t (*now_us)(void *self); /* the true wall clock */
	void (*rest)(void *self);      /* between two steps */
	void *self;
};

/*
 * Play, and append the report: {snapshots, delivered, acknowledged, repeated, closed, crashes, lost, by_hand, replayed,
 * errors{code: count}, reconciliation, guards, orders, magics, open}.  `orders` were filled at the broker, `magics` are
 * the different ones among them, `open` positions are left.  ERR_UNAVAILABLE: there was no answer to the first request.
 */
bool terminal_play(const struct terminal_options *options, struct buf *report, struct err *err);

#endif
