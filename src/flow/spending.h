/*
 * Where runs meet budgets: what a step may cost is kept before it is sent, what it did cost is settled with its result,
 * and a run whose money is spent stands still until there is more [flow.md 7].
 *
 * A turn asks on a reader whether a step can be paid for; the reservation itself is part of the commit of its intent,
 * the settlement of that of its result.  What budgets say of runs (stop, go on) is kept until the commit that said so
 * is done, and then looked at again by the run's own turn, so that neither a rollback nor a crash can stop a run for
 * nothing or leave it standing.
 * Threads: spending_new, spending_serve and spending_free before and after everything else; hooks in an op.
 */
#ifndef CS_FLOW_SPENDING_H
#define CS_FLOW_SPENDING_H

#include "flow/budget.h"

struct env;
struct outbox;
struct spending;

struct spending *spending_new(const struct env *env);
void spending_free(struct spending *spending); /* after the runner; NULL is fine */

/* For whoever changes budgets: runs stop and go on by these. */
struct budget_hooks spending_hooks(struct spending *spending);

/* Before the server serves: the budgets, and the outbox whose rows tell of commits. */
void spending_serve(struct spending *spending, const struct budgets *budgets, struct outbox *outbox);

/* --- of the runner --- */

struct db;
struct live;
struct row;
struct run_record;
struct runner;
struct runner_start;

void spending_attach(struct spending *spending, struct runner *runner); /* NULL: it is closing */

/* In an op: the budget that a start or its definition ({limit, currency}) asks for. */
bool spending_start(struct runner *runner, struct db *db, const struct runner_start *start, struct err *err);

/* Of the turn: know whose run it is, begin it, note a row before it is applied, apply what was noted in its op, look
 * again after the commit. */
void spending_load(struct live *live, const struct run_record *record);
void spending_turn(struct live *live);
void spending_note(struct live *live, const struct row *row);
bool spending_apply(struct live *live, struct db *db, struct err *err);
void spending_committed(struct live *live);
void spending_drop(struct live *live);

/* Wake runs that stood still for want of money when the process ended. */
bool spending_take_up(struct runner *runner, struct db *db, struct err *err);

#endif
