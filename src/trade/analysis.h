/*
 * Performance of a tenant's closed positions [trade.md 9.5]: a trade for each, the equity of each calendar day, and the
 * question that trade.metrics is asked of them.  Private to src/trade.  Threads: a worker.
 */
#ifndef CS_TRADE_ANALYSIS_H
#define CS_TRADE_ANALYSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/field.h"

struct db;
struct err;
struct exchange;
struct json;
struct jw;
struct op_answer;

/* What a query string narrows it to. */
struct analysis_ask {
	const char *account, *from, *to;
	int window, kind;
	double initial_balance;
};
/*
 * Real and simulated money are not added up unless that is asked for: without a kind the positions are the live ones;
 * of a desk that has none but paper accounts, those [trade.md 12].
 */
enum analysis_kind { KIND_LIVE, KIND_PAPER, KIND_ALL, KIND_AUTO };
extern const char *const analysis_kind_names[];
extern const char *const analysis_window_names[];
#define ANALYSIS_FIELDS(s, m) \
	F_STR(s, m account, NAMED("account"), LENGTH(1, 64), DOC("Trading account; left out: all")), \
		F_STR(s, m from, NAMED("from"), FORMAT("date-time"), DOC("Closed at or after; instead of window")), \
		F_STR(s, m to, NAMED("to"), FORMAT("date-time"), DOC("Closed before; left out: now")), \
		F_ENUM(s, m window, analysis_window_names, NAMED("window"), DEFAULT(3), DOC("Days back")), \
		F_ENUM(s, m kind, analysis_kind_names, NAMED("kind"), DEFAULT(KIND_AUTO), \
			   DOC("Of accounts; auto: live ones, or paper where there are no others")), \
		F_NUM(s, m initial_balance, NAMED("initial_balance"), ABOVE(0, 1e12), DEFAULT(10000), \
			  DOC("Equity before the first position"))

/* A closed position. */
struct fact {
	const char *position_id, *trading_account_id, *ticket, *instrument, *side, *close_reason;
	double profit, entry, exit, stop, lots; /* NaN: not known */
	int64_t opened_us, closed_us;
	bool paper;
};

struct day {
	int64_t us;
	double equity, drawdown;
};

struct analysis {
	struct exchange *x;
	const char *account_id; /* whose; NULL: the principal's */
	int64_t delay_us;       /* positions count so long after they were closed */
	struct analysis_ask ask;
	int64_t from_us, to_us, unknown;
	double base; /* equity where the window begins */
	struct fact *facts;
	struct day *days; /* none without facts */
	size_t facts_count, days_count;
	struct faults faults;
};

/* Check what was asked, read the facts and fill the days; x and ask are set.  False: answered. */
bool analysis_read(struct analysis *a);

/* Ask trade.metrics.  False: answered, also where there is nothing to measure. */
bool analysis_run(struct analysis *a, bool rolling, struct op_answer *answer);

/* analysis_read, and the answer of trade.metrics to nothing where there are no facts.  False: answered. */
bool analysis_start(struct analysis *a);

/* "live", "paper" or "all": what the facts are. */
const char *analysis_kind_of(const struct analysis *a);

/* For the document: a day of `points`, and one without its equity. */
extern const struct field_table analysis_point_table, analysis_fall_table;

/* Members of an answer: the days as `points`, and one member of what trade.metrics said. */
void analysis_points(struct jw *jw, const struct analysis *a, bool equity);
void analysis_part(struct jw *jw, struct exchange *x, const struct op_answer *answer, const char *name);

#endif
