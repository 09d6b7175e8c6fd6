#include "trade/figures.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/log.h"
#include "core/must.h"
#include "http/metrics.h"
#include "store/store.h"
#include "trade/domain/risk.h"
#include "trade/trade_internal.h"

enum {
	CELLS_MAX = 512 /* of one counter; what comes after is not told apart */,
	LABEL_ROOM = 48,
	DECIDED = 8,
	TYPES = 3
};
#define US_PER_S 1e6

struct cell {
	char first[LABEL_ROOM], second[LABEL_ROOM];
	uint64_t count;
};

struct cells {
	struct cell *items;
	size_t count;
};

/* What a collector is called with: which family of whom. */
struct family {
	struct trade_api *api;
	size_t index;
};

struct figures {
	pthread_mutex_t lock; /* of cells and decided */
	struct cells cells[TRADE_COUNTERS_COUNT];
	struct metrics_histogram times[TRADE_TIMES_COUNT], drew[TYPES];
	uint64_t decided[DECIDED + 1], decided_us;
	struct family families[TRADE_COUNTERS_COUNT + TRADE_TIMES_COUNT];
};

static const double decided_s[DECIDED] = {1, 5, 15, 30, 60, 300, 900, 3600};
static const char *const type_names[TYPES] = {"candles", "equity", "histogram"};

static const struct {
	const char *name, *help, *first, *second;
} counters[] = {
#define X(name, help, first, second) {#name, help, first, second},
	TRADE_COUNTERS
#undef X
};

static const struct {
	const char *name, *help;
} times[] = {
#define X(name, help) {#name, help},
	TRADE_TIMES
#undef X
};

struct figures *figures_new(void)
{
	struct figures *f = calloc(1, sizeof *f);
	must(f != NULL && pthread_mutex_init(&f->lock, NULL) == 0);
	return f;
}

void figures_free(struct figures *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < TRADE_COUNTERS_COUNT; i++)
		free(f->cells[i].items);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

/* The cell of these labels; NULL: there is no room for another. */
static struct cell *find(struct cells *cells, const char *first, const char *second)
{
	for (size_t i = 0; i < cells->count; i++)
		if (strcmp(cells->items[i].first, first) == 0 && strcmp(cells->items[i].second, second) == 0)
			return &cells->items[i];
	if (cells->count == CELLS_MAX || strlen(first) >= LABEL_ROOM || strlen(second) >= LABEL_ROOM)
		return NULL;
	struct cell *items = reallocarray(cells->items, cells->count + 1, sizeof *items);
	if (items == NULL)
		return NULL;
	cells->items = items;
	struct cell *cell = &items[cells->count++];
	*cell = (struct cell){.count = 0};
	strcpy(cell->first, first);
	strcpy(cell->second, second);
	return cell;
}

/* Under the lock. */
static void count(struct figures *f, enum trade_counter counter, const char *first, const char *second)
{
	struct cell *cell = find(&f->cells[counter], first != NULL ? first : "", second != NULL ? second : "");
	if (cell != NULL)
		cell->count++;
}

void figures_count(struct figures *f, enum trade_counter counter, const char *first, const char *second)
{
	pthread_mutex_lock(&f->lock);
	count(f, counter, first, second);
	pthread_mutex_unlock(&f->lock);
}

void figures_rules(struct figures *f, const char *names)
{
	char rule[LABEL_ROOM];
	pthread_mutex_lock(&f->lock);
	while (*names != '\0') {
		size_t size = strcspn(names, ", ");
		if (size > 0 && size < sizeof rule) {
			memcpy(rule, names, size);
			rule[size] = '\0';
			count(f, COUNT_risk_block_total, rule, NULL);
		}
		names += size + strspn(names + size, ", ");
	}
	pthread_mutex_unlock(&f->lock);
}

void figures_took(struct figures *f, enum trade_time time, int64_t us)
{
	metrics_observe(&f->times[time], us);
}

void figures_decided(struct figures *f, int64_t us)
{
	size_t bucket = 0;
	while (bucket < DECIDED && (double)us > decided_s[bucket] * US_PER_S)
		bucket++;
	pthread_mutex_lock(&f->lock);
	f->decided[bucket]++;
	f->decided_us += (uint64_t)(us > 0 ? us : 0);
	pthread_mutex_unlock(&f->lock);
}

void figures_drew(struct figures *f, const char *type, int64_t us)
{
	figures_count(f, COUNT_media_render_total, type, NULL);
	for (size_t i = 0; i < TYPES; i++)
		if (strcmp(type_names[i], type) == 0)
			metrics_observe(&f->drew[i], us);
}

/* --- telling --- */

static void tell_counter(void *self, struct metrics_out *out)
{
	const struct family *family = self;
	struct figures *f = family->api->figures;
	const char *first = counters[family->index].first, *second = counters[family->index].second;
	pthread_mutex_lock(&f->lock);
	const struct cells *cells = &f->cells[family->index];
	for (size_t i = 0; i < cells->count; i++) {
		struct buf labels;
		buf_init(&labels, 0);
		if (first != NULL)
			metrics_label(&labels, first, cells->items[i].first);
		if (second != NULL)
			metrics_label(&labels, second, cells->items[i].second);
		metrics_sample(out, labels.size > 0 ? buf_text(&labels) : NULL, (double)cells->items[i].count);
		buf_fini(&labels);
	}
	if (first == NULL && cells->count == 0) /* one without labels is there from the start */
		metrics_sample(out, NULL, 0);
	pthread_mutex_unlock(&f->lock);
}

static void tell_time(void *self, struct metrics_out *out)
{
	const struct family *family = self;
	metrics_histogram(out, NULL, &family->api->figures->times[family->index]);
}

static void tell_drew(void *self, struct metrics_out *out)
{
	struct trade_api *api = self;
	for (size_t i = 0; i < TYPES; i++) {
		struct buf labels;
		buf_init(&labels, 0);
		metrics_label(&labels, "type", type_names[i]);
		metrics_histogram(out, buf_text(&labels), &api->figures->drew[i]);
		buf_fini(&labels);
	}
}

static void tell_part(const struct metrics_out *out, const char *suffix, const char *labels, double value)
{
	char name[64];
	struct metrics_out part = {out->buf, name};
	stpcpy(stpcpy(name, out->name), suffix);
	metrics_sample(&part, labels, value);
}

static void tell_decided(void *self, struct metrics_out *out)
{
	static const char *const bounds[] = {"le=\"1\"",   "le=\"5\"",   "le=\"15\"",   "le=\"30\"",  "le=\"60\"",
										 "le=\"300\"", "le=\"900\"", "le=\"3600\"", "le=\"+Inf\""};
	struct figures *f = ((struct trade_api *)self)->figures;
	uint64_t total = 0;
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i <= DECIDED; i++) {
		total += f->decided[i];
		tell_part(out, "_bucket", bounds[i], (double)total);
	}
	tell_part(out, "_sum", NULL, (double)f->decided_us / US_PER_S);
	tell_part(out, "_count", NULL, (double)total);
	pthread_mutex_unlock(&f->lock);
}

/* The most restrictive of each scope: 0 ACTIVE, 1 REDUCING, 2 HALTED. */
static void tell_state(void *self, struct metrics_out *out)
{
	static const char *const scopes[] = {"global", "user", "account"};
	struct trade_api *api = self;
	int64_t worst[3] = {0, 0, 0};
	struct db_rows rows;
	struct err err;
	struct db *db = store_read(api->options.store);
	bool read = db_query(db, &rows, &err, "SELECT scope, state FROM trading_states WHERE state <> 'ACTIVE'");
	while (read && db_next(&rows))
		for (size_t i = 0; i < 3; i++) {
			int64_t state = strcmp(db_text(&rows, 1), trading_state_names[STATE_HALTED]) == 0 ? 2 : 1;
			if (strcmp(db_text(&rows, 0), scopes[i]) == 0 && state > worst[i])
				worst[i] = state;
		}
	read = read && db_end(&rows, &err);
	store_read_end(api->options.store, db);
	if (!read) {
		log_warn("the state of trading could not be read", log_str("why", err.message));
		return;
	}
	for (size_t i = 0; i < 3; i++) {
		struct buf labels;
		buf_init(&labels, 0);
		metrics_label(&labels, "scope", scopes[i]);
		metrics_sample(out, buf_text(&labels), (double)worst[i]);
		buf_fini(&labels);
	}
}

void figures_add(struct metrics *metrics, struct trade_api *api)
{
	struct family *families = api->figures->families;
	for (size_t i = 0; i < TRADE_COUNTERS_COUNT; i++) {
		families[i] = (struct family){api, i};
		metrics_add(metrics, counters[i].name, METRICS_COUNTER, counters[i].help, tell_counter, &families[i]);
	}
	for (size_t i = 0; i < TRADE_TIMES_COUNT; i++) {
		families[TRADE_COUNTERS_COUNT + i] = (struct family){api, i};
		metrics_add(metrics, times[i].name, METRICS_HISTOGRAM, times[i].help, tell_time,
					&families[TRADE_COUNTERS_COUNT + i]);
	}
	metrics_add(metrics, "approval_latency_seconds", METRICS_HISTOGRAM, "From a signal's creation to a decision",
				tell_decided, api);
	metrics_add(metrics, "media_render_seconds", METRICS_HISTOGRAM, "The drawing of a picture", tell_drew, api);
	metrics_add(metrics, "trading_state", METRICS_GAUGE, "0 ACTIVE, 1 REDUCING, 2 HALTED: the most restrictive",
				tell_state, api);
}
