/*
 * What a budget says of itself: status, thresholds that were passed, the beginning of its window, where spending will
 * end [flow.md 7].  Values in, values out; money in micro-units.  Thread: any.
 */
#ifndef CS_FLOW_DOMAIN_BUDGET_H
#define CS_FLOW_DOMAIN_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct zone;

enum budget_status { BUDGET_ACTIVE, BUDGET_WARNING, BUDGET_CRITICAL, BUDGET_EXHAUSTED };
extern const char *const budget_status_names[];

enum budget_scope { BUDGET_RUN, BUDGET_AGENT, BUDGET_WORKFLOW, BUDGET_TENANT, BUDGET_SCOPES };
extern const char *const budget_scope_names[];

enum budget_window { BUDGET_TOTAL, BUDGET_DAY, BUDGET_WEEK, BUDGET_MONTH };
extern const char *const budget_window_names[];

enum budget_exhausted { BUDGET_SUSPEND, BUDGET_FAIL, BUDGET_WARN };
extern const char *const budget_exhausted_names[];

/* (consumed + reserved) / allocated, 0 when nothing is allocated. */
double budget_usage(int64_t allocated, int64_t used);
enum budget_status budget_status(double usage, double warning, double critical);

/*
 * Thresholds as a set of bits, 1 << status for warning, critical, exhausted.  What this usage has reached; what of it
 * is not in `raised` is to be raised now, and a top-up keeps of `raised` only what is still reached, so that the others
 * can be raised again.
 */
unsigned budget_reached(double usage, double warning, double critical);

/*
 * When the window that holds `now_us` began, in the zone: local midnight of the day, of Monday, of the first; 0 for
 * BUDGET_TOTAL.  budget_window_end: when the next one begins; INT64_MAX for BUDGET_TOTAL.
 */
int64_t budget_window_start(enum budget_window window, const struct zone *zone, int64_t now_us);
int64_t budget_window_end(enum budget_window window, const struct zone *zone, int64_t now_us);

/* total / fraction, with 0 < fraction ≤ 1. */
int64_t budget_project(int64_t total, double fraction);

/* Spent, and the daily mean since the window began for each day left of it. */
int64_t budget_project_window(int64_t spent, int64_t start_us, int64_t end_us, int64_t now_us);

/* When spending at this pace (spent since start_us) meets the limit; 0: it was met, or never will be. */
int64_t budget_exhausts_at(int64_t limit, int64_t spent, int64_t start_us, int64_t now_us);

#endif
