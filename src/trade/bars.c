#include "trade/bars.h"

#include <math.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/stamp.h"
#include "store/store.h"
#include "trade/exact.h"

#define MINUTE_US (60 * STAMP_US_PER_S)
enum { HOUR_MINUTES = 60 };

bool bars_note(struct db *db, const char *trading_account_id, const char *instrument, double bid, int64_t us,
			   struct err *err)
{
	int64_t minute = us / MINUTE_US;
	if (!db_run(
			db, err,
			"INSERT INTO quote_bars (trading_account_id, instrument, minute, open, high, low, close) "
			"VALUES ($1, $2, $3, $4, $4, $4, $4) ON CONFLICT (trading_account_id, instrument, minute) DO UPDATE SET "
			"high = CASE WHEN excluded.high > quote_bars.high THEN excluded.high ELSE quote_bars.high END, "
			"low = CASE WHEN excluded.low < quote_bars.low THEN excluded.low ELSE quote_bars.low END, "
			"close = excluded.close",
			V_TEXT(trading_account_id), V_TEXT(instrument), V_INT(minute), V_EXACT(bid)))
		return false;
	return minute % HOUR_MINUTES != 0 || /* once an hour is often enough */
		   db_run(db, err, "DELETE FROM quote_bars WHERE trading_account_id = $1 AND instrument = $2 AND minute < $3",
				  V_TEXT(trading_account_id), V_TEXT(instrument),
				  V_INT(minute - INT64_C(24) * HOUR_MINUTES * BARS_KEPT_DAYS));
}

/* Put a bar of a minute to the one that it lies in. */
static void join(struct bar *bars, size_t *count, const struct bar *one, int64_t minutes)
{
	int64_t from_us = one->us / (minutes * MINUTE_US) * (minutes * MINUTE_US);
	if (*count == 0 || bars[*count - 1].us != from_us) {
		bars[*count] = *one;
		bars[(*count)++].us = from_us;
		return;
	}
	struct bar *last = &bars[*count - 1];
	last->high = fmax(last->high, one->high);
	last->low = fmin(last->low, one->low);
	last->close = one->close;
}

bool bars_list(struct db *db, const struct bars_ask *ask, struct arena *arena, struct bar **bars, size_t *count,
			   struct err *err)
{
	struct db_rows rows;
	*count = 0;
	*bars = arena_array(arena, (size_t)ask->limit, sizeof **bars);
	if (*bars == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(db, &rows, err,
				  "SELECT minute, open, high, low, close FROM quote_bars WHERE trading_account_id = $1 "
				  "AND instrument = $2 AND minute >= $3 AND minute < $4 ORDER BY minute LIMIT $5",
				  V_TEXT(ask->trading_account_id), V_TEXT(ask->instrument), V_INT(ask->from_us / MINUTE_US),
				  V_INT(ask->to_us / MINUTE_US), V_INT(ask->limit)))
		return false;
	while (db_next(&rows)) {
		const struct bar one = {db_int(&rows, 0) * MINUTE_US, db_exact(&rows, 1), db_exact(&rows, 2),
								db_exact(&rows, 3), db_exact(&rows, 4)};
		join(*bars, count, &one, ask->minutes);
	}
	return db_end(&rows, err);
}
