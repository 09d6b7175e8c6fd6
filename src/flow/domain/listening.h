/*
 * What a listener has heard so far: which filters are filled, the items in order of consumption, the keys that its
 * correlations have bound.  Part of the state of a run (run.h); changed by rows only.  Deciding is in drive_listen.c.
 * Thread: the run's.
 */
#ifndef CS_FLOW_DOMAIN_LISTENING_H
#define CS_FLOW_DOMAIN_LISTENING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct datum;
struct frame;
struct ir_strategy;
struct ir_task;
struct row;
struct run;

struct listening {
	struct datum *keys; /* {name: value} that correlations have bound; NULL: none */
	size_t filters;     /* of the strategy itself (at least 1); those of `until` come after them */
	size_t all;         /* with those of `until` */
	bool *filled;
	int64_t since, heard;  /* as its first row says from when on; position of the last event it consumed, 0: none */
	size_t count, room;    /* items consumed, those of `until` left out */
	struct datum **items;  /* as they were read */
	struct datum **values; /* what they give: NULL while foreach is at work on the last one */
};

/* For run.c: a listener begins; an event was consumed; foreach has ended with one.  False: the row does not fit. */
void listening_open(struct run *run, struct frame *frame);
bool listening_hear(struct run *run, const struct row *row, struct frame *frame);
bool listening_keep(struct run *run, const struct row *row, struct frame *frame);
void listening_free(struct listening *listening); /* NULL is fine */

/* The items read so far, and what they give, as arrays. */
struct datum *listening_items(const struct listening *listening);
struct datum *listening_values(const struct listening *listening);

/* Are enough of the filters from..from+count filled for a strategy? */
bool listening_met(const struct listening *listening, const struct ir_strategy *strategy, size_t from);

#endif
