/* What the files of budget* share; nobody else includes it. */
#ifndef CS_FLOW_BUDGET_INTERNAL_H
#define CS_FLOW_BUDGET_INTERNAL_H

#include "flow/budget.h"
#include "flow/budget_repo.h"

/* The budgets that cover a spender, in the order run, agent, workflow, account. */
struct cover {
	size_t count;
	struct budget_row rows[BUDGETS_COVER_MAX];
};

/* ERR_INVALID: the spender's currency is not that of all of them. */
bool cover_find(struct db *db, const struct spender *spender, int64_t now_us, struct arena *arena, struct cover *cover,
				struct err *err);

/* What was consumed or is reserved, at most INT64_MAX. */
int64_t budget_used(const struct budget_row *row);

/* allocated less what is used, from 0. */
int64_t budget_left(const struct budget_row *row);

/* In an op: raise the events of thresholds that are reached and were not, once a window; stop runs where it says so. */
bool budget_raise(const struct budgets *budgets, struct db *db, struct budget_row *row, int64_t now_us,
				  struct err *err);

/* In an op: say that something happened to a budget: its row of events, and the outbox. */
bool budget_tell(const struct budgets *budgets, struct db *db, const struct budget_row *row, const char *kind,
				 const char *reason, int64_t now_us, struct err *err);

/* In an op: the row of what was spent; the budgets count it, or (count false) have done so. */
bool budget_record(const struct budgets *budgets, struct db *db, const struct spender *spender,
				   const struct cost_item *item, bool count, int64_t now_us, char entry_id[ID_TEXT], struct err *err);

#endif
