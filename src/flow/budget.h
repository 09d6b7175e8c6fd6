/*
 * Budgets: what may be spent, what is kept for work under way, what was spent [flow.md 7].
 *
 * A spender is covered by the budgets of its run, its agent, its workflow and its account.  A reservation is granted by
 * all of them or by none, and never so that consumed and reserved together pass what is allocated, at any concurrency:
 * each budget is changed by a statement that looks again.  What was spent already is always recorded, also beyond the
 * limit.  Each threshold raises one event a window.
 *
 * Everything here runs inside an op, on the writer's thread, in the transaction of the caller; nothing is answered and
 * nothing waits.  Money is micro-units.  Cost: two or three statements for each covering budget, about 20 us.
 */
#ifndef CS_FLOW_BUDGET_H
#define CS_FLOW_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/id.h"
#include "flow/domain/budget.h"

struct arena;
struct budget_row;
struct db;
struct err;
struct id_maker;
struct outbox;

/* What budgets tell the engine of runs; any may be NULL.  Called in the op that changed the budget. */
struct budget_hooks {
	void *self;
	/* The workflow "namespace/name" of a run, in the arena, NULL: none; *known false: no run of ours. */
	bool (*workflow_of)(void *self, struct db *db, const char *account_id, const char *run_id, struct arena *arena,
						const char **workflow, bool *known, struct err *err);
	/* Completed and known steps of a run; 0 and 0: not known. */
	bool (*steps_of)(void *self, struct db *db, const char *account_id, const char *run_id, int64_t *completed,
					 int64_t *total, struct err *err);
	/* A budget that suspends was exhausted: its runs are to stop.  Or it was topped up: they may go on. */
	bool (*stop)(void *self, struct db *db, const struct budget_row *budget, struct err *err);
	bool (*go_on)(void *self, struct db *db, const struct budget_row *budget, struct err *err);
};

struct budgets {
	struct id_maker *ids;
	struct outbox *outbox; /* topic "budget"; NULL: nobody is told */
	struct budget_hooks hooks;
};

/* Who spends; account_id aside any may be NULL.  currency NULL: that of the budgets. */
struct spender {
	const char *account_id, *run_id, *agent_id, *workflow, *step, *currency;
};

struct budget_reservation {
	char reservation_id[ID_TEXT]; /* "": no budget covers the spender, nothing was written */
	int64_t amount, available;    /* available: the least that any covering budget has left */
	size_t count;
	char budget_ids[16][ID_TEXT];
};

/* Why not: the first budget that has not enough, in the order run, agent, workflow, account. */
struct budget_refusal {
	bool refused;
	char budget_id[ID_TEXT];
	int64_t available, requested, allocated;
	enum budget_exhausted on_exhausted; /* what its owner wants of a run then */
};

/*
 * Keep `amount` > 0 (must) of every covering budget, until expires_us (0: until it is settled or released).  True and
 * refusal->refused: nothing was kept and nothing was written.  ERR_INVALID: a covering budget is of another currency.
 * At most 16 budgets cover one spender: four scopes of four windows.
 */
bool budget_reserve(const struct budgets *budgets, struct db *db, const struct spender *spender, int64_t amount,
					int64_t expires_us, const char *purpose, int64_t now_us, struct budget_reservation *reservation,
					struct budget_refusal *refusal, struct err *err);

/*
 * Would it be granted now?  On a reader; nothing is kept.  Budgets that only warn are passed over, and *warned says
 * that one of them has not enough: no reservation would be granted then, and none is needed.
 */
bool budget_fits(struct db *db, const struct spender *spender, int64_t amount, int64_t now_us,
				 struct budget_refusal *refusal, bool *warned, struct err *err);

/* What was spent, for its row.  operation_type is required, the rest may be NULL or 0. */
struct cost_item {
	const char *operation_type, *provider, *model, *priced_as;
	int64_t cost, saved;           /* micro-units from 0; saved: what a cached answer would have cost */
	const char *tokens, *metadata; /* JSON objects */
	const char *reservation_id;
};

/* Record a spend: it counts in every covering budget, whatever the limit.  The id of its row is given in entry_id. */
bool budget_spend(const struct budgets *budgets, struct db *db, const struct spender *spender,
				  const struct cost_item *item, int64_t now_us, char entry_id[ID_TEXT], struct err *err);

enum reservation_state { RESERVATION_HELD, RESERVATION_SETTLED, RESERVATION_RELEASED, RESERVATION_EXPIRED };
extern const char *const reservation_state_names[];

/* A reservation as it stands; texts are the arena's. */
struct reservation_row {
	const char *reservation_id, *account_id, *run_id, *agent_id, *workflow, *step, *currency, *purpose, *entry_id;
	int64_t amount, actual; /* actual: -1 until it is settled */
	enum reservation_state state;
	int64_t expires_us, created_us, ended_us; /* 0: none */
};

/* ERR_NOT_FOUND when the account has none of that id. */
bool reservation_find(struct db *db, const char *account_id, const char *reservation_id, struct arena *arena,
					  struct reservation_row *row, struct err *err);

/*
 * End a reservation: what it kept is free again, and item->cost was spent; item->cost may be above what was kept.  A
 * second time changes nothing and gives the first result.  One that has expired meanwhile kept nothing any more: its
 * cost is recorded as a spend like any other.  ERR_NOT_FOUND; ERR_TRANSITION_REFUSED: it was released.
 */
bool budget_settle(const struct budgets *budgets, struct db *db, const char *account_id, const char *reservation_id,
				   const struct cost_item *item, int64_t now_us, struct arena *arena, struct reservation_row *row,
				   struct err *err);

/* Free what it keeps; again changes nothing.  ERR_NOT_FOUND; ERR_TRANSITION_REFUSED: it was settled. */
bool budget_release(const struct budgets *budgets, struct db *db, const char *account_id, const char *reservation_id,
					int64_t now_us, struct arena *arena, struct reservation_row *row, struct err *err);

/* Free at most `limit` reservations whose time has passed. */
bool budget_expire(const struct budgets *budgets, struct db *db, int64_t now_us, int64_t limit, int64_t *count,
				   struct err *err);

/* Is there one?  On a reader: an idle server writes nothing. */
bool budget_expiry_due(struct db *db, int64_t now_us, bool *due, struct err *err);

#endif
