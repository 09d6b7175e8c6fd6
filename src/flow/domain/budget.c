#include "flow/domain/budget.h"

#include <math.h>
#include <stddef.h>

#include "core/stamp.h"
#include "core/zone.h"

const char *const budget_status_names[] = {"active", "warning", "critical", "exhausted", NULL};
const char *const budget_scope_names[] = {"run", "agent", "workflow", "tenant", NULL};
const char *const budget_window_names[] = {"total", "day", "week", "month", NULL};
const char *const budget_exhausted_names[] = {"suspend", "fail", "warn", NULL};

double budget_usage(int64_t allocated, int64_t used)
{
	return allocated > 0 ? (double)used / (double)allocated : 0;
}

enum budget_status budget_status(double usage, double warning, double critical)
{
	return usage >= 1          ? BUDGET_EXHAUSTED
		   : usage >= critical ? BUDGET_CRITICAL
		   : usage >= warning  ? BUDGET_WARNING
							   : BUDGET_ACTIVE;
}

unsigned budget_reached(double usage, double warning, double critical)
{
	return (usage >= warning ? 1U << BUDGET_WARNING : 0) | (usage >= critical ? 1U << BUDGET_CRITICAL : 0) |
		   (usage >= 1 ? 1U << BUDGET_EXHAUSTED : 0);
}

/* The day on which the window that holds `day` begins, and the one on which the next does. */
static void window_days(enum budget_window window, int64_t day, int64_t *first, int64_t *next)
{
	struct stamp_date date = stamp_date_of(day);
	*first = day;
	*next = day + 1;
	if (window == BUDGET_WEEK) { /* ISO 8601: a week begins on Monday */
		*first = day - (stamp_weekday(day) + 6) % 7;
		*next = *first + 7;
	} else if (window == BUDGET_MONTH) {
		*first = stamp_days((struct stamp_date){date.year, date.month, 1});
		*next = stamp_days(date.month == 12 ? (struct stamp_date){date.year + 1, 1, 1}
											: (struct stamp_date){date.year, date.month + 1, 1});
	}
}

int64_t budget_window_start(enum budget_window window, const struct zone *zone, int64_t now_us)
{
	int64_t first, next;
	if (window == BUDGET_TOTAL)
		return 0;
	window_days(window, stamp_day_of(zone_local_us(zone, now_us)), &first, &next);
	return zone_utc_us(zone, first * STAMP_US_PER_DAY);
}

int64_t budget_window_end(enum budget_window window, const struct zone *zone, int64_t now_us)
{
	int64_t first, next;
	if (window == BUDGET_TOTAL)
		return INT64_MAX;
	window_days(window, stamp_day_of(zone_local_us(zone, now_us)), &first, &next);
	return zone_utc_us(zone, next * STAMP_US_PER_DAY);
}

static int64_t whole(double micros)
{
	return micros < 9e18 ? (int64_t)nearbyint(micros) : INT64_MAX;
}

int64_t budget_project(int64_t total, double fraction)
{
	return whole((double)total / fraction);
}

int64_t budget_project_window(int64_t spent, int64_t start_us, int64_t end_us, int64_t now_us)
{
	double past = (double)(now_us - start_us), left = (double)(end_us - now_us);
	return past > 0 ? whole((double)spent + (double)spent / past * left) : spent;
}

int64_t budget_exhausts_at(int64_t limit, int64_t spent, int64_t start_us, int64_t now_us)
{
	if (spent <= 0 || spent >= limit || now_us <= start_us)
		return 0;
	double left_us = (double)(limit - spent) * ((double)(now_us - start_us) / (double)spent);
	return left_us < 1e18 ? now_us + (int64_t)left_us : 0;
}
