/* What the HTTP files of agents share; nobody else includes it. */
#ifndef CS_FLOW_AGENTS_INTERNAL_H
#define CS_FLOW_AGENTS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/agents_api.h"
#include "flow/consult.h"
#include "flow/health.h"
#include "http/router.h"
#include "people/write.h"
#include "seal/audit.h"
#include "store/store.h"

struct arena;
struct exchange;
struct faults;
struct field_table;
struct json;

struct agents_api {
	struct agents_api_options options;
	struct budgets budgets;
	struct vector_cache *vectors;
	struct health_desk health;
	struct consultant consultant; /* llm NULL: no model may be asked */
	struct workers *asides;       /* those who wait for models; NULL like it */
	_Atomic bool stopping;
	_Atomic int64_t next_look_us;  /* monotonic: when silent agents are looked for again */
	_Atomic int64_t next_words_us; /* and words of memories */
};

/*
 * One write of agents on its way.  Every handler's own struct begins with a struct agents_write; `change` decides and
 * stores, `answer` answers after the commit (NULL: 204).
 */
struct agents_write {
	struct write write; /* first */
	struct exchange *x;
	struct agents_api *api;
	const char *account_id;
	int64_t now_us; /* of the op */
	bool (*change)(struct agents_write *w, struct db *db, struct err *err);
	void (*answer)(struct agents_write *w);
};

/* In the exchange's arena, zeroed.  NULL: there was no memory, or there is no account, and the exchange was answered.
 */
void *agents_start(struct exchange *x, size_t size);
void agents_submit(struct agents_write *w, bool (*change)(struct agents_write *w, struct db *db, struct err *err),
				   void (*answer)(struct agents_write *w));

/*
 * Go on in a thread that may wait long, as the handler's own must not: run(self) answers the exchange or submits its
 * write.  Answered when there is no room (503) or no such threads (501).
 */
void agents_aside(struct agents_write *w, void (*run)(void *self), void *self);

/* Members of the answer that says a budget has not enough. */
void agents_tell_refusal(struct exchange *x, const struct budget_refusal *refusal);

/* In `change`: the row of the audit chain. */
bool agents_audit(const struct agents_write *w, struct db *db, enum audit_action action, const char *target_id,
				  const char *reason, struct err *err);

/* A read on a reader: what `read` says false to is answered with its error.  False: answered. */
bool agents_read(struct exchange *x, bool (*read)(void *self, struct db *db, struct err *err), void *self);

/* Wall time. */
int64_t agents_now(const struct exchange *x);

/* A moment as text in the arena, NULL for 0. */
const char *agents_time(struct arena *arena, int64_t us);

/* Money as text in the arena. */
const char *agents_money(struct arena *arena, int64_t micros);

/* Money of a body into *micros, or a fault at /NAME: another form (`format`), or outside low to high (`range`). */
void agents_take_money(const struct json *json, const char *pointer, int64_t low, int64_t high, int64_t *micros,
					   struct faults *faults);

/* reply_fact with a warning about it, which lowers its confidence. */
void agents_reply_warned(struct exchange *x, int status, const struct field_table *table, const void *result,
						 const char *code, const char *pointer, const char *message);

/* Is this a path of v3, whose answers carry the old names too? */
bool agents_v3(const struct exchange *x);

/* The page that a list's cursor begins: the key it ended with, "" at first.  False: answered with 400. */
enum { AGENTS_CURSOR = 129 };
bool agents_cursor(struct exchange *x, const char *filter, const char *cursor, char after[AGENTS_CURSOR]);

/* The cursor behind a row, and the Link header. */
const char *agents_next(struct exchange *x, const char *filter, const char *after);

extern const struct route budget_routes[], reservation_routes[], cost_routes[], decomposition_create_routes[],
	decomposition_routes[], memory_routes[], health_routes[], incident_routes[], healing_routes[];
extern const size_t budget_routes_count, reservation_routes_count, cost_routes_count, decomposition_create_routes_count,
	decomposition_routes_count, memory_routes_count, health_routes_count, incident_routes_count, healing_routes_count;

#endif
