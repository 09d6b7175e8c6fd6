#include "trade/domain/buckets.h"

#include "core/arena.h"
#include "core/field.h"
#include "core/stamp.h"
#include "core/zone.h"
#include "trade/domain/metrics.h"

#define BUCKET_FIELDS \
	F_INT(bucket, count, DOC("Trades")), F_INT(bucket, wins, DOC("Profit above 0")), \
		F_INT(bucket, losses, DOC("Profit below 0")), \
		F_NUM(bucket, net_profit, SIGNIFICANT(12), DOC("Sum of the profits")), \
		F_NUM(bucket, average_profit, NULLABLE, SIGNIFICANT(12), DOC("net_profit / count")), \
		F_NUM(bucket, win_rate, NULLABLE, SIGNIFICANT(12), DOC("wins / count"))

static const struct field bucket_fields[] = {F_INT(bucket, key, DOC("Hour, weekday from Monday 0, or month")),
											 BUCKET_FIELDS};
static const struct field_table bucket_table = FIELD_TABLE("trade.bucket", bucket, bucket_fields);

static const struct field month_fields[] = {F_STR(bucket, month, NAMED("key"), DOC("YYYY-MM")), BUCKET_FIELDS};
static const struct field_table month_table = FIELD_TABLE("trade.bucket_month", bucket, month_fields);

#define ASKED TOLD_APART, LEFT_OUT

static const struct field buckets_fields[] = {
	F_OBJECTS(buckets, hour, &bucket_table, ASKED, DOC("By hour of the day, all 24")),
	F_OBJECTS(buckets, weekday, &bucket_table, ASKED, DOC("By day of the week, all 7")),
	F_OBJECTS(buckets, month, &bucket_table, ASKED, DOC("By month of the year, all 12")),
	F_OBJECTS(buckets, calendar_month, &month_table, ASKED, DOC("By month, from the first to the last")),
};
const struct field_table buckets_table = FIELD_TABLE("trade.buckets", buckets, buckets_fields);

static int64_t month_number(int64_t local_us)
{
	struct stamp_date date = stamp_date_of(stamp_day_of(local_us));
	return date.year * INT64_C(12) + date.month - 1;
}

/* Which bucket a local time falls into, counted from the kind's own zero. */
static int64_t key_of(enum bucket_kind kind, int64_t local_us)
{
	int64_t day = stamp_day_of(local_us);
	switch (kind) {
	case BUCKET_HOUR:
		return (local_us - day * STAMP_US_PER_DAY) / (3600 * STAMP_US_PER_S);
	case BUCKET_WEEKDAY:
		return (stamp_weekday(day) + 6) % 7;
	case BUCKET_MONTH:
		return month_number(local_us) % 12 + 1;
	case BUCKET_CALENDAR_MONTH:
		break;
	}
	return month_number(local_us);
}

static void span_of(enum bucket_kind kind, const struct trade_row *rows, size_t n, const struct zone *zone,
					int64_t *first, size_t *count)
{
	static const size_t counts[] = {24, 7, 12};
	*first = kind == BUCKET_MONTH ? 1 : 0;
	if (kind != BUCKET_CALENDAR_MONTH) {
		*count = counts[kind];
		return;
	}
	int64_t last = *first = n > 0 ? month_number(zone_local_us(zone, rows[0].exit_us)) : 0;
	for (size_t i = 1; i < n; i++) {
		int64_t month = month_number(zone_local_us(zone, rows[i].exit_us));
		*first = month < *first ? month : *first;
		last = month > last ? month : last;
	}
	*count = n > 0 ? (size_t)(last - *first + 1) : 0;
}

static void add(struct bucket *bucket, double profit)
{
	bucket->count++;
	bucket->wins += profit > 0;
	bucket->losses += profit < 0;
	bucket->net_profit += profit;
}

static bool fill(struct arena *arena, enum bucket_kind kind, const struct trade_row *rows, size_t n,
				 const struct zone *zone, struct bucket_list *list)
{
	int64_t first;
	span_of(kind, rows, n, zone, &first, &list->count);
	list->items = arena_array(arena, list->count, sizeof *list->items);
	if (list->items == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		add(&list->items[key_of(kind, zone_local_us(zone, rows[i].exit_us)) - first], rows[i].profit);
	for (size_t i = 0; i < list->count; i++) {
		struct bucket *bucket = &list->items[i];
		bucket->key = first + (int64_t)i;
		bucket->average_profit = metrics_ratio(bucket->net_profit, (double)bucket->count);
		bucket->win_rate = metrics_ratio((double)bucket->wins, (double)bucket->count);
		if (kind == BUCKET_CALENDAR_MONTH)
			bucket->month = arena_printf(arena, "%04d-%02d", (int)(bucket->key / 12), (int)(bucket->key % 12 + 1));
	}
	return true;
}

bool buckets_find(struct arena *arena, const struct trade_row *rows, size_t n, const struct zone *zone, unsigned asked,
				  struct buckets *buckets)
{
	struct bucket_list *const lists[] = {&buckets->hour, &buckets->weekday, &buckets->month, &buckets->calendar_month};
	*buckets = (struct buckets){0};
	for (unsigned kind = 0; kind < 4; kind++)
		if ((asked & 1u << kind) != 0 && !fill(arena, (enum bucket_kind)kind, rows, n, zone, lists[kind]))
			return false;
	return true;
}
