/*
 * The breakers of the calls of runs, one for each target and account [flow.md 10; P-10.4].
 *
 * A target is a host as calls name it (link/authority.h), or "llm", the endpoint that
 * models are asked at.  The rule is link/circuit.h's.  What is known lives in memory; each change of state is written
 * behind, with an event (topic health, breaker.opened, breaker.half_open, breaker.closed), and read again at the start.
 * Runs that are held are remembered, so that they go on at once when a breaker closes.
 * Threads: any.  Times are those of runs, microseconds.
 */
#ifndef CS_FLOW_BREAKERS_H
#define CS_FLOW_BREAKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct breakers;
struct db;
struct err;
struct outbox;
struct store;

enum { BREAKER_TARGET = 256 /* bytes of a target and its end */ };

/* `outbox` NULL: nobody is told.  NULL is never returned; breakers_load() before the first call. */
struct breakers *breakers_new(struct store *store, struct outbox *outbox);
void breakers_free(struct breakers *breakers); /* NULL is fine */
bool breakers_load(struct breakers *breakers, struct err *err);

/* Whom to tell that a held run may go on; NULL: nobody any more. */
void breakers_serve(struct breakers *breakers, void (*woken)(void *self, const char *run_id), void *self);

struct breaker_call {
	const char *account_id, *target;
	int64_t now_us;
};

/*
 * May a call go out?  True obliges to breakers_tell() or breakers_give_back() (what is lost is forgiven after some
 * minutes).  False: *until_us
 * is when it pays to ask again, and the run is remembered (run_id NULL: it is no run's call).
 */
bool breakers_may(struct breakers *breakers, const struct breaker_call *call, const char *run_id, int64_t *until_us);

/* Would breakers_may() say false?  Then the run is remembered, as it would be there. */
bool breakers_hold(struct breakers *breakers, const struct breaker_call *call, const char *run_id);

/* What came of a call that may have been let through. */
void breakers_tell(struct breakers *breakers, const struct breaker_call *call, bool well, int64_t took_us);

/*
 * A call that was let through (call->now_us: when it was sent, or would have been) says nothing: it was given up before
 * its answer, or never sent.  A half-open breaker lets another through for it, and held runs ask at once.
 */
void breakers_give_back(struct breakers *breakers, const struct breaker_call *call);

/* How one stands.  Texts are the arena's. */
struct breaker_record {
	const char *account_id, *target;
	const char *state;           /* closed, open, half_open */
	int64_t until_us;            /* open: until then; else 0 */
	int64_t changed_us;          /* 0: never */
	int64_t failures;            /* in a row */
	int64_t held;                /* runs */
	int64_t calls, failed, slow; /* of the last 100 since it closed */
	const char *by, *reason;     /* whose word the state is; NULL: that of calls */
};

/* All of an account (NULL: of all), by target.  *count of them in the arena; false when that is full. */
struct arena;
bool breakers_list(struct breakers *breakers, const char *account_id, int64_t now_us, struct arena *arena,
				   struct breaker_record **records, size_t *count);

/* How many of all accounts are in each state: closed, open, half open. */
enum { BREAKER_STATES = 3 };
extern const char *const breaker_record_states[BREAKER_STATES + 1]; /* ends with NULL */
void breakers_count(struct breakers *breakers, int64_t now_us, int64_t counts[BREAKER_STATES]);
/* The same of one target. */
void breakers_count_of(struct breakers *breakers, const char *target, int64_t now_us, int64_t counts[BREAKER_STATES]);

/* In an op: keep a record, and tell of it.  Then breakers_set() after the commit. */
bool breakers_put(struct breakers *breakers, struct db *db, const struct breaker_record *record, struct err *err);
void breakers_set(struct breakers *breakers, const struct breaker_record *record);

#endif
