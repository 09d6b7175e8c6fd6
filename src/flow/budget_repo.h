/*
 * Budgets in the store: their rows and events.  Every function takes the account of the caller.
 */
#ifndef CS_FLOW_BUDGET_REPO_H
#define CS_FLOW_BUDGET_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/domain/budget.h"

struct arena;
struct db;
struct err;

enum { BUDGETS_COVER_MAX = 16 /* four scopes of four windows */ };

/* A row; texts are the arena's.  Money is micro-units. */
struct budget_row {
	const char *budget_id, *account_id, *scope_id, *currency, *tz, *created_by;
	enum budget_scope scope;
	enum budget_window window;
	enum budget_exhausted on_exhausted;
	int64_t allocated, consumed, reserved;
	double warning, critical;
	int64_t window_start_us, window_end_us;
	unsigned raised, told; /* thresholds, as domain/budget.h has them */
	bool suspended;
	int64_t version, created_us, updated_us;
};

/* ERR_DUPLICATE: this scope has a budget of this window. */
bool budget_insert(struct db *db, const struct budget_row *row, struct err *err);

/*
 * As they are at now_us: one whose window is over is shown at the start of the next, though the row may say less yet.
 */
bool budget_find(struct db *db, const char *account_id, const char *budget_id, int64_t now_us, struct arena *arena,
				 struct budget_row *row, bool *found, struct err *err);

/* Those of one scope, in order of making: at most 4. */
bool budgets_of_scope(struct db *db, const char *account_id, enum budget_scope scope, const char *scope_id,
					  int64_t now_us, struct arena *arena, struct budget_row *rows, size_t *count, struct err *err);

/* A page of the account's, newest first: those before `before` ("": from the newest).  scope -1: any; scope_id NULL. */
bool budgets_list(struct db *db, const char *account_id, int scope, const char *scope_id, const char *before,
				  size_t limit, int64_t now_us, struct arena *arena, struct budget_row *rows, size_t *count,
				  struct err *err);

/* In an op: begin the window that holds now_us where the stored one is over. */
bool budget_roll(struct db *db, const struct budget_row *row, int64_t now_us, struct err *err);

/*
 * In an op: change the figures of the window that began at row->window_start_us, and the row with it.  budget_hold adds
 * to reserved only where it fits, *held says whether it did; budget_book moves `freed` out of reserved and adds `spent`
 * to consumed, whatever the limit.
 */
bool budget_hold(struct db *db, struct budget_row *row, int64_t amount, int64_t now_us, bool *held, struct err *err);
bool budget_book(struct db *db, struct budget_row *row, int64_t freed, int64_t spent, int64_t now_us, struct err *err);

/* In an op: write raised, told, suspended. */
bool budget_mark(struct db *db, const struct budget_row *row, struct err *err);

/* In an op: write allocated, thresholds, on_exhausted and the marks; version rises. */
bool budget_update(struct db *db, struct budget_row *row, int64_t now_us, struct err *err);

struct budget_event {
	const char *event_id, *budget_id, *kind, *reason;
	int64_t at_us;
	double usage_percentage;
};

bool budget_event_insert(struct db *db, const struct budget_event *event, struct err *err);

/* The newest, oldest of them first; at most `limit`. */
bool budget_events_of(struct db *db, const char *budget_id, size_t limit, struct arena *arena,
					  struct budget_event *events, size_t *count, struct err *err);

#endif
